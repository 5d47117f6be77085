"""The finding of a condition: a verdict, the numbers behind it, and how both are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from harness_forge.core.numbers import NONE, interval, level, p_value, percent, points
from harness_forge.promotion.rules.evidence import MissingEvidence


class ConditionVerdict(StrEnum):
    """The verdict on one condition."""

    HOLDS = "holds"
    BROKEN = "broken"  # clearly: worse, or not proven
    UNCLEAR = "unclear"  # indistinguishable from noise
    MISSING = "missing"
    NOT_NEEDED = "not_needed"
    CANNOT_FAIL = "cannot_fail"  # whatever the adapter did, it would hold: no evidence


IDLE = (ConditionVerdict.CANNOT_FAIL, ConditionVerdict.NOT_NEEDED)
"""Verdicts that neither help nor block a promotion."""


@dataclass(frozen=True)
class MeasuredCondition:
    """A measurement compared with its requirement.

    Args:
        required, measured: as text, numbers included.
        numbers: the measured numbers, for the ledger.
        value: compared with `threshold`, both in `unit`: share, points (a
            difference of shares), p or count; None if it is no number.
        interval: of the measured rate or difference; None if there is none.
        bar: the required relation of value and threshold: at least, above or below.
    """

    required: str
    measured: str
    verdict: ConditionVerdict
    numbers: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    threshold: float | None = None
    interval: Sequence[float] | None = None
    unit: str = ""
    bar: str = "at least"


@dataclass(frozen=True)
class ConditionFinding:
    """The finding of one condition.

    Args:
        judged: its measurement.
        of: for a group, the findings inside it.
    """

    name: str
    kind: str
    judged: MeasuredCondition
    of: tuple[ConditionFinding, ...] = ()

    @property
    def required(self) -> str:
        """The requirement, as text."""
        return self.judged.required

    @property
    def measured(self) -> str:
        """The measurement, as text."""
        return self.judged.measured

    @property
    def verdict(self) -> ConditionVerdict:
        """The verdict."""
        return self.judged.verdict

    @property
    def numbers(self) -> Mapping[str, Any]:
        """The measured numbers."""
        return self.judged.numbers

    def as_dict(self) -> dict[str, Any]:
        """Return its fields in promote.json and the ledger."""
        one = self.judged
        facts = {
            "kind": self.kind,
            "required": one.required,
            "measured": one.measured,
            "verdict": one.verdict.value,
            "numbers": dict(one.numbers),
            "value": one.value,
            "threshold": one.threshold,
            "interval": list(one.interval) if one.interval else None,
            "shown": shown(one),
        }
        if self.of:
            facts["of"] = {inner.name: inner.as_dict() for inner in self.of}
        return facts


def missing(required: str, gap: MissingEvidence) -> MeasuredCondition:
    """Return the measurement of missing evidence."""
    return MeasuredCondition(required, gap.what, ConditionVerdict.MISSING)


def beyond_failing(judged: MeasuredCondition, why: str) -> MeasuredCondition:
    """Return a measurement that would meet its requirement whatever the adapter did.

    Args:
        why: such as "base passed 0 of 16".
    """
    measured = f"{judged.measured}; cannot fail here: {why}"
    return replace(judged, measured=measured, verdict=ConditionVerdict.CANNOT_FAIL)


def shown(one: MeasuredCondition) -> dict[str, str]:
    """Return value, threshold and interval as people read them."""
    unit = one.unit
    ends = NONE
    if one.interval:
        # A p value is shown with the interval of its difference.
        kind = "points" if unit == "p" else unit
        ends = interval(*one.interval, lambda end: _number(end, kind))
    bound = level(one.threshold) if unit == "p" and one.threshold else _number(one.threshold, unit)
    bar = NONE if one.threshold is None else f"{one.bar} {bound}"
    return {"value": _number(one.value, unit), "threshold": bar, "interval": ends}


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return NONE
    if unit == "share":
        return percent(value)
    if unit == "points":
        return points(value)
    return p_value(value) if unit == "p" else f"{value:g}"


_WORST = (
    ConditionVerdict.MISSING,
    ConditionVerdict.BROKEN,
    ConditionVerdict.UNCLEAR,
    ConditionVerdict.HOLDS,
)
_BEST = (
    ConditionVerdict.HOLDS,
    ConditionVerdict.MISSING,
    ConditionVerdict.UNCLEAR,
    ConditionVerdict.BROKEN,
)


def worst(findings: Iterable[ConditionFinding]) -> ConditionVerdict:
    """Return the verdict of all together: what is missing could have broken the rest."""
    return _first(_WORST, findings)


def best(findings: Iterable[ConditionFinding]) -> ConditionVerdict:
    """Return the verdict of any of them: one that holds is enough, even if others are missing."""
    return _first(_BEST, findings)


def _first(
    order: Sequence[ConditionVerdict], findings: Iterable[ConditionFinding]
) -> ConditionVerdict:
    found = {finding.verdict for finding in findings}
    return next(
        (verdict for verdict in (*order, *IDLE) if verdict in found), ConditionVerdict.NOT_NEEDED
    )


def grouped(name: str, kind: str, how: str, of: Sequence[ConditionFinding]) -> ConditionFinding:
    """Return a finding that is `all` or `any` of others."""
    verdict = (best if how == "any" else worst)(of)
    culprits = [one for one in of if one.verdict is verdict]
    if verdict in (ConditionVerdict.HOLDS, *IDLE):
        text = f"{verdict.value.replace('_', ' ')}: {', '.join(one.name for one in culprits)}"
    elif verdict is ConditionVerdict.MISSING:
        text = "; ".join(dict.fromkeys(one.measured for one in culprits))
    else:
        text = "; ".join(f"{one.name}: {one.measured}" for one in culprits)
    held = sum(one.verdict is ConditionVerdict.HOLDS for one in of)
    asked = sum(one.verdict not in IDLE for one in of)
    required = f"{how} of {', '.join(one.name for one in of)}"
    judged = MeasuredCondition(
        required,
        text,
        verdict,
        {"hold": held, "asked": asked},
        value=held,
        threshold=1 if how == "any" and asked else asked,
        unit="count",
    )
    return ConditionFinding(name, kind, judged, tuple(of))


def leaves(findings: Iterable[ConditionFinding]) -> list[ConditionFinding]:
    """Return the findings with a measurement of their own, groups flattened."""
    found: list[ConditionFinding] = []
    for one in findings:
        found += leaves(one.of) if one.of else [one]
    return found
