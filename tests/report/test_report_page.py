"""The report, parsed back: right numbers, nothing from outside, nothing that runs."""

import json
import re

import pytest
from loop_files import Loop
from report_html import parsed, rows, section, text

from harness_forge import cli
from harness_forge.evaluation.statistics import wilson
from harness_forge.registry.adapters.package import load
from harness_forge.report.collect import families
from harness_forge.report.material import Material
from harness_forge.report.page import page
from harness_forge.report.sections.answers import collapsed


@pytest.fixture
def forge(loop, monkeypatch):
    """`forge` in the loop's folder."""
    monkeypatch.chdir(loop.root)
    for name in ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"):
        monkeypatch.delenv(name, raising=False)
    return lambda *words: cli.main([*words, f"forge_home={loop.home}"])


@pytest.fixture
def tree(forge, loop):
    """The report of the whole loop, parsed strictly."""
    assert forge("promote") == 0
    assert forge("report") == 0
    return parsed((loop.outputs / "report.html").read_text())


def test_the_header_tells_the_decision_and_the_figures(tree, loop):
    header = tree.find(".//header")
    assert text(header.find("h1")) == f"{loop.name}-{loop.digest[:12]}: promoted"
    assert "All 10 conditions of rule 'default' that apply hold." in text(header)
    figures = {
        text(one.find("dt")): text(one.find("dd"))
        for one in header.iter("div")
        if one.find("dt") is not None
    }
    assert figures["First-try success, adapter"].startswith("50.0%")
    assert figures["First-try success, base"].startswith("0.0%")
    assert figures["Difference, in points"].startswith("+50.0")
    assert figures["p, by cluster"] == (
        "4.9\u00d710⁻⁴one-sided, sign flips of clusters; level 0.025, look 1"
    )
    assert figures["Pairs"].startswith("80")


def test_every_condition_is_a_row(tree, loop):
    told = {row[0]: row[1] for row in rows(section(tree, "The decision"))[1:]}
    conditions = json.loads((loop.outputs / "promote.json").read_text())["conditions"]
    assert list(told) == list(conditions)
    assert told["better"] == "holds"
    assert told["beats_champion"] == "not needed"


def test_success_by_part_is_that_of_the_replay(tree, loop):
    replay = json.loads((loop.outputs / "replay.json").read_text())
    found = rows(section(tree, "First-try success"))
    adapter = [row for row in found if row[0] == "adapter"]
    wanted = [replay["policies"]["adapter"][part] for part in ("new_rule", "new_family", "all")]
    assert [row[1:4] for row in adapter] == [
        [str(rate["items"]), str(rate["passed"]), f"{100 * rate['rate']:.1f}%"] for rate in wanted
    ]
    assert adapter[0][4] == f"{100 * wanted[0]['low']:.1f}% to {100 * wanted[0]['high']:.1f}%"
    nearest = [row for row in found if row[0] == "nearest" and row[1] == "new_rule"]
    assert nearest == [
        ["nearest", "new_rule", "80", "24", "0", "+30.0 (+21.2 to +36.9)", "9.8\u00d710⁻⁴"]
    ]


def test_families_are_counted_item_by_item(tree):
    found = rows(section(tree, "By family"))[1:]
    bound = wilson(5, 10)
    ends = f"{100 * bound.low:.1f}% to {100 * bound.high:.1f}%"
    assert len(found) == 10
    assert found[0][:7] == [
        "floor_0",
        "new rule",
        "10",
        "0 (0.0%)",
        "0.0% to 27.8%",
        "5 (50.0%)",
        ends,
    ]
    assert found[-1][1] == "new family"


def test_flips_are_listed_by_rule_with_the_failure(tree):
    flips = section(tree, "Flips")
    assert [text(head) for head in flips.iter("h3")] == [
        "Gained: 50 rules that only the adapter passes",
        "Lost: 0 rules that only the base model passes",
    ]
    listed = [text(item) for item in flips.iter("li")]
    assert len(listed) == 50
    assert listed[0] == "lamp_000 base: unparsable"


def test_the_funnel_is_that_of_the_manifest(tree):
    funnel = section(tree, "From rows")
    assert [row[:3] for row in rows(funnel)[1:]] == [
        ["read", "200", "200"],
        ["rejected: not passed", "120", "80"],
        ["rejected: held out", "40", "40"],
        ["kept", "40", "40"],
    ]
    assert "The ledger has 200 lines and says the same." in text(funnel)


