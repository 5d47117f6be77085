"""Reads which validation items a model failed in lm-eval's suites, as evidence for an export.

Only suites made of a split have the families of training rows; a suite of
local files has categories of its own. An evaluation with anything but
validation items is not used, and its items are checked before any score is
read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.feedback import FeedbackConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.records import Split
from harness_forge.datasets.feedback.weights import ItemOutcome, Source

_WHERE = "feedback.evaluation"
_HINT = "forge evaluate ADAPTER split=validation"
_FIXED = "fixed"
_OF_ITEMS = ("worker", "architect", "auditor", "reflector")
"""Kinds of suites with items from the store."""
BASE, ADAPTER = "base", "adapter"


@dataclass(frozen=True)
class Scored:
    """One suite's rows on validation, by label.

    Args:
        metric: the score that says whether an answer is right.
    """

    name: str
    metric: str
    rows: Mapping[str, list[dict[str, Any]]]


def read(config: FeedbackConfig) -> tuple[dict[str, Any], list[Scored]] | None:
    """Return the evaluation's summary and its suites of items; None before an evaluation.

    Raises:
        ConfigError: it cannot be read, is of another split, or lacks the metric.
    """
    folder = Path(config.evaluation)
    summary = folder.with_name(f"{folder.name}.json")
    if not summary.exists():
        return None
    try:
        evaluation = json.loads(summary.read_text(encoding="utf-8"))
        reports = evaluation.get("suites") or {evaluation["suite"]: evaluation}
        found = list(_suites(config, folder, reports))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{summary} cannot be read ({type(error).__name__}: {error})"
        raise ConfigError(_WHERE, what, _HINT) from None
    if not found:
        asked = f"with metric {config.metric}" if config.metric else "of a split"
        raise ConfigError(_WHERE, f"{summary} has no suite {asked}", _HINT)
    return evaluation, found


def _suites(config: FeedbackConfig, folder: Path, reports: Mapping[str, Any]) -> Iterator[Scored]:
    for name, report in reports.items():
        if report["split"] not in (Split.VALIDATION, _FIXED):
            what = f"suite {name} is of {report['split']}: only validation may be learned from"
            raise ConfigError(_WHERE, what, _HINT)
        metric = config.metric or report["metrics"][0]
        if report["kind"] not in _OF_ITEMS or metric not in report["metrics"]:
            continue
        subfolder = folder / name if len(reports) > 1 else folder
        rows = {label: _rows(subfolder / f"{label}.jsonl") for label in report["labels"]}
        yield Scored(name, metric, rows)


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def skill_evidence(
    config: FeedbackConfig, evaluation: Mapping[str, Any], found: list[Scored], skill
) -> tuple[Source, list[ItemOutcome]] | None:
    """Return the evidence on one skill's items; None where the evaluation has none of them.

    Args:
        skill: the skill's store, which knows the items' splits.

    Raises:
        ConfigError: an item of the evaluation is not a validation item.
    """
    own = [one for one in found if any(_of(skill.name, rows) for rows in one.rows.values())]
    if not own:
        return None
    _demand_validation(own, skill)
    label = ADAPTER if evaluation.get("candidate") else BASE
    passed, before = _passed(own, label, skill.name), _passed(own, BASE, skill.name)
    families = {
        _item(row): row["family"] for one in own for row in _of(skill.name, one.rows[label])
    }
    evidence = [
        ItemOutcome(
            skill.name,
            item,
            families[item],
            fine,
            label != BASE and not fine and before.get(item, False),
        )
        for item, fine in sorted(passed.items())
    ]
    who = evaluation.get("candidate") or {}
    policy = f"model:{who['name']}" if who else "model:base"
    return Source(skill.name, _name(own), policy, BASE if label != BASE else ""), evidence


def _demand_validation(own: list[Scored], skill) -> None:
    items = {item.item_id: item.group_key for item in skill.items()}
    splits = skill.splits()
    for one in own:
        for row in (row for rows in one.rows.values() for row in _of(skill.name, rows)):
            # The group that it was asked in, and the one that it is in now.
            groups = row["group_key"], items.get(_item(row))
            where = {splits.get(group, "no split") for group in groups}
            if row["part"] != Split.VALIDATION or where != {Split.VALIDATION}:
                other = sorted(str(split) for split in {row["part"], *where} - {Split.VALIDATION})
                what = f"item {_item(row)} is of {', '.join(other)}, not for validation"
                raise ConfigError(_WHERE, what, _HINT)


def _passed(own: list[Scored], label: str, skill: str) -> dict[str, bool]:
    """Return by item whether its answers are right in every suite that scores it."""
    found: dict[str, bool] = {}
    for one in own:
        for row in _of(skill, one.rows.get(label, [])):
            if (score := row["scores"].get(one.metric)) is not None:
                found[_item(row)] = found.get(_item(row), True) and score >= 1
    return found


def _item(row: Mapping[str, Any]) -> str:
    """Return the row's work item; questions to a role have it as their title."""
    return row["title"] if "@" in row["item_id"] else row["item_id"]


def _of(skill: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["skill"] == skill]


def _name(own: list[Scored]) -> str:
    """Return a name that changes when the evidence changes."""
    text = json.dumps([[one.name, one.metric, one.rows] for one in own], sort_keys=True)
    return f"lm-eval-{sha256(text.encode()).hexdigest()[:16]}"
