"""Reads evaluate.json: suites, their categories, and each label's scores.

One report is a suite: metrics, and their means by label and part. A file of several
suites has them under `suites`, by name. `categories` holds, by label and category, what
`labels` holds by part; `category_names` lists the intended categories, so that one that
was not asked is missing and not unknown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.evaluation.intervals import Ends, wilson
from harness_forge.promotion.rules.evidence import MissingEvidence

Report = Mapping[str, Any]
EACH = "each"
"""In a rule: every suite, or every category of one."""

JUDGE = "judge."
"""Prefix of a metric that a model judged; a suite that it judged as a whole has the key `judge`."""

_COUNTS = ("items", "infrastructure")


@dataclass(frozen=True)
class SuiteScore:
    """One label's score.

    Args:
        items: number of items in the mean; None if the file does not say.
        ends: of its interval; None if there is none.
    """

    value: float
    items: int | None
    ends: Ends | None


def suites(evaluate: Report) -> dict[str, Report]:
    """Return each suite's report by name."""
    found = {str(name): one for name, one in (evaluate.get("suites") or {}).items()}
    if not found or "labels" in evaluate:
        found.setdefault(str(evaluate.get("suite") or "suite"), evaluate)
    return found


def metrics(report: Report) -> list[str]:
    """Return the metrics that a suite has, its first one first."""
    names = list(report.get("metrics") or [])
    for table in [*_tables(report, "labels"), *_tables(report, "categories")]:
        counts = {f"{name}_items" for name in table} | set(_COUNTS)
        names += [name for name in table if name not in names and name not in counts]
    return names


def categories(report: Report) -> list[str]:
    """Return a suite's categories, the intended ones included."""
    names = list(report.get("category_names") or [])
    for table in (report.get("categories") or {}).values():
        names += [name for name in table if name not in names]
    return names


def by_judge(report: Report, metric: str) -> bool:
    """Return whether a score is a model's opinion and not a program's measurement."""
    return bool(report.get("judge")) or metric.startswith(JUDGE)


def parts(report: Report) -> list[str]:
    """Return the parts that a suite's labels were scored on."""
    return sorted({part for table in (report.get("labels") or {}).values() for part in table})


def score(
    report: Report, label: str, metric: str, part: str, category: str = ""
) -> SuiteScore | MissingEvidence:
    """Return the score of `label` on a part, or in a category."""
    table = report.get("categories" if category else "labels") or {}
    found = (table.get(label) or {}).get(category or part) or {}
    place = f"category {category}" if category else part
    if (value := found.get(metric)) is None:
        return MissingEvidence(
            f"evaluate.json has no {metric} of {label} on {place} (forge evaluate)"
        )
    if not number(value):
        return MissingEvidence(
            f"evaluate.json: {metric} of {label} on {place} is {value!r}, which is no score"
        )
    items = found.get(f"{metric}_items", found.get("items"))
    if items is not None and not (number(items) and items >= 0):
        return MissingEvidence(
            f"evaluate.json: items of {label} on {place} are {items!r}, which is no count"
        )
    if items == 0:
        return MissingEvidence(
            f"evaluate.json: no item of {place} was scored for {label} (forge evaluate)"
        )
    ends = wilson(value, items) if items and 0 <= value <= 1 else None
    return SuiteScore(float(value), items, ends)


def same_items(one: Report, other: Report, part: str, category: str) -> str:
    """Return why two reports cannot be compared; '' if they can."""
    if why := differ(one, other):
        return why
    table = "categories" if category else "labels"
    counts = {
        (((each.get(table) or {}).get("adapter") or {}).get(category or part) or {}).get("items")
        for each in (one, other)
    }
    return "" if len(counts) == 1 else "they are of different numbers of items"


def differ(one: Report, other: Report) -> str:
    """Return how two reports differ that should be of the same items; '' for no difference."""
    for key in ("suite", "version", "split", "fingerprint"):
        if one.get(key) != other.get(key):
            return f"they differ in {key}: {one.get(key)!r} and {other.get(key)!r}"
    return ""


def number(value: Any) -> bool:
    """Return whether a value read from a file is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _tables(report: Report, key: str) -> Sequence[Report]:
    return [one for table in (report.get(key) or {}).values() for one in table.values()]