def test_the_curve_has_every_step(tree):
    training = section(tree, "Training")
    points = training.find(".//{*}polyline").get("points").split()
    assert len(points) == 100
    assert "2.500 at first, 0.025 at step 100" in text(training)


def test_charts_are_drawn_side_by_side_not_nested(tree):
    marks = [one for one in tree.iter() if str(one.tag).rpartition("}")[2] in ("line", "circle")]
    assert len(marks) > 100
    assert all(len(mark) == 0 for mark in marks)


def test_answers_are_shown_whole_and_as_text(tree, loop):
    answers = section(tree, "Answers before and after")
    shown = list(answers.iter("details"))
    assert len(shown) == 50 + 24
    first = shown[0]
    assert [text(block) for block in first.iter("pre")] == [
        "<script>alert('no')</script>",
        "echo lit > /lamp/0",
    ]
    assert "Lamp 0 <b>must</b> be lit & bright" in text(first.find("summary"))
    assert "50 flips and 24 of the other 50" in text(answers)


def test_repeats_in_an_answer_are_shown_once_and_counted():
    assert collapsed("a\n" + "lamp --lit\n" * 38 + "b") == (
        "a\nlamp --lit\n[same line 37 more times]\nb"
    )
    assert collapsed("lit 1\nlit 2\n" * 5) == "lit 1\nlit 2\n[the same 4 more times]\n"
    assert collapsed("and lit " * 9 + "end") == "and lit [the same 8 more times]end"
    assert collapsed("lit\nlit\ndim\n") == "lit\nlit\ndim\n"


def test_nothing_on_the_page_runs_or_is_fetched(tree):
    names = {str(one.tag).rpartition("}")[2] for one in tree.iter()}
    assert not names & {"script", "b", "img", "link", "iframe", "object", "audio", "video"}
    attributes = {name for one in tree.iter() for name in one.attrib}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {"src"}
    # Links lead to the page itself only.
    assert all(one.get("href", "#").startswith("#") for one in tree.iter())
    style = "".join(one.text or "" for one in tree.iter("style"))
    assert not re.search(r"url\(|@import", style)


def test_provenance_names_digests_and_licences(tree, loop):
    told = text(section(tree, "Provenance"))
    lineage = load(loop.outputs / "adapters" / "sft").lineage
    for digest in (loop.digest, lineage["base"]["digest"], lineage["dataset"]["digest"]):
        assert digest in told
    assert "look 1, level 0.025, 100 items" in told
    assert "Titles of rules on this page are quoted from: lamps: CC0-1.0." in told


def score(value, items=2):
    return {"items": items, "score": value}


def test_every_suite_is_shown_with_its_categories(tmp_path, monkeypatch):
    made = Loop(tmp_path, tmp_path / "home")
    made.train()
    made.evaluate()
    calls = json.loads((made.outputs / "evaluate.json").read_text())
    nine = {
        "suite": "nine", "version": 3, "metrics": ["score"], "split": "fixed", "fingerprint": "f",
        "labels": {"base": {"all": score(0.25, 4)}, "adapter": {"all": score(0.75, 4)}},
        "categories": {
            "base": {"tool_use": score(0.5), "reasoning": score(0.0)},
            "adapter": {"tool_use": score(0.5), "reasoning": score(1.0)},
        },
        "category_names": ["tool_use", "reasoning", "conciseness"],
        "below": {"base": ["reasoning", "overall"], "adapter": []},
    }  # fmt: skip
    made.write("evaluate", **calls, suites={"tool_call": calls, "nine": nine})
    floor = {"labels": {"change": {"all": score(0.5, 4)}}, "flips": ["a", "b"], "other_words": 3}
    (made.outputs / "evaluate-aa.json").write_text(json.dumps(nine | floor))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", f"forge_home={made.home}"]) == 0
    found = section(parsed((made.outputs / "report.html").read_text()), "Form of the answers")
    assert [text(head) for head in found.iter("h3")] == ["Suite tool_call", "Suite nine"]
    told = rows(found)
    assert ["reasoning", "2", "0.0%", "100.0%", "+100.0"] in told
    assert ["conciseness", "0", *"\N{EN DASH}" * 3] in told
    assert ["base model", "all", "4", "25.0%"] in told
    assert "flips 2 of 4 items and answers 3 in other words" in text(found)
    assert "Below the suite's threshold, base model: reasoning, overall." in text(found)


