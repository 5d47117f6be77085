"""Groups, what a rule may ask for, and what each condition shows."""

import pytest
from promoting_evidence import CANDIDATE, evidence, pair
from suite_evidence import evaluated, suite

from harness_forge.config.compose.engine import compose
from harness_forge.config.promote import ConditionConfig, ConditionKind, Opponent, PromoteConfig
from harness_forge.core.errors import ConfigError, PromoteError
from harness_forge.promotion.rules.conditions import find
from harness_forge.promotion.rules.decision import DecisionOutcome, apply_rule
from harness_forge.promotion.rules.findings import ConditionVerdict, leaves

PROOF = {"kind": "proof"}
HOLDS = {"kind": "score", "part": "all", "threshold": 0.7}
BROKEN = HOLDS | {"threshold": 0.9}
UNCLEAR = HOLDS | {"minimum": 999}
NOT_NEEDED = {"kind": "gain", "part": "all", "against": "champion"}
MISSING = {"kind": "metric", "part": "new_family"}


def rule(**conditions):
    return PromoteConfig(
        "ours",
        {
            name: ConditionConfig(ConditionKind.all, of={"x": one})
            for name, one in conditions.items()
        },
    )


def group(kind, *inner):
    return {"kind": kind, "of": {f"c{at}": one for at, one in enumerate(inner)}}


GROUPS = [
    (group("all", HOLDS, PROOF), DecisionOutcome.PROMOTED),
    (group("all", HOLDS, BROKEN), DecisionOutcome.REJECTED),
    (group("all", BROKEN, MISSING), DecisionOutcome.INCOMPLETE),
    (group("all", HOLDS, UNCLEAR), DecisionOutcome.INCONCLUSIVE),
    (group("all", HOLDS, NOT_NEEDED), DecisionOutcome.PROMOTED),
    (group("all", NOT_NEEDED), DecisionOutcome.INCOMPLETE),
    (group("any", HOLDS, BROKEN, MISSING, UNCLEAR), DecisionOutcome.PROMOTED),
    (group("any", BROKEN, MISSING, UNCLEAR), DecisionOutcome.INCOMPLETE),
    (group("any", BROKEN, UNCLEAR), DecisionOutcome.INCONCLUSIVE),
    (group("any", BROKEN, BROKEN), DecisionOutcome.REJECTED),
    (group("any", BROKEN, NOT_NEEDED), DecisionOutcome.REJECTED),
    (
        group("any", group("all", HOLDS, BROKEN), group("all", HOLDS, PROOF)),
        DecisionOutcome.PROMOTED,
    ),
    (
        group("all", group("any", BROKEN, HOLDS), group("any", BROKEN, UNCLEAR)),
        DecisionOutcome.INCONCLUSIVE,
    ),
]


@pytest.mark.parametrize(("one", "expected"), GROUPS)
def test_groups(one, expected):
    assert apply_rule(rule(one=one), evaluated(suite())).outcome is expected


FAULTS = [
    (HOLDS | {"metric": "scor"}, "one.of.x.metric: suite nine has no metric 'scor'", "'score'?"),
    (HOLDS | {"part": "new_rul"}, "one.of.x.part: there is no part 'new_rul'", "'new_rule'?"),
    (HOLDS | {"threshold": float("nan")}, "one.of.x.threshold: is nan", ""),
    (HOLDS | {"threshold": None}, "one.of.x: score asks for a threshold", "0.7"),
    (HOLDS | {"alpha": 0.1}, "one.of.x.alpha: is not read by kind score", "threshold"),
    (HOLDS | {"minimum": "many"}, "one.of.x.minimum: must be a whole number, not 'many'", ""),
    (HOLDS | {"minimum": True}, "one.of.x.minimum: must be a whole number, not True", ""),
    (HOLDS | {"threshold": "high"}, "one.of.x.threshold: must be a number, not 'high'", ""),
    ({"kind": "scor"}, "one.of.x.kind: unknown value 'scor'", "'score'?"),
    ({"knd": "score"}, "one.of.x.knd: unknown key", "'kind'?"),
    ("score", "one.of.x: must be a condition, not 'score'", ""),
    ({"kind": "any"}, "one.of.x: any of nothing", ""),
]


@pytest.mark.parametrize(("one", "said", "hint"), FAULTS)
def test_a_rule_that_asks_for_what_there_is_not_is_one_error(one, said, hint):
    with pytest.raises(PromoteError) as error:
        # The first condition is broken: the rule is refused before anything is decided.
        apply_rule(rule(first=BROKEN, one=one), evaluated(suite()))
    assert said in str(error.value)
    assert hint in (error.value.hint or "")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"suite": "ten"},
            "evaluate.json has no suite 'ten', only nine (forge evaluate suite=ten)",
        ),
        ({"suite": "judge"}, "(forge judge RUN RUN --suite)"),
        ({"category": "tone"}, "suite nine has no categories (evaluate one that has"),
    ],
)
def test_what_was_not_evaluated_leaves_it_incomplete_with_the_remedy(keys, said):
    ruling = apply_rule(rule(first=HOLDS, one=HOLDS | keys), evaluated(suite()))
    assert ruling.outcome is DecisionOutcome.INCOMPLETE
    assert said in ruling.why


