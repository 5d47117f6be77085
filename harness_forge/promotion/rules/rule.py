"""Reads a rule, groups in groups included, and refuses one that asks for what does not exist.

A condition on an unknown name would be missing for ever, and a key that its kind does not
read would protect nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any

from harness_forge.config.promote import ConditionConfig, ConditionKind, Opponent, PromoteConfig
from harness_forge.core.errors import PromoteError
from harness_forge.core.hints import did_you_mean
from harness_forge.promotion.rules import scored, scores
from harness_forge.promotion.rules.evidence import Evidence, MissingEvidence
from harness_forge.promotion.rules.scores import EACH

Kind = ConditionKind
GROUPS = (Kind.all, Kind.any)
IN_REPLAY = (Kind.pairs, Kind.no_regression, Kind.rate)
"""Kinds with the categories of the replayed items."""
TESTS = (Kind.mcnemar, Kind.mcnemar_two_sided, Kind.sign_flip, Kind.recipe)
"""Kinds that compare a p value with a level."""
PARTS = ("new_rule", "new_family", "all", "validation", "train")
"""Valid names of parts, even without items."""

_PAIRED = ("against", "part")
_SUITE = ("against", "part", "suite", "category", "metric", "evidence", "minimum")
_READS: dict[Kind, tuple[str, ...]] = {
    Kind.pairs: (*_PAIRED, "category", "minimum"),
    Kind.mcnemar: (*_PAIRED, "alpha", "sided"),
    Kind.mcnemar_two_sided: (*_PAIRED, "alpha"),
    Kind.sign_flip: (*_PAIRED, "alpha", "sided"),
    Kind.bootstrap: (*_PAIRED, "margin"),
    Kind.recipe: (*_PAIRED, "alpha", "minimum"),
    Kind.no_regression: (*_PAIRED, "category", "margin"),
    Kind.rate: ("part", "category", "threshold", "evidence", "minimum"),
    Kind.metric: (*_SUITE, "margin"),
    Kind.score: (*_SUITE[1:], "threshold"),
    Kind.gain: (*_SUITE, "margin"),
    Kind.proof: (),
    Kind.agreement: (),
    Kind.beyond_noise: _PAIRED,
    Kind.audit: ("minimum",),
    Kind.all: ("of",),
    Kind.any: ("of",),
}
"""The keys of a condition that each kind reads, besides kind and enabled."""


def enabled(rule: PromoteConfig) -> dict[str, ConditionConfig]:
    """Return the conditions that count.

    Raises:
        PromoteError: there is none, so the rule would promote anything.
    """
    found = {name: one for name, one in rule.conditions.items() if one.enabled}
    if not found:
        raise PromoteError(f"promote: rule {rule.name!r}", "has no condition", "promote=default")
    return found


def inside(condition: ConditionConfig, where: str) -> dict[str, ConditionConfig]:
    """Return the conditions of a group that count.

    Raises:
        PromoteError: one cannot be read, or there is none.
    """
    read = {name: _read(one, f"{where}.of.{name}") for name, one in condition.of.items()}
    found = {name: one for name, one in read.items() if one.enabled}
    if not found:
        raise PromoteError(where, f"{condition.kind.value} of nothing", f"{where}.of.NAME.kind=…")
    return found


def check_written(rule: PromoteConfig) -> None:
    """Refuse a rule that cannot be read, groups in groups included; needs no evidence.

    Raises:
        PromoteError: names the first faulty condition, and what it could have said.
    """
    for where, one in _opened(enabled(rule), "promote.conditions"):
        _check_keys(one, where)


def check(rule: PromoteConfig, evidence: Evidence) -> None:
    """Refuse a rule that cannot be decided with this evidence, before anything is decided.

    Raises:
        PromoteError: names the first faulty condition, and what it could have said.
    """
    check_written(rule)
    for where, one in _opened(enabled(rule), "promote.conditions"):
        _check_part(one, where, evidence)
        if one.category and one.kind in IN_REPLAY:
            _check_category(one, where, evidence)
        evaluate = evidence.input("evaluate")
        if scored.judges(one) and not isinstance(evaluate, MissingEvidence):
            _check_suite(one, where, evaluate)


def kinds(rule: PromoteConfig) -> set[ConditionKind]:
    """Return the kinds of all conditions that count, groups in groups included."""
    return {one.kind for _, one in _opened(enabled(rule), "promote.conditions")}


def _opened(
    conditions: Mapping[str, ConditionConfig], where: str
) -> Iterator[tuple[str, ConditionConfig]]:
    for name, one in conditions.items():
        place = f"{where}.{name}"
        yield place, one
        if one.kind in GROUPS:
            yield from _opened(inside(one, place), f"{place}.of")


def _read(value: Any, where: str) -> ConditionConfig:
    """Return a condition written inside a group; composition does not parse those."""
    if isinstance(value, ConditionConfig):
        return value
    if not isinstance(value, Mapping):
        raise PromoteError(where, f"must be a condition, not {value!r}", "kind: …")
    known = {field.name: field for field in fields(ConditionConfig)}
    default, found = ConditionConfig(), {}
    for key, item in value.items():
        if key not in known:
            raise PromoteError(f"{where}.{key}", "unknown key", _near(key, known))
        found[key] = _fitting(item, getattr(default, key), f"{where}.{key}")
    return ConditionConfig(**found)


def _fitting(item: Any, default: Any, where: str) -> Any:
    if isinstance(default, Enum):
        names = type(default).__members__
        if str(item) not in names:
            raise PromoteError(where, f"unknown value {item!r}", _near(str(item), names))
        return names[str(item)]
    if default is None or isinstance(default, float):
        if item is None and default is None:
            return None
        try:
            # YAML reads 1e-9 as text.
            return float(item) if not isinstance(item, bool) else _refuse(where, item, "a number")
        except (TypeError, ValueError):
            _refuse(where, item, "a number")
    if isinstance(default, bool) != isinstance(item, bool) or not isinstance(item, type(default)):
        _refuse(where, item, _WORDS[type(default)])
    return item


_WORDS = {bool: "true or false", int: "a whole number", str: "a text", dict: "conditions by name"}


def _refuse(where: str, item: Any, wanted: str) -> None:
    raise PromoteError(where, f"must be {wanted}, not {item!r}")


def _check_keys(one: ConditionConfig, where: str) -> None:
    default, reads = ConditionConfig(), _reads(one)
    for field in fields(one):
        key, value = field.name, getattr(one, field.name)
        if isinstance(value, float) and not math.isfinite(value):
            raise PromoteError(f"{where}.{key}", f"is {value}, which nothing can be held against")
        idle = key not in ("kind", "enabled", *reads) and value != getattr(default, key)
        # A metric given where none is read is allowed, as it always was.
        if idle and key not in ("against", "part"):
            hint = f"it reads {', '.join(reads)}" if reads else "it reads no other key"
            raise PromoteError(f"{where}.{key}", f"is not read by kind {one.kind.value}", hint)
    if one.kind is Kind.recipe and one.against is Opponent.champion:
        what = "recipe is not asked against a champion, which is one adapter"
        raise PromoteError(f"{where}.against", what, "kind: sign_flip compares the two adapters")
    if "threshold" in reads and one.threshold is None:
        raise PromoteError(
            where, f"{one.kind.value} asks for a threshold", f"{where}.threshold=0.7"
        )
    if one.category and one.part not in ("all", default.part):
        hint = "leave one of the two out"
        raise PromoteError(f"{where}.category", f"cannot be combined with part {one.part}", hint)


def _reads(one: ConditionConfig) -> tuple[str, ...]:
    """Return the keys that a condition reads; noise without a suite is the replay's."""
    if one.kind is Kind.beyond_noise and one.suite:
        return tuple(key for key in _SUITE if key != "evidence")
    return (*_READS[one.kind], *(("suite",) if one.kind is Kind.beyond_noise else ()))


