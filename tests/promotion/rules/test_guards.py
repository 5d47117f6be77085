"""What a rule may rest on: categories, a noise floor, a server, a judge beside others."""

from dataclasses import replace

import pytest
from promoting_evidence import evidence, pair
from suite_evidence import evaluated, suite

from harness_forge.config.promote import ConditionConfig, ConditionKind, PromoteConfig
from harness_forge.core.errors import PromoteError
from harness_forge.promotion.rules.decision import DecisionOutcome, apply_rule
from harness_forge.promotion.rules.evidence import MissingEvidence

Kind = ConditionKind
FAMILIES = {
    "stig:ssh": pair(pairs=10, both=4, only_first=6, only_second=0, difference=0.6, p_mcnemar=0.03),
    "stig:audit": pair(
        pairs=20, both=0, only_first=0, only_second=8, difference=-0.4, low=-1.0, high=1.0,
        p_mcnemar=0.0078,
    ),
}  # fmt: skip


def ruled(found, **conditions):
    """Return the decision of a rule of these conditions, each kind and keys."""
    rule = {name: ConditionConfig(kind, **keys) for name, (kind, keys) in conditions.items()}
    return apply_rule(PromoteConfig(conditions=rule), found)


def by_category(**changes):
    return evidence(categories={"base": FAMILIES}, **changes)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("ssh", "promoted"), ("stig:ssh", "promoted"), ("audit", "rejected"), ("each", "rejected")],
)
def test_no_category_of_a_replay_may_get_worse(name, outcome):
    keys = {"category": name, "margin": 0.05}
    assert ruled(by_category(), kept=(Kind.no_regression, keys)).outcome == outcome


def test_a_rate_by_category_is_the_candidates_own():
    ruling = ruled(by_category(), low=(Kind.rate, {"category": "each", "threshold": 0.3}))
    told = {one.name: one.judged.value for one in ruling.findings[0].of}
    assert told == {"stig:ssh": 1.0, "stig:audit": 0.0}
    assert ruling.outcome is DecisionOutcome.REJECTED


def test_an_unknown_category_names_those_that_are():
    with pytest.raises(PromoteError, match="no item replayed is of category 'shh'") as caught:
        ruled(by_category(), kept=(Kind.pairs, {"category": "shh"}))
    assert caught.value.hint.startswith("did you mean 'ssh'?")


def test_a_category_that_was_not_judged_is_missing():
    none = evidence(categories={"base": {"stig:ssh": pair(pairs=0)}})
    assert ruled(none, a=(Kind.pairs, {"category": "ssh"})).outcome is DecisionOutcome.INCOMPLETE
    gap = evidence(categories=MissingEvidence("other results"))
    assert ruled(gap, a=(Kind.pairs, {"category": "each"})).outcome is DecisionOutcome.INCOMPLETE


def floor(flips, pairs=80, split="holdout"):
    table = pair(pairs=pairs, only_first=flips, only_second=0, difference=0.0)
    return {"split": split, "comparison": {"new_rule": table}}


@pytest.mark.parametrize(
    ("noise", "outcome"),
    [
        (floor(2), DecisionOutcome.PROMOTED),
        (floor(28), DecisionOutcome.INCONCLUSIVE),  # as many as were gained over those lost
        (floor(2, split="validation"), DecisionOutcome.INCOMPLETE),
        (None, DecisionOutcome.INCOMPLETE),
    ],
)
def test_a_gain_has_to_be_more_than_flips_by_itself(noise, outcome):
    ruling = ruled(evidence(noise=noise), beyond=(Kind.beyond_noise, {}))
    assert ruling.outcome is outcome


def moved(change, name="nine", **changes):
    """Return evaluate-aa.json of one suite: by itself its score moves so much."""
    report = suite(0.5, 0.5, name=name)
    report["labels"] = {"change": {"all": {"items": 135, "score": change}}}
    return report | changes


@pytest.mark.parametrize(
    ("noise", "outcome"),
    [
        (moved(0.1), DecisionOutcome.PROMOTED),
        (moved(0.3), DecisionOutcome.INCONCLUSIVE),  # as much as was gained
        (moved(0.1, candidate={"digest": "a" * 64}), DecisionOutcome.PROMOTED),
        (moved(0.1, candidate={"digest": "c" * 64}), DecisionOutcome.INCOMPLETE),
        (moved(0.1, split="validation"), DecisionOutcome.INCOMPLETE),
        (moved(0.1, fingerprint="other items"), DecisionOutcome.INCOMPLETE),
        (moved(float("nan")), DecisionOutcome.INCOMPLETE),
        (moved(0.1, "ten"), DecisionOutcome.INCOMPLETE),
        (None, DecisionOutcome.INCOMPLETE),
    ],
)
def test_a_suites_gain_has_to_be_more_than_it_moves_by_itself(noise, outcome):
    keys = {"suite": "nine", "part": "all"}
    found = evaluated(suite(0.8, 0.5), suite_noise=noise)
    assert ruled(found, beyond=(Kind.beyond_noise, keys)).outcome is outcome