def test_items_without_a_verdict_are_in_no_family():
    assert families([], []) == []


def test_a_page_needs_no_material_at_all():
    assert "not decided" in text(parsed(page(Material("nothing"))).find(".//h1"))


def test_a_refit_on_the_dataset_shown_is_no_contradiction():
    trained = {"digest": "train and validation", "manifest": "m"}
    lineage = {"name": "a", "digest": "d" * 64, "train": {}, "dataset": {"name": "n", "rows": 2}}
    lineage["dataset"] |= trained
    lineage["base"] = {"title": "t", "licence": "l", "digest": "b"}
    manifest = {"watermark": {"hash": "w"}, "seen": {}, "files": {}}
    note = "is not the one that the adapter was trained on"
    same = Material("a", lineage=lineage, manifest=manifest, manifest_digest="m")
    assert note not in text(section(parsed(page(same)), "Provenance"))
    other = Material("a", lineage=lineage, manifest=manifest, manifest_digest="n")
    assert note in text(section(parsed(page(other)), "Provenance"))


def test_one_sentence_the_date_and_the_contents_come_first(tree):
    header = text(tree.find(".//header"))
    assert (
        "At the first try the adapter solves 40 of 80 items, the base model 0, and the best "
        "baseline 16: nearest (nearest training answer, copied)." in header
    )
    assert re.search(r"harness-forge report, \d\d \w+ \d{4}, \d\d:\d\d UTC", header)
    titles = {one.get("id"): text(one.find("h2")) for one in tree.find(".//main").iter("section")}
    links = {one.get("href")[1:]: text(one) for one in tree.find(".//nav").iter("a")}
    assert links == titles


def test_every_table_can_be_scrolled_by_keyboard_and_names_its_cells(tree):
    regions = [one for one in tree.iter("div") if one.get("class") == "scroll"]
    assert len(regions) > 3
    for region in regions:
        assert (region.get("role"), region.get("tabindex")) == ("region", "0")
        assert region.get("aria-label").startswith("table: ")
        heads = [text(cell) for cell in region.iter("th")]
        for row in list(region.iter("tr"))[1:]:
            assert [cell.get("data-label") for cell in row.iter("td")] == heads


def test_a_table_keeps_its_roles_where_its_style_is_no_table(tree):
    for region in tree.iter("table"):
        kinds = {"table": "table", "tr": "row", "th": "columnheader", "td": "cell"}
        found = {str(one.tag): one.get("role") for one in region.iter() if str(one.tag) in kinds}
        assert found == kinds


def test_all_items_are_not_shown_where_they_are_one_part_once_more():
    rate = {"items": 3, "passed": 1, "rate": 1 / 3, "low": 0.1, "high": 0.7, "infrastructure": 0}
    versus = {"pairs": 3, "only_first": 1, "only_second": 0, "difference": 1 / 3, "low": 0.0}
    versus |= {"high": 0.6, "p_mcnemar": 1.0, "left_out": 0}
    both = {"new_rule": rate, "all": rate}
    replay = {"split": "holdout", "policies": {"adapter": both, "base": both}}
    replay["comparisons"] = {"adapter_vs_base": {"new_rule": versus, "all": versus}}
    found = section(parsed(page(Material("a", replay=replay))), "First-try success")
    assert [text(head) for head in found.iter("h3")] == [
        "Held-out rules of families seen in training",
        "The adapter against each other policy, pair by pair",
    ]
    assert [row[:2] for row in rows(found)[-2:]] == [["against", "part"], ["base", "new_rule"]]


def test_conditions_are_counted_as_the_table_has_them(tree):
    found = section(tree, "The decision")
    assert "13 conditions: 10 of 10 hold, 1 could not fail, 2 not needed." in text(found)
    assert "9.1\u00d710⁻¹³" in text(found)
    assert "e-12" not in text(found)


def test_a_next_step_ends_the_page(tree):
    assert text(section(tree, "Next")) == "NextServe the adapter: forge serve --detach."
