"""Conditions on suites: a score against a threshold, or against an opponent's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness_forge.config.promote import (
    ConditionConfig,
    ConditionKind,
    Opponent,
    Strength,
    is_on_suite,
)
from harness_forge.core.numbers import interval, percent
from harness_forge.evaluation.intervals import newcombe
from harness_forge.promotion.rules import scores
from harness_forge.promotion.rules.evidence import Evidence, MissingEvidence
from harness_forge.promotion.rules.findings import (
    ConditionFinding,
    ConditionVerdict,
    MeasuredCondition,
    beyond_failing,
    grouped,
    missing,
)
from harness_forge.promotion.rules.paired import above, at_least, enough
from harness_forge.promotion.rules.scores import EACH, SuiteScore

ADAPTER = "adapter"
CHANGE = "change"
"""Label of how much a model's scores change by themselves."""
JUDGE = "judge"
"""Suite with the scores of `forge judge`."""
OPINION = "by_judge"
"""Marks a finding with numbers that are a model's opinion."""


def find(name: str, condition: ConditionConfig, evidence: Evidence) -> ConditionFinding:
    """Return the finding of a condition on a suite; one on each category or suite is a group."""
    kind = condition.kind.value
    evaluate = evidence.input("evaluate")
    if isinstance(evaluate, MissingEvidence):
        return ConditionFinding(name, kind, missing(_required(condition), evaluate))
    if gap := _unmeasured(condition, scores.suites(evaluate)):
        return ConditionFinding(name, kind, missing(_required(condition), gap))
    if opened := _each(condition, evaluate):
        found = [find(inner, one, evidence) for inner, one in opened.items()]
        return grouped(name, kind, "all", found)
    report = chosen(condition, evaluate)
    named = replace(condition, metric=condition.metric or next(iter(scores.metrics(report)), ""))
    judged = _judged(named, evidence, report)
    if scores.by_judge(report, named.metric):
        judged = replace(judged, numbers={**judged.numbers, OPINION: True})
    return ConditionFinding(name, kind, judged)


def judges(condition: ConditionConfig) -> bool:
    """Return whether a condition is on a suite: noise without a suite is the replay's."""
    return is_on_suite(vars(condition))


