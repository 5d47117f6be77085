"""The exports that the gemma-forge document asks for, as typed, on a store of two skills."""

from __future__ import annotations

import json

import pytest
from tossed_tips import Tossed

from harness_forge import cli
from harness_forge.core.records import Origin


@pytest.fixture
def forge(store, harness, capsys):
    store.upgrade("ubuntu")

    def run(*words: str) -> str:
        where = [f"store.url='{store.url}'", f"data_dir={harness.data_dir}"]
        code = cli.main(["export", *where, *words])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return printed.out

    return run


@pytest.fixture
def tips(harness, store):
    """One rule with two reflections on one failure, of which one helped and one hurt."""
    tossed, rule = Tossed(harness, store.url), harness.item("rule_a")
    good = tossed.reflection(rule, "good", prompt="Rule: rule_a failed")
    bad = tossed.reflection(rule, "bad", prompt="Rule: rule_a failed")
    shown = [run % 2 == 0 for run in range(12)]
    tossed.observe(good, rule, shown, [float(seen) for seen in shown])
    tossed.observe(bad, rule, shown, [float(not seen) for seen in shown])


def only_line(harness, name: str, lines) -> dict:
    (line,) = lines(harness.data_dir / name / "train.jsonl")
    return line


def test_worker_stig_where_the_evaluator_passed_it_as_sft(forge, harness, lines):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False)
    forge("role=worker", "skill=stig", "format=sft", "export.where='eval_passed = true'")
    line = only_line(harness, "stig_worker_sft", lines)
    arguments = line["messages"][-1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments)["fix_script"] == "good"
    ledger = lines(harness.data_dir / "stig_worker_sft" / "ledger.jsonl")
    assert [entry.get("reason") for entry in ledger] == [None, "not_selected"]


def test_reflector_of_all_skills_as_dpo(forge, harness, tips, lines):
    out = forge("role=reflector", "skill=all", "format=dpo")
    pair = only_line(harness, "all_reflector_dpo", lines)
    assert pair["prompt"][-1]["content"] == "Rule: rule_a failed"
    assert pair["chosen"][0]["content"] == "REFLECTION:\ngood"
    assert pair["rejected"][0]["content"] == "REFLECTION:\nbad"
    assert (pair["skill"], pair["role"]) == ("stig", "reflector")
    assert "ubuntu reflector" in out


def test_preference_pairs_from_tips_as_dpo(forge, harness, tips, lines):
    forge("recipe=tip_preferences")
    pair = only_line(harness, "tip_preferences_dpo", lines)
    assert json.loads(pair["evidence"])["uplift"] == 1.0
    assert json.loads(pair["rejected_evidence"])["uplift"] == -1.0


@pytest.mark.parametrize("format", ["sft", "prompt_completion", "sharegpt", "alpaca"])
def test_every_role_of_every_skill_in_every_form(forge, harness, store, format, lines):
    for name in ("stig", "ubuntu"):
        own = type(harness)(store.skill(name), harness.data_dir)
        item = own.item(f"{name}_rule")
        own.attempt(item, "good")
        own.reflected(item, "mutated")
    out = forge("role=all", "skill=all", f"format={format}")
    roles = {line["role"] for line in lines(harness.data_dir / f"all_all_{format}/train.jsonl")}
    assert roles == ({"reflector"} if format == "alpaca" else {"worker", "reflector"})
    assert "auditor" in out


@pytest.mark.parametrize("format", ["dpo", "kto", "grpo"])
def test_every_role_of_every_skill_in_every_kind(forge, harness, tips, format, lines):
    item = harness.item("rule_b")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False, policy="mutated", origin=Origin.MUTATED)
    forge("role=all", "skill=all", f"format={format}")
    written = lines(harness.data_dir / f"all_all_{format}/train.jsonl")
    # The worker's turn before each of the two reflections failed in the same words.
    wanted = {"dpo": 2, "kto": 5, "grpo": 2}
    assert len(written) == wanted[format]
    assert {line["role"] for line in written} >= {"worker"}


def test_what_alpaca_has_no_room_for_is_counted(forge, harness, capsys, store):
    harness.attempt(harness.item("rule_a"), "good")
    where = [f"store.url='{store.url}'", f"data_dir={harness.data_dir}"]
    code = cli.main(["export", *where, "role=worker", "skill=stig", "format=alpaca"])
    assert code == 7
    assert capsys.readouterr().err.splitlines() == [
        f"forge: {harness.data_dir}/stig_worker_alpaca: nothing to train on: 1 rows read, 0 kept "
        "(0 for validation), rejected: unheld_tools 1",
        "  hint: this format has no room for tools: format=sft or format=sharegpt has",
    ]