def test_an_unknown_category_is_named_with_the_nearest():
    with pytest.raises(PromoteError) as error:
        apply_rule(rule(one=HOLDS | {"category": "tool_us"}), evaluated(suite(categories={})))
    assert "suite nine has no category 'tool_us'" in str(error.value)
    assert "did you mean 'tool_use'?" in error.value.hint


def test_of_several_suites_one_has_to_be_named():
    both = {"a": suite(name="a"), "b": suite(name="b")}
    with pytest.raises(PromoteError, match="which of the suites"):
        apply_rule(rule(one=HOLDS), evaluated(both))
    assert (
        apply_rule(rule(one=HOLDS | {"suite": "b"}), evaluated(both)).outcome
        is DecisionOutcome.PROMOTED
    )


def test_groups_come_from_yaml_and_from_the_command_line():
    keys = ["promote=b4mad", "promote.conditions.better_somewhere.of.delegation.margin=0.1"]
    found = compose(None, keys).promote.conditions["better_somewhere"]
    assert found.of["delegation"]["margin"] == 0.1
    added = ["promote.conditions.ssh.kind=rate", "promote.conditions.ssh.threshold=0.5"]
    conditions = compose(None, added).promote.conditions
    assert (conditions["ssh"].kind, conditions["ssh"].threshold) == (ConditionKind.rate, 0.5)
    assert conditions["proven"].kind is ConditionKind.proof
    with pytest.raises(ConfigError, match="unknown key"):
        compose(None, ["promote.conditions.better.mrgin=0.1"])


def test_each_condition_shows_value_threshold_interval_and_verdict():
    shipped = compose(None, []).promote
    found = {one.name: one.as_dict() for one in apply_rule(shipped, evidence()).findings}
    assert found["better"]["shown"] == {
        "value": "1.2\u00d710⁻⁷", "threshold": "below 0.025", "interval": "+20.0 to +50.0",
    }  # fmt: skip
    assert found["better_by_cluster"]["shown"] == {
        "value": "+35.0", "threshold": "above +0.0", "interval": "+20.0 to +50.0",
    }  # fmt: skip
    assert found["enough_pairs"]["value"] == 80
    assert found["enough_pairs"]["threshold"] == 60
    assert found["valid_call"]["shown"]["value"] == "+75.0"
    assert {one["verdict"] for one in found.values()} == {"holds", "not_needed"}


def test_a_score_shows_its_interval():
    (one,) = apply_rule(rule(one=HOLDS), evaluated(suite(own=0.8, items=135))).findings
    inner = one.as_dict()["of"]["x"]
    assert inner["shown"] == {
        "value": "80.0%", "threshold": "at least 70.0%", "interval": "72.5% to 85.9%",
    }  # fmt: skip
    assert inner["interval"] == pytest.approx([0.7247, 0.8587], abs=1e-3)


INTERVALS = [
    (0.77, DecisionOutcome.INCONCLUSIVE),
    (0.78, DecisionOutcome.PROMOTED),
    (0.6, DecisionOutcome.REJECTED),
]


@pytest.mark.parametrize(("own", "expected"), INTERVALS)
def test_a_threshold_can_ask_for_the_whole_interval(own, expected):
    one = HOLDS | {"evidence": "interval"}
    assert apply_rule(rule(one=one), evaluated(suite(own=own, items=135))).outcome is expected


def replayed(rate, items=80):
    found = evidence()
    part = {"items": items, "rate": rate, "low": rate - 0.1, "high": rate + 0.1}
    found.replay["policies"] = {"adapter": {"new_rule": part}}
    return found


RATES = [
    (replayed(0.5), DecisionOutcome.PROMOTED),
    (replayed(0.499), DecisionOutcome.REJECTED),
    (replayed(0.9, items=1), DecisionOutcome.INCONCLUSIVE),
    (replayed(0.9, items=0), DecisionOutcome.INCOMPLETE),
    (replayed(float("nan")), DecisionOutcome.INCOMPLETE),
]


@pytest.mark.parametrize(("found", "expected"), RATES)
def test_first_try_success_against_a_threshold(found, expected):
    one = rule(one={"kind": "rate", "threshold": 0.5})
    assert apply_rule(one, found).outcome is expected


