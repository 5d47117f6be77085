"""The rule for a recipe of several adapters, on evidence that passes and on some that does not."""

from dataclasses import replace

import pytest
from promoting_evidence import evidence

from harness_forge.config.compose.engine import compose
from harness_forge.config.promote import ConditionConfig, ConditionKind, PromoteConfig
from harness_forge.promotion.rules.decision import DecisionOutcome, apply_rule
from harness_forge.promotion.rules.findings import ConditionVerdict

OPPONENTS = ("base", "few_shot", "nearest", "template", "extractive")


@pytest.fixture(scope="module")
def rule():
    return compose(overrides=["promote=replicates"]).promote


def together(**changes):
    """Return all adapters against one opponent on new rules: well ahead."""
    facts = {
        "replicates": 3, "pairs": 80, "difference": 0.35, "low": 0.15, "high": 0.55,
        "lowest": 0.3, "highest": 0.4, "spread": 0.05, "p_greater": 2e-3,
        "p_clusters_greater": 1e-4, "p": 2e-3, "clusters": 24, "left_out": 0,
    }  # fmt: skip
    return facts | changes


def judged(replicates=3, **versus):
    """Return evidence of a recipe; `versus` changes what holds against one opponent."""
    found = evidence(new_family={"pairs": 16, "difference": 0.1, "high": 0.3, "low": -0.1,
                                 "both": 3, "only_first": 3, "only_second": 1})  # fmt: skip
    tables = {
        name: {"new_rule": together(replicates=replicates, **versus.get(name, {}))}
        for name in OPPONENTS
    }
    recipe = {"replicates": replicates, "comparisons": tables}
    return replace(found, replay={**found.replay, "recipe": recipe}, planned=replicates)


def verdicts(ruling):
    return {one.name: one.verdict for one in ruling.findings}


def test_a_recipe_that_beats_all_of_them_is_promoted(rule):
    ruling = apply_rule(rule, judged())
    assert ruling.outcome is DecisionOutcome.PROMOTED, ruling.why
    assert "speaks_of_all" not in verdicts(ruling)


@pytest.mark.parametrize("name", OPPONENTS)
def test_one_opponent_that_is_not_beaten_is_enough_to_wait(rule, name):
    ruling = apply_rule(rule, judged(**{name: {"p": 0.03, "p_greater": 0.03}}))
    assert ruling.outcome is DecisionOutcome.INCONCLUSIVE
    assert "p = 0.030: +35.0 points in the mean of 3 adapters" in ruling.why


def test_clusters_alone_do_not_clear(rule):
    lucky = {"p_greater": 0.2, "p_clusters_greater": 1e-9, "p": 0.2}
    assert apply_rule(rule, judged(base=lucky)).outcome is DecisionOutcome.INCONCLUSIVE


def test_a_recipe_that_is_clearly_worse_is_rejected(rule):
    worse = {"difference": -0.3, "low": -0.5, "high": -0.1, "p": 1.0}
    assert apply_rule(rule, judged(base=worse)).outcome is DecisionOutcome.REJECTED


def test_two_adapters_are_too_few(rule):
    ruling = apply_rule(rule, judged(replicates=2))
    assert ruling.outcome is DecisionOutcome.INCONCLUSIVE
    assert "2 adapters" in ruling.why and "; 3 are asked for" in ruling.why


def test_one_adapter_is_incomplete_and_several_by_the_default_rule_not_clear(rule):
    assert apply_rule(rule, evidence()).outcome is DecisionOutcome.INCOMPLETE
    ruling = apply_rule(compose().promote, judged())
    assert ruling.outcome is DecisionOutcome.INCONCLUSIVE
    assert verdicts(ruling)["speaks_of_all"] is ConditionVerdict.UNCLEAR


def test_a_recipe_condition_inside_a_group_speaks_of_all():
    inner = {"kind": "recipe", "part": "new_rule"}
    group = ConditionConfig(ConditionKind.any, of={"one": inner})
    found = apply_rule(PromoteConfig(conditions={"group": group}), judged())
    assert found.outcome is DecisionOutcome.PROMOTED, found.why


def test_a_number_that_is_none_is_missing(rule):
    ruling = apply_rule(rule, judged(base={"low": float("nan")}))
    assert ruling.outcome is DecisionOutcome.INCOMPLETE
    assert "low of the recipe against base on new_rule is nan" in ruling.why
