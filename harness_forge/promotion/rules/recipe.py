"""The condition on a recipe: all of its adapters together, and that the rule speaks of them."""

from __future__ import annotations

from harness_forge.config.promote import ConditionConfig, ConditionKind, PromoteConfig
from harness_forge.core.numbers import counted, p_value, points
from harness_forge.core.numbers import level as level_text
from harness_forge.promotion.rules.evidence import Evidence, MissingEvidence
from harness_forge.promotion.rules.findings import (
    ConditionFinding,
    ConditionVerdict,
    MeasuredCondition,
    missing,
)
from harness_forge.promotion.rules.paired import whom
from harness_forge.promotion.rules.rule import kinds


def recipe(condition: ConditionConfig, evidence: Evidence) -> MeasuredCondition:
    """Judge whether the mean over the recipe's adapters is better, other seeds included."""
    alpha = evidence.alpha if condition.alpha is None else condition.alpha
    level = "the level of this look" if isinstance(alpha, MissingEvidence) else level_text(alpha)
    required = (
        f"the recipe better than {whom(condition)} in the mean over seeds and clusters: p < {level}"
    )
    if condition.minimum:
        required += f", by at least {counted(condition.minimum, 'adapter')}"
    found = evidence.recipe(condition.against, condition.part)
    for gap in (found, alpha):
        if isinstance(gap, MissingEvidence):
            return missing(required, gap)
    ends = (found["low"], found["high"])
    enough = found["replicates"] >= max(condition.minimum, 2)
    verdict = ConditionVerdict.UNCLEAR
    if found["p"] < alpha and found["difference"] > 0 and enough:
        verdict = ConditionVerdict.HOLDS
    elif ends[1] < 0:
        verdict = ConditionVerdict.BROKEN
    measured = (
        f"p = {p_value(found['p'])}: {points(found['difference'])} points in the mean of "
        f"{counted(found['replicates'], 'adapter')}, one by one {points(found['lowest'])} to "
        f"{points(found['highest'])}"
    )
    if alpha <= 0:
        measured += "; the holdout's error budget is spent, new work items refresh it"
    if not enough:
        measured += f"; {condition.minimum} are asked for"
    numbers = {**found, "alpha": alpha}
    value = found["p"]
    return MeasuredCondition(
        required, measured, verdict, numbers, value, alpha, ends, unit="p", bar="below"
    )


def unspoken(rule: PromoteConfig, evidence: Evidence) -> tuple[ConditionFinding, ...]:
    """Return an unclear finding if several adapters were judged and the rule asks of one.

    Otherwise a recipe that fails as a whole could be promoted by its first adapter, at the
    level that the recipe's look had: one look would be tested twice.
    """
    replay = evidence.input("replay")
    judged = (
        1
        if isinstance(replay, MissingEvidence)
        else (replay.get("recipe") or {}).get("replicates", 1)
    )
    most = max(judged, evidence.planned)
    if most < 2 or ConditionKind.recipe in kinds(rule):
        return ()
    required = f"a condition on all {most} adapters of the recipe (promote=replicates)"
    measured = f"the rule speaks of one adapter, this look is of {most}"
    return (
        ConditionFinding(
            "speaks_of_all",
            "recipe",
            MeasuredCondition(required, measured, ConditionVerdict.UNCLEAR),
        ),
    )
