"""Every pair of a pass and a failure to one prompt is made, or counted with its reason."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from harness_forge.collect.ingest.files import ingest
from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Split
from harness_forge.datasets import export as export_module
from harness_forge.datasets.audit.audit import audit
from harness_forge.datasets.kinds import dpo as pairing
from harness_forge.datasets.request import ExportPart, ExportRequest, Treatment

REFLEXION = Path(__file__).parents[4] / "shared/data/reflexion"


def counted(report) -> dict:
    manifest = json.loads((report.path / "manifest.json").read_text())
    return manifest["pairs"]


def test_every_pair_that_is_not_made_has_its_reason(harness, dpo):
    item = harness.item("rule_a")
    for number in range(3):
        harness.attempt(item, f"good {number}")
    for number in range(2):
        harness.attempt(item, f"bad {number}", passed=False)
    harness.attempt(item, "cut", passed=False, finish_reason="length")
    harness.attempt(item, "lost machine", passed=False, infrastructure=True)
    harness.attempt(item, "good 0")
    harness.attempt(item, "other prompt", passed=False, prompt="Rule: rule_a, again")
    held = harness.item("rule_h", Split.HOLDOUT)
    harness.attempt(held, "good")
    harness.attempt(held, "bad", passed=False)
    # Four passes, one of them a repeat, and four failures, two of them no answers to unlearn.
    assert counted(harness.export(dpo)) == {
        "possible": 17,
        "made": 4,
        "not_made": {
            "duplicate": 4,
            "cut_response": 3,
            "infrastructure": 3,
            "over_limit": 2,
            "held_out": 1,
        },
    }


def test_without_a_limit_all_pairs_of_usable_rows_are_made(harness, dpo):
    item = harness.item("rule_a")
    for number in range(5):
        harness.attempt(item, f"good {number}")
        harness.attempt(item, f"bad {number}", passed=False)
    report = harness.export(replace(dpo, max_pairs_per_item=1000))
    assert counted(report) == {"possible": 25, "made": 25, "not_made": {}}


def test_a_pass_and_failure_that_say_the_same_are_counted_as_contradictory(harness, dpo):
    item = harness.item("rule_a")
    for script in ("flaky", "good"):
        harness.attempt(item, script)
    for script in ("flaky", "bad"):
        harness.attempt(item, script, passed=False)
    expected = {"possible": 4, "made": 1, "not_made": {"contradictory_outcome": 3}}
    assert counted(harness.export(dpo)) == expected


def test_pairs_of_prompts_that_mean_the_same_are_of_one_prompt(harness, dpo):
    item = harness.item("rule_a")
    ask = {"role": "user", "content": "Rule: rule_a"}
    harness.attempt(item, "good", messages=[ask])
    turned = dict(reversed(ask.items()))
    harness.attempt(item, "bad", passed=False, messages=[turned])
    harness.attempt(item, "cut", passed=False, messages=[turned], finish_reason="length")
    expected = {"possible": 2, "made": 1, "not_made": {"cut_response": 1}}
    assert counted(harness.export(dpo)) == expected


def test_the_lone_answer_whose_counterpart_was_rejected_says_so(harness, dpo):
    for name in ("anchor", "rule_a"):
        item = harness.item(name)
        harness.attempt(item, f"good {name}")
        cut = {"finish_reason": "length"} if name == "rule_a" else {}
        harness.attempt(item, f"bad {name}", passed=False, **cut)
    report = harness.export(dpo)
    assert report.rejected == {"counterpart_rejected": 1, "cut_response": 1}
    assert counted(report)["not_made"] == {"cut_response": 1}


def test_large_groups_are_counted_without_being_paired(harness, dpo, monkeypatch):
    item = harness.item("rule_a")
    for number in range(40):
        harness.attempt(item, f"try {number}", passed=number % 2 == 0)
    met = Counter()
    pair = pairing._Pairs._pair

    def watched(self, good, bad):
        met["pairs"] += 1
        pair(self, good, bad)

    monkeypatch.setattr(pairing._Pairs, "_pair", watched)
    assert counted(harness.export(dpo)) == {
        "possible": 400,
        "made": 4,
        "not_made": {"over_limit": 396},
    }
    assert met["pairs"] == 4


def test_examples_over_a_cap_are_pairs_that_were_not_made(harness, dpo):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    for number in range(3):
        harness.attempt(item, f"bad {number}", passed=False)
    filters = compose(
        None, ["role=worker", "skill=stig", "filters.balance.enabled=true",
               "filters.balance.max_per_category=2", "filters.length.enabled=false"]
    ).filters  # fmt: skip
    report = harness.export(dpo, treatment=Treatment(filters=filters))
    assert counted(report) == {"possible": 3, "made": 2, "not_made": {"balance": 1}}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"possible": 9}, "9 possible pairs, 1 made, 0 not made"),
        ({"possible": 2, "made": 2}, "2 pairs were made, and 1 are there"),
        ({"not_made": {"over_limit": -1}, "made": 2}, "a count of pairs is no number"),
        (None, "the manifest does not count its pairs"),
    ],
)
def test_an_account_of_pairs_that_does_not_add_up_fails_the_audit(harness, dpo, changed, fault):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False)
    path = harness.export(dpo).path
    (fine,) = (one for one in audit(path) if one.name == "pairs")
    assert (fine.holds, fine.detail) == (True, "1 possible = 1 made + 0 not made")
    manifest = json.loads((path / "manifest.json").read_text())
    said = manifest.pop("pairs")
    if changed is not None:
        manifest["pairs"] = said | changed
    (path / "manifest.json").write_text(json.dumps(manifest))
    (found,) = (one for one in audit(path) if one.name == "pairs")
    assert (found.holds, found.detail) == (False, fault)


def by_hand(folder) -> int:
    """Return the pairs of a pass and a failure to one prompt, straight from Reflexion's files."""
    sides = Counter()
    for path in sorted(folder.glob("*.jsonl")):
        for line in filter(str.strip, path.read_text().splitlines()):
            row = json.loads(line)
            sides[row["prompt"], bool(row["is_solved"])] += 1
    return sum(count * sides[prompt, False] for (prompt, passed), count in sides.items() if passed)


