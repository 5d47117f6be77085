"""Each preset on evidence that passes, and at each of its edges on evidence that does not."""

import pytest
from promoting_evidence import evidence
from suite_evidence import evaluated, four, suite

from harness_forge.config.compose.engine import compose
from harness_forge.promotion.rules.decision import DecisionOutcome, apply_rule

PROMOTED, REJECTED = DecisionOutcome.PROMOTED, DecisionOutcome.REJECTED
INCONCLUSIVE, INCOMPLETE = DecisionOutcome.INCONCLUSIVE, DecisionOutcome.INCOMPLETE


@pytest.fixture(scope="module")
def preset():
    found = {
        n: compose(None, [f"promote={n}"]).promote
        for n in ("aither", "kernel", "model_lab", "b4mad")
    }
    assert all(rule.name == name for name, rule in found.items())
    return found


def nine(**changes):
    return suite(categories={}, **changes)


def weak(own, base=0.2):
    return suite(categories={"conciseness": (own, base)})


AITHER = [
    (nine(own=0.70), None, PROMOTED, ""),
    (nine(own=0.699), None, REJECTED, "overall"),
    (weak(0.30), None, PROMOTED, ""),
    (weak(0.299), None, REJECTED, "no_weak_category"),
    (nine(own=0.75), nine(own=0.74), PROMOTED, ""),
    (nine(own=0.75), nine(own=0.75), REJECTED, "beats_champion"),
    (nine(own=0.75), nine(own=0.90), REJECTED, "beats_champion"),
    (nine(own=0.75), nine(own=0.1, version=2), INCOMPLETE, "they differ in version: 1 and 2"),
    (nine(own=0.75), nine(own=0.1, fingerprint="f"), INCOMPLETE, "they differ in fingerprint"),
    (nine(own=0.75), nine(own=0.1, items=134), INCOMPLETE, "different numbers of items"),
    (nine(own=0.9, items=1), None, INCONCLUSIVE, "overall"),
    (nine(own=float("nan")), None, INCOMPLETE, "is nan, which is no score"),
    (nine(own="0.9"), None, INCOMPLETE, "is '0.9', which is no score"),
    (nine(own=0.9, items=0), None, INCOMPLETE, "no item of all was scored"),
]


@pytest.mark.parametrize(("own", "champion", "expected", "why"), AITHER)
def test_aither(preset, own, champion, expected, why):
    ruling = apply_rule(preset["aither"], evaluated(own, champion))
    assert ruling.outcome is expected, ruling.why
    assert why in ruling.why


def test_a_category_that_was_not_scored_leaves_it_incomplete(preset):
    report = nine()
    del report["categories"]["adapter"]["reasoning"]
    ruling = apply_rule(preset["aither"], evaluated(report))
    assert ruling.outcome is INCOMPLETE
    assert "no score of adapter on category reasoning" in ruling.why


def test_a_category_that_crashed_for_all_is_still_missed(preset):
    report = nine()
    for scores in report["categories"].values():
        del scores["reasoning"]
    assert apply_rule(preset["aither"], evaluated(report)).outcome is INCOMPLETE


def test_a_suite_without_categories_is_not_enough_for_a_rule_that_asks_for_them(preset):
    ruling = apply_rule(preset["aither"], evaluated(suite()))
    assert ruling.outcome is INCOMPLETE
    assert "suite nine has no categories (evaluate one that has, as suite=aither" in ruling.why


KERNEL = [
    (suite(0.5, 0.5), PROMOTED, ""),
    (suite(0.499, 0.5), REJECTED, "match_or_beat"),
    (weak(0.5, 0.5), PROMOTED, ""),
    (weak(0.49, 0.5), REJECTED, "conciseness: adapter 49.0%, base 50.0%"),
    (
        {"a": suite(0.5, 0.5, name="a"), "b": suite(0.4, 0.5, name="b")},
        REJECTED,
        "b: adapter 40.0%",
    ),
    ({"a": suite(0.5, 0.5, name="a"), "b": weak(0.5, 0.5)}, PROMOTED, ""),
    (suite(0.9, 0.5, items=1), INCONCLUSIVE, "n = 1"),
    (suite(0.9, float("inf")), INCOMPLETE, "score of base on all is inf"),
]


