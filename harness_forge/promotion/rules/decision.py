"""From findings to a decision: promoted, awaiting approval, rejected, inconclusive, incomplete."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness_forge.config.promote import PromoteConfig
from harness_forge.promotion.rules import scores
from harness_forge.promotion.rules.conditions import find
from harness_forge.promotion.rules.evidence import Evidence, MissingEvidence
from harness_forge.promotion.rules.findings import (
    ConditionFinding,
    ConditionVerdict,
    MeasuredCondition,
    leaves,
)
from harness_forge.promotion.rules.paired import FEW
from harness_forge.promotion.rules.recipe import unspoken
from harness_forge.promotion.rules.rule import check, enabled
from harness_forge.promotion.rules.scored import OPINION
from harness_forge.registry import champion


class DecisionOutcome(StrEnum):
    """The possible decisions, each with the exit code of `forge promote`."""

    PROMOTED = "promoted"
    REJECTED = "rejected"
    INCONCLUSIVE = "inconclusive"
    INCOMPLETE = "incomplete"
    AWAITING = champion.AWAITING

    @property
    def exit_code(self) -> int:
        """The exit code of `forge promote`."""
        return _EXIT_CODES[self.value]


_EXIT_CODES = {
    "promoted": 0,
    "rejected": 10,
    "inconclusive": 11,
    "incomplete": 12,
    champion.AWAITING: 13,
}


@dataclass(frozen=True)
class Ruling:
    """A decision with its reasons.

    Args:
        why: one sentence.
        findings: one for each enabled condition, in the rule's order.
    """

    outcome: DecisionOutcome
    why: str
    findings: tuple[ConditionFinding, ...]


_ORDER = (
    (ConditionVerdict.MISSING, DecisionOutcome.INCOMPLETE),
    (ConditionVerdict.BROKEN, DecisionOutcome.REJECTED),
    (ConditionVerdict.UNCLEAR, DecisionOutcome.INCONCLUSIVE),
)
"""The first verdict found decides: what is missing could have broken the rest."""


def apply_rule(rule: PromoteConfig, evidence: Evidence) -> Ruling:
    """Return the decision of `rule` on the candidate.

    Raises:
        PromoteError: the rule has no condition, so it would promote anything,
            or one that asks for what does not exist.
    """
    check(rule, evidence)
    conditions = enabled(rule)
    findings = tuple(find(name, one, evidence) for name, one in conditions.items())
    findings += _refused(evidence) + unspoken(rule, evidence)
    findings += _opinions(rule, evidence, findings)
    for verdict, outcome in _ORDER:
        culprits = [finding for finding in findings if finding.verdict is verdict]
        if culprits:
            return Ruling(outcome, _because(outcome, culprits), findings)
    if empty := _nothing(findings):
        return Ruling(empty[0], empty[1], findings)
    held = sum(finding.verdict is ConditionVerdict.HOLDS for finding in findings)
    idle = sum(finding.verdict is ConditionVerdict.CANNOT_FAIL for finding in findings)
    why = f"All {held} conditions of rule {rule.name!r} that apply hold."
    if idle:
        why += f" {idle} could not fail, which says nothing."
    return Ruling(DecisionOutcome.PROMOTED, why, findings)


def _nothing(findings: tuple[ConditionFinding, ...]) -> tuple[DecisionOutcome, str] | None:
    """Return the outcome if no condition is broken or unclear, but nothing was measured."""
    held = [one for one in leaves(findings) if one.verdict is ConditionVerdict.HOLDS]
    if not held:
        lead = _LEADS[DecisionOutcome.INCOMPLETE]
        could = any(one.verdict is ConditionVerdict.CANNOT_FAIL for one in leaves(findings))
        what = "could fail" if could else "was needed"
        return DecisionOutcome.INCOMPLETE, f"{lead}: no condition of the rule {what}."
    counts = [one.numbers.get("pairs", one.numbers.get("items")) for one in held]
    counts = [count for count in counts if count is not None]
    if counts and max(counts) < FEW:
        return DecisionOutcome.INCONCLUSIVE, "One item settles nothing. The champion stays."
    return None


def _refused(evidence: Evidence) -> tuple[ConditionFinding, ...]:
    """Return broken conditions that apply under every rule.

    One for a candidate that was champion and rolled back: the next nightly run
    would restore what a person removed. One for an adapter of another skill than
    the one it was measured on. One for a later replicate of a recipe: whoever saw all of
    them would ship the one that the holdout favours.
    """
    details = {
        "not_rolled_back": (
            "rollback",
            "not rolled back, unless `forge promote --again` decides anew",
            evidence.rolled_back,
        ),
        "own_skill": (
            "skill",
            "champion of the skill it was trained for, and of no other",
            evidence.misplaced,
        ),
        "first_replicate": (
            "recipe",
            "the first of a recipe's adapters, chosen before any was judged",
            evidence.replicate,
        ),
    }
    return tuple(
        ConditionFinding(name, kind, MeasuredCondition(required, measured, ConditionVerdict.BROKEN))
        for name, (kind, required, measured) in details.items()
        if measured
    )


_NO_OUTCOME = ("proof", "agreement", "audit", "pairs")
"""Kinds that do not measure how well a candidate does."""


def _opinions(
    rule: PromoteConfig, evidence: Evidence, findings: tuple[ConditionFinding, ...]
) -> tuple[ConditionFinding, ...]:
    """Return an unclear condition if only a judge speaks for a candidate.

    A judge's errors correlate with those of the models it judges. If a program
    has measured outcomes, one of those must hold too, unless the rule says
    `judge_alone`.
    """
    held = [
        one
        for one in leaves(findings)
        if one.verdict is ConditionVerdict.HOLDS and one.kind not in _NO_OUTCOME
    ]
    alone = held and all(one.numbers.get(OPINION) for one in held)
    if rule.judge_alone or not alone or not (where := _outcomes(evidence)):
        return ()
    details = f"only a judge's scores hold, though outcomes are at hand ({where})"
    required = "more than a judge's opinion, unless promote.judge_alone=true"
    return (
        ConditionFinding(
            "not_judge_alone",
            "judge",
            MeasuredCondition(required, details, ConditionVerdict.UNCLEAR),
        ),
    )


def _outcomes(evidence: Evidence) -> str:
    """Return an input with outcomes that no judge gave; '' if there is none."""
    if not isinstance(evidence.input("replay"), MissingEvidence):
        return "replay.json"
    evaluate = evidence.input("evaluate")
    if isinstance(evaluate, MissingEvidence):
        return ""
    found = (
        name
        for name, report in scores.suites(evaluate).items()
        if any(not scores.by_judge(report, metric) for metric in scores.metrics(report))
    )
    return next((f"suite {name} of evaluate.json" for name in found), "")


_LEADS = {
    DecisionOutcome.INCOMPLETE: "Nothing can be decided yet",
    DecisionOutcome.REJECTED: "The adapter breaks",
    DecisionOutcome.INCONCLUSIVE: "The measurements do not settle",
}


def _because(outcome: DecisionOutcome, culprits: list[ConditionFinding]) -> str:
    if outcome is DecisionOutcome.INCOMPLETE:
        # One missing file fails several conditions; it is named once.
        details = "; ".join(dict.fromkeys(finding.measured for finding in culprits))
        return f"{_LEADS[outcome]}: {details}."
    details = "; ".join(f"{finding.name} ({finding.measured})" for finding in culprits)
    tail = " The champion stays." if outcome is DecisionOutcome.INCONCLUSIVE else ""
    return f"{_LEADS[outcome]} {details}.{tail}"
