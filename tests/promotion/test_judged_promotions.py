"""What `forge judge --suite` wrote, as evidence: beside outcomes, never instead of them."""

import json
from dataclasses import replace

from loop_files import lines

from harness_forge.config.compose.engine import compose
from harness_forge.config.promote import ConditionConfig, ConditionKind
from harness_forge.promotion.decide import decide
from harness_forge.promotion.files import Files
from harness_forge.registry import decisions

JUDGED = ConditionConfig(
    kind=ConditionKind.gain, suite="judge", metric="judge.preferred", part="all"
)


def judge(loop, adapter=0.8, digest=None):
    """Write what a judge said of the candidate."""
    shares = {"adapter": adapter, "base": 1 - adapter}
    report = {
        "suite": "judge",
        "judge": {"model": "tiny", "digest": "d", "rubric": "r"},
        "split": "holdout",
        "candidate": {"name": loop.name, "digest": digest or loop.digest},
        "metrics": ["judge.preferred"],
        "labels": {
            label: {"all": {"items": 40, "judge.preferred": share}}
            for label, share in shares.items()
        },
    }
    (loop.outputs / "judge.json").write_text(json.dumps(report))


def promote(loop, *, alone=False):
    config = compose(None, [f"forge_home={loop.home}"])
    others = {} if alone else config.promote.conditions
    rule = replace(config.promote, conditions={**others, "judged": JUDGED})
    config = replace(config, promote=rule)
    config = replace(config, train=replace(config.train, name=loop.name))
    return decide(config, Files.of(loop.outputs), loop.outputs / "promote.json")


def test_a_judge_is_one_more_condition_and_its_file_is_named(loop):
    judge(loop)
    decision = promote(loop)
    assert decision.outcome.value == "promoted"
    assert decision.facts["conditions"]["judged"]["verdict"] == "holds"
    (line,) = lines(decisions.path(loop.home))
    assert set(line["inputs"]) == {"replay", "evaluate", "prove", "results", "judge"}


def test_a_judge_that_likes_the_base_better_rejects_where_the_rule_asks(loop):
    judge(loop, adapter=0.3)
    assert promote(loop).outcome.value == "rejected"


def test_a_judge_alone_promotes_nothing_where_outcomes_are_at_hand(loop):
    judge(loop, adapter=1.0)
    decision = promote(loop, alone=True)
    assert decision.outcome.value == "inconclusive"
    assert "not_judge_alone" in decision.facts["conditions"]


def test_what_was_said_of_another_adapter_is_no_evidence(loop):
    judge(loop, digest="0" * 64)
    decision = promote(loop)
    assert decision.outcome.value == "incomplete"
    assert "has no suite 'judge'" in decision.facts["why"]
