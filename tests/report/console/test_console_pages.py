"""The pages, parsed back: what they show, that all of it is escaped, what bad input gets."""

import json
import re

import pytest
from console_parts import HOSTILE, links, tree, words

from harness_forge.core.escapes import plain


def test_every_link_of_every_page_leads_to_a_page(browser):
    seen, left = set(), ["/"]
    while left:
        path = left.pop()
        if path not in seen:
            seen.add(path)
            left += links(browser.get(path))
    kinds = {re.sub(r"[0-9]+|\?.*", "", path) for path in seen}
    assert {"/attempts/stig/", "/datasets/pairs/lines/train.jsonl", "/datasets/pairs/left-out",
            "/trainings/k"} <= kinds  # fmt: skip
    assert any(path.startswith("/adapters/lamp-worker-") for path in seen)


def test_what_means_harm_is_shown_as_what_it_is(browser):
    for path in (
        "/attempts/stig/3",
        "/attempts",
        "/datasets/pairs/lines/train.jsonl",
        "/trainings/k1",
    ):
        text = browser.get(path)
        found = tree(text)
        assert {one.tag for one in found.iter() if isinstance(one.tag, str)}.isdisjoint(
            {"script", "img", "iframe", "object"}
        )
        assert not any(char in text for char in "\x1b\u202e\x00")
    shown = words(browser.get("/attempts/stig/3"))
    assert " ".join(plain(HOSTILE).split()) in shown
    assert "\\u001b[31mred" in shown
    assert "\\u202egnp.exe" in shown


def test_an_attempt_has_its_conversation_and_the_difference_to_the_passing_one(browser):
    for number in (1, 2):
        text = browser.get(f"/attempts/stig/{number}")
        found = tree(text)
        lines = {one.get("class"): [] for one in found.iter("span")}
        for one in found.iter("span"):
            lines[one.get("class")].append((one.text or "").strip())
        assert any(line.startswith("-echo ClientAliveInterval") for line in lines["removed"])
        assert any(line.startswith("+sed -i") for line in lines["added"])
    assert words(text).count("You fix one rule at a time.") == 1  # not once a turn
    assert "The line was there before; replace it." in words(text)


def test_attempts_are_filtered_and_paged(browser):
    assert "#3" in words(browser.get("/attempts?role=auditor"))
    assert "#1 " not in words(browser.get("/attempts?role=auditor"))
    assert "#2" in words(browser.get("/attempts?outcome=passed&skill=stig"))
    assert "No attempt fits." in words(browser.get("/attempts?outcome=no_verdict"))
    assert "No attempt fits." in words(browser.get("/attempts?run=nosuch&role=%F0%9F%92%A9%00"))
    assert "No older attempt fits." in words(browser.get("/attempts?below=1"))


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/attempts?below=x", 400, "is no number of this list"),
        ("/attempts?below=-3", 400, "is no number of this list"),
        ("/attempts?below=99999999999999999999999", 400, "is no number of this list"),
        ("/attempts?below=%D9%A3", 400, "is no number of this list"),
        ("/attempts?outcome=great", 400, "one of: passed, failed, no_verdict"),
        ("/attempts?skill=nosuch", 404, "there are: stig"),
        ("/attempts?skill=pg_catalog", 404, "there are: stig"),
        ("/attempts/stig/4711", 404, "there is no attempt #4711 in stig"),
        ("/attempts/stig/1;DROP", 400, "is no number"),
        ("/attempts/nosuch/1", 404, "holds no skill"),
        ("/attempts/stig/1?with=3", 404, "there is no attempt #3 of this item"),
        ("/attempts/stig/1?with=4711", 404, "there is no attempt #4711 of this item"),
        ("/runs?after=nosuch", 404, "there is no run"),
        ("/datasets/nosuch", 404, "there are: pairs"),
        ("/datasets/..%2F..%2Fetc", 404, "there is no dataset"),
        ("/datasets/pairs/lines/..%2Fmanifest.json", 404, "there are: train.jsonl"),
        ("/datasets/pairs/lines/manifest.json", 404, "there are: train.jsonl"),
        ("/datasets/pairs/lines/train.jsonl?from=26", 404, "fewer than 26 lines"),
        ("/datasets/pairs/lines/train.jsonl?from=0", 400, "is no number"),
        ("/datasets/pairs/left-out?from=1e3", 400, "is no number"),
        ("/adapters/nosuch", 404, "there is no adapter"),
        ("/adapters/..", 404, "there is no adapter"),
        ("/trainings/..", 404, "there is no training"),
        ("/nosuch", 404, "there is no such page"),
        ("//evil.example/", 404, "there is no such page"),
        ("/attempts?" + "&".join(f"a{n}=1" for n in range(60)), 400, "too many fields"),
        ("/attempts?run=" + "x" * 11_000, 400, "is not one of this console"),
    ],
)
def test_bad_input_gets_one_clear_page(browser, path, status, said):
    got, _, text = browser.ask("GET", path)
    assert (got, said in words(text)) == (status, True), words(text)[-300:]


def test_pairs_are_side_by_side_and_rows_left_out_have_their_reason(browser, filled):
    text = browser.get("/datasets/pairs/lines/train.jsonl?from=21")
    assert "right 21" in words(text)
    assert "wrong 25" in words(text)
    assert "Next lines" not in words(text)
    filled.skill("stig").mark_bad(2, "it edits the test", "ann")
    text = browser.get("/datasets/pairs/left-out?reason=label_flags")
    assert "marked_bad: it edits the test" in words(text)
    assert "/attempts/stig/2" in links(text)
    assert "duplicate" not in re.sub(r"(?s)<form.*?</form>", "", text)
    text = words(browser.get("/datasets/pairs/left-out?reason=duplicate"))
    assert "of x" in text


def test_a_training_is_followed_while_it_runs(browser):
    text = browser.get("/trainings/k1")
    assert 'http-equiv="refresh" content="5"' in text
    assert "40 of 60" in words(text)
    assert "<svg" in text


def test_an_adapter_has_lineage_decision_and_the_way_to_its_dataset(folders, browser):
    [label] = [one.removeprefix("/adapters/") for one in links(browser.get("/adapters"))
               if one.startswith("/adapters/")]  # fmt: skip
    text = words(browser.get(f"/adapters/{label}"))
    assert "A small model (MIT)" in text
    assert "Nothing was decided on it." in text
    lineage = folders / "home" / "adapters" / label / "lineage.json"
    before = lineage.read_text()
    try:
        lineage.write_text(json.dumps({"base": [], "dataset": 3, "digest": None}))
        browser.get(f"/adapters/{label}")
        lineage.write_text("{")
        assert "cannot be read" in words(browser.get("/adapters"))
    finally:
        lineage.write_text(before)
