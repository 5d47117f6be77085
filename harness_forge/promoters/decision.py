"""From findings to a decision: promoted, rejected, inconclusive or incomplete."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness_forge.promoters import rule as rules
from harness_forge.promoters.conditions import find
from harness_forge.promoters.config import PromoteConfig
from harness_forge.promoters.evidence import Evidence
from harness_forge.promoters.findings import Finding, Judged, Verdict, leaves
from harness_forge.promoters.paired import FEW


class Outcome(StrEnum):
    """What a decision can be; `exit_code` is what `forge promote` ends in."""

    PROMOTED = "promoted"
    REJECTED = "rejected"
    INCONCLUSIVE = "inconclusive"
    INCOMPLETE = "incomplete"

    @property
    def exit_code(self) -> int:
        """Return the exit code of `forge promote`."""
        return {"promoted": 0, "rejected": 10, "inconclusive": 11, "incomplete": 12}[self.value]


@dataclass(frozen=True)
class Ruling:
    """A decision with what it rests on.

    Args:
        why: one sentence.
        findings: one for each enabled condition, in the rule's order.
    """

    outcome: Outcome
    why: str
    findings: tuple[Finding, ...]


_ORDER = (
    (Verdict.MISSING, Outcome.INCOMPLETE),
    (Verdict.BROKEN, Outcome.REJECTED),
    (Verdict.UNCLEAR, Outcome.INCONCLUSIVE),
)
"""The first verdict found decides: what is missing could have broken the rest."""


def decide(rule: PromoteConfig, evidence: Evidence) -> Ruling:
    """Return what `rule` says of the candidate.

    Raises:
        PromoteError: the rule has no condition, so it would promote anything,
            or one that asks for what there is not.
    """
    rules.check(rule, evidence)
    conditions = rules.enabled(rule)
    findings = tuple(find(name, one, evidence) for name, one in conditions.items())
    findings += _refused(evidence)
    for verdict, outcome in _ORDER:
        culprits = [finding for finding in findings if finding.verdict is verdict]
        if culprits:
            return Ruling(outcome, _because(outcome, culprits), findings)
    if empty := _nothing(findings):
        return Ruling(empty[0], empty[1], findings)
    held = sum(finding.verdict is Verdict.HOLDS for finding in findings)
    why = f"All {held} conditions of rule {rule.name!r} hold."
    return Ruling(Outcome.PROMOTED, why, findings)


def _nothing(findings: tuple[Finding, ...]) -> tuple[Outcome, str] | None:
    """Return the outcome where every condition holds and yet nothing was measured."""
    held = [one for one in leaves(findings) if one.verdict is Verdict.HOLDS]
    if not held:
        lead = _LEADS[Outcome.INCOMPLETE]
        return Outcome.INCOMPLETE, f"{lead}: no condition of the rule was needed."
    counts = [one.numbers.get("pairs", one.numbers.get("items")) for one in held]
    counts = [count for count in counts if count is not None]
    if counts and max(counts) < FEW:
        return Outcome.INCONCLUSIVE, "One item settles nothing. The champion stays."
    return None


def _refused(evidence: Evidence) -> tuple[Finding, ...]:
    """Return broken conditions that no rule has to name.

    One for a candidate that was champion and taken down: the next nightly run
    would put back what a person took away. One for an adapter of a skill that
    is not the one it was measured on.
    """
    told = {
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
    }
    return tuple(
        Finding(name, kind, Judged(required, measured, Verdict.BROKEN))
        for name, (kind, required, measured) in told.items()
        if measured
    )


_LEADS = {
    Outcome.INCOMPLETE: "Nothing can be decided yet",
    Outcome.REJECTED: "The adapter breaks",
    Outcome.INCONCLUSIVE: "The measurements do not settle",
}


def _because(outcome: Outcome, culprits: list[Finding]) -> str:
    if outcome is Outcome.INCOMPLETE:
        # One missing file fails several conditions; it is named once.
        told = "; ".join(dict.fromkeys(finding.measured for finding in culprits))
        return f"{_LEADS[outcome]}: {told}."
    told = "; ".join(f"{finding.name} ({finding.measured})" for finding in culprits)
    tail = " The champion stays." if outcome is Outcome.INCONCLUSIVE else ""
    return f"{_LEADS[outcome]} {told}.{tail}"
