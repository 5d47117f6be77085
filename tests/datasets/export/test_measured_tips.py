"""What a tip does is estimated where a coin decided who saw it, and guessed nowhere else."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from statistics import mean
from typing import NamedTuple

import psycopg
import pytest
from tossed_tips import Draw, Tossed

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Split
from harness_forge.datasets.sql import reading, statement


@pytest.fixture(scope="session")
def tips_kto():
    return compose(None, ["role=reflector", "skill=stig", "format=kto"]).export


@pytest.fixture(scope="session")
def tips_dpo():
    return compose(None, ["role=reflector", "skill=stig", "format=dpo"]).export


@pytest.fixture
def tossed(harness, store):
    return Tossed(harness, store.url)


@pytest.fixture
def rule(harness):
    return harness.item("rule_a")


def helped(tossed, tip: int, item, runs: int = 10, **settings) -> None:
    """The tip was shown in every other run, and those passed."""
    shown = [run % 2 == 0 for run in range(runs)]
    tossed.observe(tip, item, shown, [float(seen) for seen in shown], **settings)


def hurt(tossed, tip: int, item, runs: int = 10) -> None:
    shown = [run % 2 == 0 for run in range(runs)]
    tossed.observe(tip, item, shown, [float(not seen) for seen in shown])


def reasons(harness, recipe) -> dict[str, int]:
    return harness.export(recipe, dry_run=True).rejected


def evidence_of(line: dict) -> dict:
    return json.loads(line["evidence"])


def test_a_tip_that_helped_is_good_and_one_that_hurt_is_bad(harness, tossed, rule, tips_kto, lines):
    good, bad = tossed.reflection(rule, "good"), tossed.reflection(rule, "bad")
    helped(tossed, good, rule)
    hurt(tossed, bad, rule)
    report = harness.export(tips_kto)
    first, second = lines(report.path / "train.jsonl")
    assert [first["label"], second["label"]] == [True, False]
    assert first["prompt"][-1]["content"] == "Rule: rule_a\nVerdict: good"
    assert first["completion"] == [{"role": "assistant", "content": "REFLECTION:\ngood"}]
    assert evidence_of(first)["uplift"] == 1.0
    assert evidence_of(second)["uplift"] == -1.0
    assert {"shown": 5, "held_back": 5, "measured_on": "rule_a"}.items() <= evidence_of(
        first
    ).items()
    assert first["source"].startswith("stig.tip_retrievals:")
    assert (report.read, report.kept) == (2, 2)


def test_two_reflections_on_the_same_failure_are_a_pair(harness, tossed, rule, tips_dpo, lines):
    good = tossed.reflection(rule, "good", prompt="same")
    bad = tossed.reflection(rule, "bad", prompt="same")
    helped(tossed, good, rule)
    hurt(tossed, bad, rule)
    report = harness.export(tips_dpo)
    (pair,) = lines(report.path / "train.jsonl")
    assert pair["chosen"][0]["content"] == "REFLECTION:\ngood"
    assert pair["rejected"][0]["content"] == "REFLECTION:\nbad"
    assert json.loads(pair["rejected_evidence"])["tip_id"] == bad
    assert report.kept == report.read == 2


def test_reflections_on_different_failures_are_no_pair_unless_asked_for(
    harness, tossed, rule, tips_dpo, lines
):
    helped(tossed, tossed.reflection(rule, "good"), rule)
    hurt(tossed, tossed.reflection(rule, "bad"), rule)
    assert reasons(harness, tips_dpo) == {"prompt_mismatch": 2}
    report = harness.export(replace(tips_dpo, across_prompts=True))
    (pair,) = lines(report.path / "train.jsonl")
    assert pair["prompt"][-1]["content"] == "Rule: rule_a\nVerdict: good"


def test_across_prompts_no_reflection_is_preferred_to_itself(harness, tossed, rule, tips_dpo):
    helped(tossed, tossed.reflection(rule, "same", prompt="Verdict: one"), rule)
    hurt(tossed, tossed.reflection(rule, "same", prompt="Verdict: two"), rule)
    across = replace(tips_dpo, across_prompts=True)
    assert reasons(harness, across) == {"contradictory_outcome": 2}


def test_tips_are_paired_on_the_rule_they_were_measured_on(harness, tossed, rule, tips_dpo):
    good = tossed.reflection(rule, "good", prompt="same")
    bad = tossed.reflection(rule, "bad", prompt="same")
    helped(tossed, good, harness.item("rule_b"))
    hurt(tossed, bad, harness.item("rule_c"))
    assert reasons(harness, tips_dpo) == {"no_counterpart": 2}


def test_a_tip_that_helped_one_rule_and_hurt_another_is_called_neither(
    harness, tossed, rule, tips_kto
):
    tip = tossed.reflection(rule, "mixed")
    helped(tossed, tip, harness.item("rule_b"))
    hurt(tossed, tip, harness.item("rule_c"))
    assert reasons(harness, tips_kto) == {"contradictory_outcome": 2}


def test_gold_and_mutated_attempts_are_no_evidence(harness, tossed, rule, tips_kto):
    tip = tossed.reflection(rule, "told")
    for origin, policy in (("ours", "gold"), ("mutated", "mutated")):
        runs = [(rule, {tip: Draw(run % 2 == 0, [float(run % 2 == 0)])}) for run in range(10)]
        tossed.write(runs, policy=policy, origin=origin)
    assert reasons(harness, tips_kto) == {"teacher_row": 1}


def test_a_tip_that_was_always_shown_cannot_be_told_from_its_company(
    harness, tossed, rule, tips_kto
):
    tip = tossed.reflection(rule, "always")
    helped(tossed, tip, rule, probability=1.0)
    assert reasons(harness, tips_kto) == {"not_randomised": 1}


def test_evaluation_runs_are_no_evidence(harness, tossed, rule, tips_kto):
    tip = tossed.reflection(rule, "told")
    runs = [(rule, {tip: Draw(run % 2 == 0, [float(run % 2 == 0)])}) for run in range(10)]
    tossed.write(runs, purpose="evaluate")
    assert reasons(harness, tips_kto) == {"considered_in_evaluation": 1}


def test_a_tip_that_no_prompt_considered_is_told_from_one_of_an_unknown_attempt(
    harness, tossed, rule, store, tips_kto
):
    tossed.reflection(rule, "unused")
    tip = tossed.reflection(rule, "nameless")
    with psycopg.connect(store.url) as connection:
        connection.execute(
            "INSERT INTO stig.tip_retrievals (run_id, tip_id, rank)"
            " SELECT source_run_id, id, 1 FROM stig.tips WHERE id = %s",
            [tip],
        )
    assert reasons(harness, tips_kto) == {"never_considered": 1, "unknown_attempt": 1}


def test_the_samples_of_one_toss_are_one_observation(harness, tossed, rule, tips_kto):
    tip = tossed.reflection(rule, "often")
    tossed.write([(rule, {tip: Draw(shown, [float(shown)] * 20)}) for shown in (True, False)])
    assert reasons(harness, tips_kto) == {"too_few_attempts": 1}


def test_a_minimum_count_may_be_raised(harness, tossed, rule, tips_kto):
    helped(tossed, tossed.reflection(rule, "good"), rule)
    more = replace(tips_kto, params={**tips_kto.params, "min_count": 6})
    assert harness.export(tips_kto, dry_run=True).kept == 1
    assert reasons(harness, more) == {"too_few_attempts": 1}


def test_a_difference_that_chance_explains_is_rejected(harness, tossed, rule, tips_kto):
    tip = tossed.reflection(rule, "perhaps")
    shown = [run % 2 == 0 for run in range(20)]
    outcomes = [float(seen if run < 14 else not seen) for run, seen in enumerate(shown)]
    tossed.observe(tip, rule, shown, outcomes)  # 7 of 10 with it, 3 of 10 without
    assert reasons(harness, tips_kto) == {"uplift_unclear": 1}


def test_a_chance_that_goes_with_the_outcome_is_weighed_out(harness, tossed, rule, tips_kto):
    """Easy runs showed the tip nine times in ten, hard ones once: plainly 0.9 against 0.1."""
    tip = tossed.reflection(rule, "popular")
    for chance, outcome in ((0.9, 1.0), (0.1, 0.0)):
        shown = [run < 20 * chance for run in range(20)]
        tossed.observe(tip, rule, shown, [outcome] * 20, probability=chance)
    assert reasons(harness, tips_kto) == {"uplift_unclear": 1}


def test_a_tip_whose_reflection_is_not_stored_has_no_prompt(harness, tossed, rule, tips_kto, store):
    import psycopg

    tip = tossed.reflection(rule, "lost")
    helped(tossed, tip, rule)
    with psycopg.connect(store.url) as connection:
        connection.execute("UPDATE stig.tips SET source_attempt_id = NULL")
    assert reasons(harness, tips_kto) == {"no_prompt": 1}


def test_a_rule_that_is_held_out_says_nothing_of_a_tip(harness, tossed, rule, tips_kto):
    tip = tossed.reflection(rule, "peeked")
    helped(tossed, tip, harness.item("rule_h", Split.HOLDOUT))
    assert reasons(harness, tips_kto) == {"measured_held_out": 1}
    # Whatever the recipe says.
    assert reasons(harness, replace(tips_kto, require={})) == {"held_out": 1}


def test_learned_and_measured_must_be_on_one_side_of_the_split(harness, tossed, rule, tips_kto):
    tip = tossed.reflection(rule, "across")
    helped(tossed, tip, harness.item("rule_v", Split.VALIDATION))
    assert reasons(harness, tips_kto) == {"split_mismatch": 1}
    assert reasons(harness, replace(tips_kto, require={})) == {"held_out": 1}


def test_a_tip_that_helped_needs_support_and_little_contradiction(harness, tossed, rule, tips_kto):
    tip = tossed.reflection(rule, "good")
    helped(tossed, tip, rule)
    tossed.observe(tip, harness.item("rule_b"), [True, True], [0.0, 0.0], probability=1.0)
    tossed.observe(tip, harness.item("rule_h", Split.HOLDOUT), [True] * 9, [0.0] * 9)

    def asked(**limits):
        return reasons(harness, replace(tips_kto, params={**tips_kto.params, **limits}))

    rest = {"measured_held_out": 1, "not_randomised": 1}
    assert asked(min_support=5, max_contradiction=2) == rest
    assert asked(min_support=6) == rest | {"too_little_support": 1}
    assert asked(max_contradiction=1) == rest | {"contradicted": 1}


def test_limits_of_support_spare_a_tip_that_hurt(harness, tossed, rule, tips_kto):
    hurt(tossed, tossed.reflection(rule, "bad"), rule)
    limits = {"min_support": 9, "max_contradiction": 0}
    strict = replace(tips_kto, params={**tips_kto.params, **limits})
    assert harness.export(strict, dry_run=True).kept == 1


def test_only_what_helped_is_taught_as_it_stands(harness, tossed, rule, lines):
    recipe = compose(None, ["role=reflector", "export=reflector_tips_sft"]).export
    helped(tossed, tossed.reflection(rule, "good"), rule)
    hurt(tossed, tossed.reflection(rule, "bad"), rule)
    report = harness.export(recipe)
    (line,) = lines(report.path / "train.jsonl")
    assert line["messages"][-1]["content"] == "REFLECTION:\ngood"
    assert report.rejected == {"not_helped": 1}


RULES, RUNS, BASE, UPLIFT = 120, 40, 0.25, 0.5


class Facts(NamedTuple):
    """Estimates of the tip that helps, and of three that do nothing and are shown with it."""

    real: list[dict]
    idle: list[dict]


def clear(facts: list[dict]) -> int:
    """How many tips are called."""
    return sum(fact["low"] > 0 or fact["high"] < 0 for fact in facts)


@pytest.fixture
def simulated(harness, tossed, tips_kto) -> Facts:
    draw, runs, real = random.Random(1), [], set()
    for number in range(RULES):
        item, tips = harness.item(f"rule_{number}"), tossed.bare(4)
        real.add(tips[0])
        for _ in range(RUNS):
            shown = {tip: draw.random() < 0.5 for tip in tips}
            passed = draw.random() < BASE + UPLIFT * shown[tips[0]]
            runs.append((item, {tip: Draw(seen, [float(passed)]) for tip, seen in shown.items()}))
    tossed.write(runs)
    every = replace(tips_kto, require={})
    with harness.skill.connect_read_only() as connection:
        returned = reading.columns(connection, statement.probe(every))
        rows = reading.read(connection, statement.build(every, returned))
        facts = [json.loads(row.evidence) for row in rows]
    return Facts(
        [fact for fact in facts if fact["tip_id"] in real],
        [fact for fact in facts if fact["tip_id"] not in real],
    )


def test_a_known_uplift_is_found_and_company_gets_no_credit_for_it(simulated):
    real, idle = simulated
    assert (len(real), len(idle)) == (RULES, 3 * RULES)
    assert mean(fact["uplift"] for fact in real) == pytest.approx(UPLIFT, abs=0.05)
    assert mean(fact["uplift"] for fact in idle) == pytest.approx(0, abs=0.03)
    # Six thousand simulated ones gave 88% and 3%.
    assert clear(real) / len(real) > 0.8
    assert clear(idle) / len(idle) <= 0.05
    # The interval holds the truth as often as it says.
    for facts, truth in ((real, UPLIFT), (idle, 0.0)):
        held = sum(fact["low"] <= truth <= fact["high"] for fact in facts)
        assert held / len(facts) >= 0.95