def _check_part(one: ConditionConfig, where: str, evidence: Evidence) -> None:
    if "part" not in _reads(one) or one.part in PARTS:
        return
    found: set[str] = set()
    for table in (evidence.replay or {}).get("comparisons", {}).values():
        found |= set(table)
    for report in scores.suites(evidence.evaluate or {}).values():
        found |= set(scores.parts(report))
    if one.part not in found:
        what = f"there is no part {one.part!r}"
        raise PromoteError(f"{where}.part", what, _near(one.part, [*PARTS, *sorted(found)]))


def _check_category(one: ConditionConfig, where: str, evidence: Evidence) -> None:
    table = evidence.by_category(asked(one))
    if isinstance(table, MissingEvidence) or one.category == EACH:
        return
    known = dict.fromkeys([*table, *(name.rpartition(":")[2] for name in table)])
    if one.category not in known:
        what = f"no item replayed is of category {one.category!r}"
        raise PromoteError(f"{where}.category", what, _near(one.category, known))


def asked(one: ConditionConfig) -> Opponent:
    """Return whose pairs a condition compares; a rate of its own is read from the base's."""
    return Opponent.base if one.kind is Kind.rate else one.against


def _check_suite(one: ConditionConfig, where: str, evaluate: Mapping[str, Any]) -> None:
    reports = scores.suites(evaluate)
    if one.suite not in ("", EACH) and one.suite not in reports:
        return  # not measured yet: the finding says so
    # A judge's suite must be named, so it does not make the choice ambiguous.
    if not one.suite and sum(not report.get("judge") for report in reports.values()) > 1:
        hint = f"suites: {', '.join(reports)}; or each"
        raise PromoteError(f"{where}.suite", "which of the suites?", hint)
    asked = (
        reports.values()
        if one.suite == EACH
        else [reports.get(one.suite) or next(iter(reports.values()))]
    )
    for report in asked:
        _check_names(one, where, report)


def _check_names(one: ConditionConfig, where: str, report: Mapping[str, Any]) -> None:
    suite = report.get("suite") or one.suite
    metrics, categories = scores.metrics(report), scores.categories(report)
    if one.metric and metrics and one.metric not in metrics:
        what = f"suite {suite} has no metric {one.metric!r}"
        raise PromoteError(f"{where}.metric", what, _near(one.metric, metrics))
    if not categories or one.category in ("", EACH):
        return  # not measured: the finding says so
    if one.category not in categories:
        what = f"suite {suite} has no category {one.category!r}"
        raise PromoteError(f"{where}.category", what, _near(one.category, categories))


def _near(word: str, known: Iterable[str]) -> str:
    names = list(dict.fromkeys(known))
    return did_you_mean(str(word), names) + f"known: {', '.join(names)}"