@pytest.mark.parametrize(("report", "expected", "why"), KERNEL)
def test_kernel(preset, report, expected, why):
    ruling = apply_rule(preset["kernel"], evaluated(report))
    assert ruling.outcome is expected, ruling.why
    assert why in ruling.why


MODEL_LAB = [
    (suite(0.51, 0.5), None, PROMOTED, ""),
    (suite(0.5, 0.5), None, REJECTED, "better_than_base"),
    (suite(0.6, 0.5), suite(0.59), PROMOTED, ""),
    (suite(0.6, 0.5), suite(0.6), REJECTED, "better_than_current"),
    (suite(0.6, 0.5, items=1), None, INCONCLUSIVE, "better_than_base"),
]


@pytest.mark.parametrize(("report", "champion", "expected", "why"), MODEL_LAB)
def test_model_lab(preset, report, champion, expected, why):
    ruling = apply_rule(preset["model_lab"], evaluated(report, champion))
    assert ruling.outcome is expected, ruling.why
    assert why in ruling.why


def test_better_can_be_asked_to_be_more_than_noise():
    rule = compose(
        None, ["promote=model_lab", "promote.conditions.better_than_base.evidence=interval"]
    ).promote
    assert apply_rule(rule, evaluated(suite(0.55, 0.5))).outcome is INCONCLUSIVE
    assert apply_rule(rule, evaluated(suite(0.3, 0.5))).outcome is REJECTED
    assert apply_rule(rule, evaluated(suite(0.7, 0.5))).outcome is PROMOTED


EQUAL = dict.fromkeys(("tool_calls", "bead_lifecycle", "delegation", "end_to_end"), (0.5, 0.5))
FOUR = [
    (four(), PROMOTED, ""),
    (four(**EQUAL), REJECTED, "better_somewhere"),
    (four(**EQUAL | {"delegation": (0.55, 0.5)}), PROMOTED, ""),
    (four(tool_calls=(0.45, 0.5)), REJECTED, "tool_calls"),
    (four(end_to_end=(0.45, 0.5)), REJECTED, "end_to_end"),
    (four() | {"delegation": suite(name="delegation", items=17)}, PROMOTED, ""),
    (four() | {"delegation": suite(name="delegation", items=16)}, INCONCLUSIVE, "delegation"),
]


@pytest.mark.parametrize(("report", "expected", "why"), FOUR)
def test_b4mad(preset, report, expected, why):
    ruling = apply_rule(preset["b4mad"], evaluated(report))
    assert ruling.outcome is expected, ruling.why
    assert why in ruling.why


def test_b4mad_without_one_of_its_suites_says_which(preset):
    three = four()
    del three["delegation"]
    ruling = apply_rule(preset["b4mad"], evaluated(three))
    assert ruling.outcome is INCOMPLETE
    assert "has no suite 'delegation', only tool_calls, bead_lifecycle, end_to_end" in ruling.why
    assert "(forge evaluate suite=delegation)" in ruling.why
    told = next(one for one in ruling.findings if one.name == "delegation").as_dict()
    assert told["shown"]["value"] == "\N{EN DASH}"
    assert told["shown"]["threshold"] == "at least +0.0"


@pytest.mark.parametrize("name", ["aither", "kernel", "model_lab", "b4mad"])
def test_nothing_is_promoted_without_a_proof_or_an_evaluation(preset, name):
    report = {"b4mad": four(), "aither": nine()}.get(name, suite())
    assert apply_rule(preset[name], evaluated(report, proven=False)).outcome is REJECTED
    assert apply_rule(preset[name], evidence(evaluate=None)).outcome is INCOMPLETE


def test_the_rule_by_replay_alone_is_the_default_less_two_conditions():
    whole = compose(None, ["promote=default"]).promote.conditions
    alone = compose(None, ["promote=replay_only"]).promote.conditions
    assert alone == {name: one for name, one in whole.items() if name in alone}
    assert whole.keys() - alone.keys() == {"new_family", "valid_call"}