def chosen(condition: ConditionConfig, evaluate: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the report of the condition's suite; `rule.check` has checked that it exists."""
    found = scores.suites(evaluate)
    return found[condition.suite] if condition.suite else next(iter(found.values()))


def _unmeasured(condition: ConditionConfig, reports: Mapping[str, Any]) -> MissingEvidence | None:
    """Return the gap if a suite was not evaluated, or lacks the category; else None."""
    name = condition.suite
    if name not in ("", EACH) and name not in reports:
        remedy = "forge judge RUN RUN --suite" if name == JUDGE else f"forge evaluate suite={name}"
        return MissingEvidence(
            f"evaluate.json has no suite {name!r}, only {', '.join(reports)} ({remedy})"
        )
    if not condition.category or name == EACH:
        return None
    report = reports[name] if name else next(iter(reports.values()))
    if scores.categories(report):
        return None
    text = f"suite {report.get('suite') or name} has no categories"
    return MissingEvidence(
        f"{text} (evaluate one that has, as suite=aither, or leave category out)"
    )


def _each(condition: ConditionConfig, evaluate: Mapping[str, Any]) -> dict[str, ConditionConfig]:
    if condition.suite == EACH:
        found = scores.suites(evaluate)
        return {name: _whole(replace(condition, suite=name), found[name]) for name in found}
    if condition.category != EACH:
        return {}
    names = scores.categories(chosen(condition, evaluate))
    return {name: replace(condition, category=name) for name in names}


def _whole(condition: ConditionConfig, report: Mapping[str, Any]) -> ConditionConfig:
    """Return the condition on one of several suites; without categories, on the whole suite."""
    if condition.category == EACH and not scores.categories(report):
        return replace(condition, category="")
    return condition


def _judged(
    condition: ConditionConfig, evidence: Evidence, report: Mapping[str, Any]
) -> MeasuredCondition:
    required = _required(condition)
    own = _score(report, ADAPTER, condition)
    if isinstance(own, MissingEvidence):
        return missing(required, own)
    if condition.kind is ConditionKind.score:
        return _threshold(condition, required, own)
    other = _opponent(condition, evidence, report)
    if isinstance(other, MissingEvidence):
        return missing(required, other)
    if _noise(condition):
        return _beyond(condition, required, own, other, _moved(condition, evidence, report))
    return _against(condition, required, own, other)


def _moved(
    condition: ConditionConfig, evidence: Evidence, report: Mapping[str, Any]
) -> SuiteScore | MissingEvidence:
    """Return how much the score changes by itself, on the same items."""
    found = evidence.moved()
    if isinstance(found, MissingEvidence):
        return found
    name = str(report.get("suite") or condition.suite)
    floor = scores.suites(found).get(name)
    if floor is None:
        return MissingEvidence(f"evaluate-aa.json is not of suite {name} (forge evaluate --aa)")
    if why := scores.differ(report, floor):
        return MissingEvidence(
            f"evaluate-aa.json of suite {name} is no floor: {why} (forge evaluate --aa)"
        )
    return _score(floor, CHANGE, condition)


def _beyond(
    condition: ConditionConfig,
    required: str,
    own: SuiteScore,
    other: SuiteScore,
    floor: SuiteScore | MissingEvidence,
) -> MeasuredCondition:
    """Judge whether a gain exceeds the change without any cause; a smaller one shows nothing."""
    if isinstance(floor, MissingEvidence):
        return missing(required, floor)
    who, gap = condition.against.value, own.value - other.value
    verdict = (
        ConditionVerdict.HOLDS
        if _clears(gap, floor.value, strict=True)
        else ConditionVerdict.UNCLEAR
    )
    verdict = enough(verdict, own.items, condition.minimum)
    measured = (
        f"adapter {percent(own.value)}, {who} {percent(other.value)}; "
        f"by themselves {percent(floor.value)} of {floor.items} change"
    )
    numbers = {ADAPTER: own.value, who: other.value, CHANGE: floor.value, "items": own.items}
    bar = floor.value
    return MeasuredCondition(
        required, measured, verdict, numbers, gap, bar, unit="points", bar="above"
    )


def _noise(condition: ConditionConfig) -> bool:
    return condition.kind is ConditionKind.beyond_noise


def _score(
    report: Mapping[str, Any], label: str, condition: ConditionConfig
) -> SuiteScore | MissingEvidence:
    found = scores.score(report, label, condition.metric, condition.part, condition.category)
    # A plain guard on a part never needed an interval.
    plain = condition.kind is ConditionKind.metric and not condition.category
    if isinstance(found, MissingEvidence) or plain or found.items is not None:
        return found
    where = condition.category or condition.part
    return MissingEvidence(
        f"evaluate.json does not say over how many items {condition.metric} on {where} is"
    )


def _opponent(
    condition: ConditionConfig, evidence: Evidence, report: Mapping[str, Any]
) -> SuiteScore | MissingEvidence:
    if condition.against is not Opponent.champion:
        return _score(report, condition.against.value, condition)
    theirs = evidence.evaluation(Opponent.champion)
    if isinstance(theirs, MissingEvidence):
        return theirs
    name = str(report.get("suite") or condition.suite)
    other = scores.suites(theirs).get(name)
    if other is None:
        return MissingEvidence(f"the champion was not evaluated on suite {name}")
    if why := scores.same_items(report, other, condition.part, condition.category):
        return MissingEvidence(f"no comparison with the champion on suite {name}: {why}")
    found = _score(other, ADAPTER, condition)
    return (
        MissingEvidence(f"of the champion: {found.what}")
        if isinstance(found, MissingEvidence)
        else found
    )


def _threshold(condition: ConditionConfig, required: str, own: SuiteScore) -> MeasuredCondition:
    bar = condition.threshold or 0.0
    whole = condition.evidence is Strength.interval
    if whole and own.ends is None:
        return missing(
            required, MissingEvidence("no interval can be given: scores are not between 0 and 1")
        )
    verdict = above(own.value, own.ends if whole else None, bar)
    verdict = enough(verdict, own.items, condition.minimum)
    numbers = {ADAPTER: own.value, "items": own.items}
    judged = MeasuredCondition(
        required, _described(own), verdict, numbers, own.value, bar, own.ends, unit="share"
    )
    return beyond_failing(judged, "no share is below it") if own.ends and bar <= 0 else judged


def _against(
    condition: ConditionConfig, required: str, own: SuiteScore, other: SuiteScore
) -> MeasuredCondition:
    who, gap, strict = condition.against.value, own.value - other.value, _strict(condition)
    ends = (
        newcombe(own.value, own.ends, other.value, other.ends) if own.ends and other.ends else None
    )
    bar = condition.margin if strict else 0.0 - condition.margin
    verdict = ConditionVerdict.HOLDS if _clears(gap, bar, strict) else ConditionVerdict.BROKEN
    if condition.evidence is Strength.interval:
        if ends is None:
            return missing(required, MissingEvidence("no interval can be given of this difference"))
        verdict = ConditionVerdict.UNCLEAR
        if _clears(ends[0], bar, strict):
            verdict = ConditionVerdict.HOLDS
        elif ends[1] < min(bar, 0.0):
            verdict = ConditionVerdict.BROKEN
    items = [one.items for one in (own, other) if one.items is not None]
    verdict = enough(verdict, min(items, default=None), condition.minimum)
    measured = f"adapter {percent(own.value)}, {who} {percent(other.value)}"
    if items and min(items) < max(2, condition.minimum):
        measured += f", n = {min(items)}"
    numbers = {ADAPTER: own.value, who: other.value, "margin": condition.margin}
    how = "above" if strict else "at least"
    judged = MeasuredCondition(
        required, measured, verdict, numbers, gap, bar, ends, unit="points", bar=how
    )
    # Of a score from 0 to 1 the worst is 0.
    estimate = condition.evidence is not Strength.interval
    if ends and estimate and _clears(-other.value, bar, strict):
        return beyond_failing(judged, f"{who} has {percent(other.value)}")
    return judged


def _strict(condition: ConditionConfig) -> bool:
    return condition.kind is ConditionKind.gain


def _clears(value: float, bar: float, strict: bool) -> bool:
    return value > bar + 1e-12 if strict else at_least(value, bar)


def _described(own: SuiteScore) -> str:
    ends = f" ({interval(*own.ends)})" if own.ends else ""
    return f"{percent(own.value)}{ends}, n = {own.items}"


def _required(condition: ConditionConfig) -> str:
    where = condition.category or condition.part
    if condition.suite:
        where += f" of {condition.suite}"
    what = f"{condition.metric or 'the score'} on {where}"
    who, margin = condition.against.value, f"{100 * condition.margin:.3g} points"
    text = f"{what} not below {who} by more than {margin}"
    if condition.kind is ConditionKind.score:
        text = f"{what} at least {100 * (condition.threshold or 0.0):.3g}%"
    elif condition.kind is ConditionKind.gain:
        text = f"{what} above {who} by more than {margin}"
    elif _noise(condition):
        text = f"{what} above {who} by more than it moves by itself"
    least = f", of at least {condition.minimum} items" if condition.minimum else ""
    whole = ", its whole interval" if condition.evidence is Strength.interval else ""
    return text + least + whole
