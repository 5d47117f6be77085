"""Builds the request of an export from a config, and runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import exports_of, skills_of
from harness_forge.config.skill import EnvironmentKind, filling_command
from harness_forge.core.errors import ExportError
from harness_forge.store.opening import opened_store, require_store

if TYPE_CHECKING:
    from harness_forge.datasets.request import ExportReport


def export_from_config(
    config: ForgeConfig,
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda rows: None,
) -> ExportReport:
    """Write the dataset that `config` describes and return its report.

    Raises:
        ExportError: the dataset cannot be written, or has no training rows.
        StoreError: there is no store.
    """
    from harness_forge.datasets.export import export
    from harness_forge.datasets.feedback import run_evidence
    from harness_forge.datasets.request import ExportPart, ExportRequest

    require_store(config)
    skills = skills_of(config)
    request = ExportRequest(
        data_dir=Path(config.data_dir),
        name=config.export.name,
        skill=config.skill.name,
        role=config.role.name,
        format=config.format.name,
        licences=list(dict.fromkeys(line for one in skills for line in _quoted(one))),
        extension=config.format.extension,
        turns=config.format.turns,
        engine=config.engine,
        treatment=_treatment(config),
        filled_by=filling_command(config.skill),
    )
    with opened_store(config) as store:
        for one in skills:
            store.upgrade(one.skill.name)
            _regroup(store.skill(one.skill.name), config)
        request = replace(
            request,
            treatment=replace(request.treatment, feedback=run_evidence.gather(config, store)),
        )
        parts = [
            ExportPart(store.skill(one.skill.name), role, settings, _place(config, role))
            for one in skills
            for role, settings in exports_of(one).items()
        ]
        report = export(parts, request, dry_run=dry_run, progress=progress)
        report.undivided = _undivided(list(dict.fromkeys(one.skill.name for one in skills)), store)
        return report


def _regroup(skill, config: ForgeConfig) -> None:
    """Update groups that an older forge made, and report newly quarantined items."""
    import sys

    from harness_forge.store.splits import recorded

    if moved := recorded.refresh(skill, config.split):
        print(
            f"forge: skill {skill.name}: {moved} recorded items are quarantined: each asks nearly"
            " what an item of a stricter split asks, which an older forge did not see",
            file=sys.stderr,
        )


def _undivided(names: list[str], store) -> list[str]:
    """Return a sentence for each skill of which nearly all recorded items count as one task."""
    from harness_forge.store.splits.one_group import APART, described, one_group

    again = f"take the records in again: forge ingest … {APART} source.again=true"
    found = {name: one_group(store.skill(name)) for name in names}
    return [f"skill {name}: {described(one, again)}" for name, one in found.items() if one]


def _treatment(config: ForgeConfig):
    """Return the settings of what is done to rows besides their recipe's SQL."""
    from harness_forge.datasets.decontamination.protected_suites import contamination
    from harness_forge.datasets.redaction.key import load_key
    from harness_forge.datasets.request import Treatment
    from harness_forge.registry.models.folder import folder_of

    home = Path(config.forge_home)
    return Treatment(
        filters=config.filters,
        tokenizer=folder_of(config.model, home),
        model=config.model.name,
        redaction=config.redaction,
        key=load_key(home) if config.redaction.enabled else b"",
        duplicates=config.duplicates,
        contamination=contamination(config),
        scores=judge_scores(config),
        seed=config.seed,
    )


def judge_scores(config: ForgeConfig) -> dict[str, float]:
    """Return the scores of `forge judge` where a filter or an export reads them, else {}.

    Raises:
        ExportError: they are read and no answer was judged.
    """
    from harness_forge.config.filters import ScoreOf
    from harness_forge.store.judge_scores import kept_scores

    wanted = config.filters.score_range
    filtered = wanted.enabled and wanted.reads is ScoreOf.judge
    judging = any(
        export.judged.good is not None
        for one in skills_of(config)
        for export in exports_of(one).values()
    )
    if not filtered and not judging:
        return {}
    scores = kept_scores(Path(config.forge_home) / "judge", config.judge.weights)
    skills = {one.skill.name for one in skills_of(config)}
    found = {key: score for key, score in scores.items() if key.partition("/")[0] in skills}
    if not found:
        instead = "filters.score_range.reads=outcome" if filtered else "export.judged.good=null"
        raise ExportError(
            "filters.score_range.reads: judge" if filtered else "export.judged",
            f"no answer of {', '.join(sorted(skills))} was judged",
            "forge judge RUN judge.endpoint=URL scores a run's answers;"
            f" {instead} takes the evaluator's values",
        )
    return found


def _place(config: ForgeConfig, role: str) -> str:
    return f"exports.{role}" if config.exports else "export"


def _quoted(config: ForgeConfig) -> list[str]:
    """Return the licences of the texts that a skill's prompts quote."""
    if config.skill.environment is EnvironmentKind.scap:
        scap = config.skill.scap
        return [f"{scap.package} ({scap.datastream}): {scap.licence}", *config.skill.licences]
    return list(config.skill.licences)