def test_noise_reads_a_category_of_a_suite_and_none_of_a_replay():
    keys = {"metric": "score", "part": "all"}
    with pytest.raises(PromoteError, match="metric: is not read by kind beyond_noise"):
        ruled(evidence(noise=floor(2)), beyond=(Kind.beyond_noise, keys))


def proof(**server):
    return {"adapter": {"digest": "a" * 64}, "logits": {"kl_nats": 0.2}, "server": server}


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (proof(adapter_gap=0.001, tolerance=0.05), DecisionOutcome.PROMOTED),
        (proof(adapter_gap=0.2, tolerance=0.05), DecisionOutcome.REJECTED),
        (proof(adapter_gap=float("nan"), tolerance=0.05), DecisionOutcome.INCOMPLETE),
        (proof(), DecisionOutcome.INCOMPLETE),
    ],
)
def test_a_rule_may_ask_that_a_server_was_asked(told, outcome):
    found = replace(evidence(), prove=told)
    better = (Kind.bootstrap, {})
    assert ruled(found, served=(Kind.agreement, {}), better=better).outcome is outcome


JUDGED = suite(0.9, 0.5, name="judge", judge={"model": "m"}, metrics=["judge.overall"])
for _table in JUDGED["labels"].values():
    _table["all"]["judge.overall"] = _table["all"].pop("score")
GAIN = (Kind.gain, {"part": "all"})


def test_a_judge_alone_promotes_nothing_where_outcomes_are_at_hand():
    ruling = ruled(evaluated(JUDGED), proven=(Kind.proof, {}), better=GAIN)
    assert ruling.outcome is DecisionOutcome.INCONCLUSIVE
    assert "only a judge's scores hold, though outcomes are at hand (replay.json)" in ruling.why


def test_beside_an_outcome_a_judge_may_speak():
    ruling = ruled(evaluated(JUDGED), better=GAIN, also=(Kind.bootstrap, {}))
    assert ruling.outcome is DecisionOutcome.PROMOTED


def test_in_any_of_two_a_judge_is_still_alone():
    worse = {"kind": "rate", "threshold": 0.99, "part": "all"}
    either = {"judged": {"kind": "gain", "part": "all"}, "passed": worse}
    rates = {"items": 80, "rate": 0.2, "low": 0.1, "high": 0.3}
    found = evaluated(JUDGED)
    found.replay["policies"] = {"adapter": {"all": rates}}
    ruling = ruled(found, either=(Kind.any, {"of": either}))
    assert ruling.outcome is DecisionOutcome.INCONCLUSIVE


def test_a_rule_may_say_that_a_judge_is_enough():
    rule = PromoteConfig(conditions={"better": ConditionConfig(*GAIN[:1], part="all")})
    assert (
        apply_rule(replace(rule, judge_alone=True), evaluated(JUDGED)).outcome
        is DecisionOutcome.PROMOTED
    )


def test_where_there_is_nothing_but_a_judge_it_decides():
    found = replace(evaluated(JUDGED), replay=None)
    assert ruled(found, better=GAIN).outcome is DecisionOutcome.PROMOTED
    several = evaluated({"judge": JUDGED, "nine": suite(0.5, 0.5)})
    several = replace(several, replay=None)
    better = (Kind.gain, {"part": "all", "suite": "judge"})
    assert "suite nine" in ruled(several, better=better).why


def test_a_recipe_without_an_environment_is_decided_by_its_suites_alone():
    why = "skill notes: is recorded: there is no environment to attempt it in"
    found = evaluated(suite(own=0.8))
    found = replace(found, replay={"candidate": found.replay["candidate"], "nothing": why})
    over_all = {"overall": (Kind.score, {"part": "all", "threshold": 0.7})}
    assert ruled(found, **over_all).outcome is DecisionOutcome.PROMOTED
    asked = ruled(found, **over_all, enough=(Kind.pairs, {"minimum": 1}))
    assert asked.outcome is DecisionOutcome.INCOMPLETE
    assert asked.findings[1].measured == f"nothing was replayed: {why}"
