"""From findings to a decision: promoted, rejected, inconclusive or incomplete."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness_forge.errors import PromoteError
from harness_forge.promoters.conditions import Finding, Verdict, find
from harness_forge.promoters.config import PromoteConfig
from harness_forge.promoters.evidence import Evidence


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
        PromoteError: the rule has no condition, so it would promote anything.
    """
    enabled = {name: one for name, one in rule.conditions.items() if one.enabled}
    if not enabled:
        raise PromoteError(f"promote: rule {rule.name!r}", "has no condition", "promote=default")
    findings = tuple(find(name, one, evidence) for name, one in enabled.items())
    findings += _rolled_back(evidence)
    for verdict, outcome in _ORDER:
        culprits = [finding for finding in findings if finding.verdict is verdict]
        if culprits:
            return Ruling(outcome, _because(outcome, culprits), findings)
    held = sum(finding.verdict is Verdict.HOLDS for finding in findings)
    why = f"All {held} conditions of rule {rule.name!r} hold."
    return Ruling(Outcome.PROMOTED, why, findings)


def _rolled_back(evidence: Evidence) -> tuple[Finding, ...]:
    """Return a broken condition for a candidate that was champion and taken down.

    Otherwise the next nightly run would put back what a person took away.
    """
    if not evidence.rolled_back:
        return ()
    required = "not rolled back, unless `forge promote --again` decides anew"
    name = "not_rolled_back"
    return (Finding(name, "rollback", required, evidence.rolled_back, Verdict.BROKEN),)


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
