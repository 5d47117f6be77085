"""Finds the validation run that weights an export, and reads which items failed in it.

A run with anything but validation items is not used. Its items are checked
before any outcome is read, so outcomes of held-out items are never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.config.feedback import FeedbackKind
from harness_forge.config.run import Purpose
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.config.skill import EnvironmentKind, SkillConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.records import Split
from harness_forge.datasets.feedback import suite_evidence
from harness_forge.datasets.feedback.weights import Feedback, ItemOutcome, Source, check
from harness_forge.store.episodes import episodes

# Splits of a run's items by the group that they were attempted under and the one they are in now.
SPLITS = """
SELECT DISTINCT unnest(ARRAY[coalesce(s.split, ''), coalesce(n.split, s.split, '')])
FROM work_items w
LEFT JOIN splits s ON s.group_key = w.group_key
LEFT JOIN items i ON i.item_id = w.item_id
LEFT JOIN splits n ON n.group_key = i.group_key
WHERE w.run_id = %s
"""


def _hint(skill: SkillConfig) -> str:
    if skill.environment is EnvironmentKind.recorded:
        return "nothing is attempted in a recorded skill: feedback=suite takes lm-eval's results"
    return "forge run policy=model:NAME run.purpose=evaluate run.split=validation"


def gather(config: ForgeConfig, store) -> Feedback | None:
    """Return the feedback that weights the export of `config`; None where feedback is off.

    A skill without a model's run over validation items gets no weights:
    the first export has no evaluation before it.

    Args:
        store: holds the skills, their schemas up to date.

    Raises:
        ConfigError: the settings are invalid, or the named run does not exist,
            is no evaluation, or has other than validation items.
    """
    if config.feedback.kind is FeedbackKind.none:
        return None
    check(config.feedback)
    if config.feedback.kind is FeedbackKind.suite:
        return _from_suites(config, store)
    sources, evidence = [], []
    for one in skills_of(config):
        skill = store.skill(one.skill.name)
        with skill.connect_read_only() as connection:
            found = _run_evidence(config.feedback.run, skill, connection, _hint(one.skill))
            if found:
                source, items = found
                sources.append(source)
                evidence += items
    if config.feedback.run and not sources:
        raise ConfigError(
            "feedback.run", f"there is no run {config.feedback.run}", _hint(config.skill)
        )
    return Feedback(config.feedback, sources, evidence)


def _from_suites(config: ForgeConfig, store) -> Feedback:
    """Return the feedback from lm-eval's suites on validation; empty before an evaluation."""
    sources, evidence = [], []
    if read := suite_evidence.read(config.feedback):
        for one in skills_of(config):
            skill = store.skill(one.skill.name)
            if found := suite_evidence.skill_evidence(config.feedback, *read, skill):
                sources.append(found[0])
                evidence += found[1]
    return Feedback(config.feedback, sources, evidence)


def fingerprint(config: ForgeConfig, store) -> str:
    """Return a text that changes when another run weights the export; '' where none does.

    The store's own watermark does not change with evaluation runs.
    """
    found = gather(config, store)
    return " ".join(f"{one.run_id}:{one.against}" for one in found.sources) if found else ""


def _run_evidence(
    named: str | None, skill, connection, hint: str
) -> tuple[Source, list[ItemOutcome]] | None:
    runs = skill.runs()
    if named:
        run = next((one for one in runs if one["id"] == named), None)
        if run is not None:
            _demand_validation(run, connection, hint)
    else:
        run = next((one for one in runs if _usable(one, connection)), None)
    if run is None:
        return None
    before = _before(run, runs, connection)
    source = Source(skill.name, run["id"], run["policy"], before["id"] if before else "")
    return source, _evidence(connection, skill.name, source)


def _demand_validation(run: Mapping[str, Any], connection, hint: str) -> None:
    where = "feedback.run"
    if run["purpose"] != Purpose.evaluate.value or run["status"] != "complete":
        raise ConfigError(where, f"{run['id']} is no complete evaluation run", hint)
    splits = _splits(run, connection)
    if Split.HOLDOUT in splits:
        what = f"{run['id']} holds held-out items: nothing may be learned from what became of them"
        raise ConfigError(where, what, hint)
    if splits != {Split.VALIDATION}:
        raise ConfigError(where, f"{run['id']} holds other than validation items", hint)


def _usable(run: Mapping[str, Any], connection) -> bool:
    complete = run["purpose"] == Purpose.evaluate.value and run["status"] == "complete"
    model = run["policy"].startswith("model:") and not _policy(run).get("shots")
    return complete and model and _splits(run, connection) == {Split.VALIDATION}


def _before(run: Mapping[str, Any], runs, connection) -> Mapping[str, Any] | None:
    """Return the run of the adapter before this one; of the base model where there is none."""
    began, own = (run["started_at"], run["id"]), _adapter(run)
    earlier = [
        one
        for one in runs
        if (one["started_at"], one["id"]) < began
        and _adapter(one) != own
        and _usable(one, connection)
    ]
    return next((one for one in earlier if _adapter(one)), earlier[0] if earlier else None)


def _evidence(connection, skill: str, source: Source) -> list[ItemOutcome]:
    passed = {
        one.item_id
        for one in (episodes(connection, skill, source.against) if source.against else ())
        if one.first_try
    }
    return [
        ItemOutcome(
            skill,
            one.item_id,
            one.family,
            bool(one.first_try),
            not one.first_try and one.item_id in passed,
        )
        for one in episodes(connection, skill, source.run_id)
        if one.first_try is not None
    ]


def _splits(run: Mapping[str, Any], connection) -> set[str]:
    return {row[0] for row in connection.execute(SPLITS, [run["id"]])}


def _policy(run: Mapping[str, Any]) -> Mapping[str, Any]:
    return (run.get("config") or {}).get("policy") or {}


def _adapter(run: Mapping[str, Any]) -> str:
    policy = _policy(run)
    return policy.get("adapter_digest") or policy.get("adapter") or ""