AUDITS = [
    ({"rows": 3, "tokens": 30, "trained": 9}, DecisionOutcome.PROMOTED),
    ({"rows": 3, "tokens": 30, "trained": 30}, DecisionOutcome.REJECTED),
    ({"rows": 3, "tokens": 30, "trained": 0}, DecisionOutcome.REJECTED),
    ({"rows": 0, "tokens": 0, "trained": 0}, DecisionOutcome.INCOMPLETE),
    (None, DecisionOutcome.INCOMPLETE),
]


@pytest.mark.parametrize(("audit", "expected"), AUDITS)
def test_the_mask_has_to_have_been_checked(audit, expected):
    assert apply_rule(rule(one={"kind": "audit"}), evidence(audit=audit)).outcome is expected


@pytest.mark.parametrize("key", ["difference", "low", "high", "p_mcnemar", "p_clusters_greater"])
def test_a_number_that_is_none_is_never_promoted_on(key):
    shipped = compose(None, []).promote
    for value in (float("nan"), None):
        ruling = apply_rule(shipped, evidence(new_rule=pair(**{key: value})))
        assert ruling.outcome is DecisionOutcome.INCOMPLETE
        assert "not a number" in ruling.why


def test_an_empty_holdout_leaves_it_incomplete():
    shipped = compose(None, []).promote
    ruling = apply_rule(shipped, evidence(new_rule=pair(pairs=0, difference=None)))
    assert ruling.outcome is DecisionOutcome.INCOMPLETE
    assert "no pair of part new_rule was judged" in ruling.why


ONE = [{"kind": "bootstrap"}, {"kind": "no_regression"}, {"kind": "pairs", "minimum": 1}]


@pytest.mark.parametrize("one", ONE)
def test_one_item_promotes_nothing(one):
    single = pair(
        pairs=1, only_first=1, only_second=0, both=0, neither=0, difference=1.0, low=1.0, high=1.0
    )
    # Where the other passed nothing, no regression can be seen at all.
    idle = one["kind"] == "no_regression"
    wanted = DecisionOutcome.INCOMPLETE if idle else DecisionOutcome.INCONCLUSIVE
    assert apply_rule(rule(one=one), evidence(new_rule=single)).outcome is wanted
    assert apply_rule(rule(one=one), evidence()).outcome is DecisionOutcome.PROMOTED


def passed_nothing(**counts):
    return pair(pairs=16, both=0, only_second=0, neither=16, only_first=0, difference=0.0, **counts)


IDLE = [
    ({"kind": "no_regression", "margin": 0.0}, "base passed 0 of 16"),
    ({"kind": "pairs", "minimum": 0}, "no number is below it"),
]


@pytest.mark.parametrize(("one", "why"), IDLE)
def test_a_condition_that_cannot_fail_says_so_and_decides_nothing(one, why):
    found = evidence(new_rule=passed_nothing(low=-0.2, high=0.2))
    ruling = apply_rule(rule(one=one), found)
    assert ruling.outcome is DecisionOutcome.INCOMPLETE
    assert ruling.why == "Nothing can be decided yet: no condition of the rule could fail."
    (finding,) = leaves(ruling.findings)
    assert finding.verdict is ConditionVerdict.CANNOT_FAIL
    assert finding.measured.endswith(f"; cannot fail here: {why}")


def test_a_margin_that_nothing_can_break_is_no_evidence_either():
    one = {"kind": "no_regression", "margin": 0.5}
    weak = pair(pairs=16, both=2, only_second=1, only_first=3, neither=10, difference=0.125)
    assert find("one", rule(one=one).conditions["one"], evidence(new_rule=weak)).verdict is (
        ConditionVerdict.CANNOT_FAIL
    )
    strict = {"kind": "no_regression", "margin": 0.1}
    found = find("one", rule(one=strict).conditions["one"], evidence(new_rule=weak))
    assert found.verdict is ConditionVerdict.HOLDS


def test_beside_one_that_holds_it_neither_helps_nor_blocks():
    both = {"holds": {"kind": "bootstrap"}, "idle": {"kind": "pairs", "minimum": 0}}
    ruling = apply_rule(rule(**both), evidence())
    assert ruling.outcome is DecisionOutcome.PROMOTED
    assert ruling.why.endswith("apply hold. 1 could not fail, which says nothing.")


def test_a_rule_of_nothing_but_the_champion_needs_one():
    only = PromoteConfig(
        "ours", {"beats": ConditionConfig(ConditionKind.mcnemar_two_sided, Opponent.champion)}
    )
    ruling = apply_rule(only, evidence())
    assert ruling.outcome is DecisionOutcome.INCOMPLETE
    assert "no condition of the rule was needed" in ruling.why


def test_an_adapter_of_another_skill_is_rejected():
    shipped = compose(None, []).promote
    ruling = apply_rule(shipped, evidence(misplaced="trained for lamps, measured on doors"))
    assert ruling.outcome is DecisionOutcome.REJECTED
    assert "own_skill (trained for lamps, measured on doors)" in ruling.why
    assert CANDIDATE.name == "stig-worker"