def exported(store, tmp_path, path, *overrides):
    """Take in Reflexion's records as `forge ingest` does, and pair them without a limit."""
    config = compose(None, ["source=reflexion", f"source.path={path}"])
    store.upgrade("reflexion")
    ingest(store.skill("reflexion"), config.source, config.split)
    words = ["role=agent", "skill=reflexion", "format=dpo", *overrides]
    export = compose(None, words).export
    request = ExportRequest(tmp_path / "data", export.name, "reflexion", "agent", "dpo")
    return export_module.export([ExportPart(store.skill("reflexion"), "agent", export)], request)


def records(folder) -> Path:
    """Write records of Reflexion's form: tasks of our own, several runs."""
    folder.mkdir()
    for run in range(4):
        rows = [
            {
                "task_id": f"Made/{task}",
                "prompt": f"def answer_{task}():\n    '''Return {task} twice over.'''\n",
                "test": f"assert answer_{task}() == {task * 2}",
                "solution": "" if run == 3 else f"    return {task} + {task} * {run}",
                "is_solved": (run + task) % 2 == 0,
                "reflections": [],
            }
            for task in range(40)
        ]
        name = f"run_{run}__humaneval-py._simple_1_gpt-4_pass_at_k_1_py.jsonl"
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_recorded_pairs_are_those_of_a_count_by_hand(store, tmp_path):
    folder = records(tmp_path / "records")
    pairs = counted(exported(store, tmp_path, folder, "export.max_pairs_per_item=1000"))
    assert pairs["possible"] == by_hand(folder) == 40 * 4
    assert pairs["made"] > 0
    assert pairs["possible"] == pairs["made"] + sum(pairs["not_made"].values())


def multiplied(store, path) -> Counter:
    """Return pairs by reason, multiplied anew from the rows' reasons in the ledger."""
    lines = map(json.loads, (path / "ledger.jsonl").read_text().splitlines())
    # These say of a row that it was in no pair, not that anything is wrong with it.
    unpaired = ("counterpart_rejected", "no_counterpart")
    why = {
        line["source"]: None if line["kept"] or line["reason"] in unpaired else line["reason"]
        for line in lines
    }
    with store.skill("reflexion").connect_read_only() as connection:
        rows = connection.execute(
            "SELECT 'reflexion.turns:' || t.id, t.messages::text, (a.outcome ->> 'passed')::bool"
            " FROM turns t JOIN attempts a ON a.id = t.attempt_id"
        ).fetchall()
    return Counter(
        why[one] or why[other] or "made"
        for one, prompt, passed in rows
        for other, same, too in rows
        if passed and not too and prompt == same
    )


def test_reasons_of_pairs_are_those_of_their_rows(store, tmp_path):
    folder = records(tmp_path / "records")
    report = exported(store, tmp_path, folder, "export.max_pairs_per_item=1000")
    pairs = counted(report)
    assert multiplied(store, report.path) == {"made": pairs["made"], **pairs["not_made"]}
    assert pairs["not_made"].keys() >= {"held_out", "no_answer"}


@pytest.mark.skipif(not REFLEXION.exists(), reason="needs ../shared/data")
def test_pairs_of_a_public_set_are_those_of_a_count_by_hand(store, tmp_path):
    pairs = counted(exported(store, tmp_path, REFLEXION, "export.max_pairs_per_item=10000"))
    print(pairs)
    assert pairs["possible"] == by_hand(REFLEXION) == 2305
    assert pairs["possible"] == pairs["made"] + sum(pairs["not_made"].values())
