"""Opens what a composed config names: environment, store, policy.

The one place where settings meet the families; verbs and stages share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness_forge.errors import ExportError, RunError
from harness_forge.schema import EnvironmentKind, ForgeConfig, exports_of, one_skill, skills_of


def open_environment(config: ForgeConfig):
    """Return the skill's environment.

    Raises:
        ConfigError: the config is of several skills.
        SandboxError: its scanner, content or sandbox is missing.
        RunError: there is none; its attempts were recorded elsewhere.
    """
    one_skill(config)
    if config.skill.environment is EnvironmentKind.scap:
        from harness_forge.environments.scap import open_scap

        return open_scap(config.skill.name, config.skill.scap, Path(config.forge_home))
    raise no_world(config)


def no_world(config: ForgeConfig) -> RunError:
    """Return the fault of asking for the world of a skill whose attempts were recorded."""
    return RunError(
        f"skill {config.skill.name}",
        "is recorded: there is no world to attempt it in",
        "`forge ingest` adds attempts to it, `forge export role=agent` makes a dataset of them",
    )


@contextmanager
def opened_store(config: ForgeConfig) -> Iterator:
    """Yield the store; it is closed afterwards."""
    from harness_forge.store import open_store

    store = open_store(config.store.url, Path(config.forge_home))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened_skill(config: ForgeConfig) -> Iterator:
    """Yield the skill's part of the store, its schema brought up to date.

    Raises:
        ConfigError: the config is of several skills.
    """
    one_skill(config)
    with opened_store(config) as store:
        store.upgrade(config.skill.name)
        yield store.skill(config.skill.name)


def run(config: ForgeConfig) -> dict:
    """Attempt work items as `config` says and return the run's summary."""
    from harness_forge.runs.opening import run as drive

    environment = open_environment(config)
    try:
        with opened_skill(config) as store:
            return drive(
                environment,
                store,
                policy=config.policy,
                config=config.run,
                split=config.split,
                host=config.skill.host,
                seed=config.seed,
                home=Path(config.forge_home),
                base=config.model,
                budget=config.budget,
            )
    finally:
        environment.close()


def ingest(config: ForgeConfig, progress=lambda source, found: None):
    """Take foreign records into the skill's store and return what it came to.

    Raises:
        SourceError: they cannot be read, or too much of them is malformed.
    """
    from harness_forge.ingesting import ingest as take

    with opened_skill(config) as store:
        return take(store, config.source, config.split, progress)


def export(config: ForgeConfig, *, dry_run: bool = False, progress=lambda rows: None):
    """Write the dataset that `config` describes and return its report.

    Raises:
        ExportError: it cannot be written as asked, or nothing in it trains.
    """
    from harness_forge import exporting, feedback

    skills = skills_of(config)
    request = exporting.Request(
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
    )
    with opened_store(config) as store:
        for one in skills:
            store.upgrade(one.skill.name)
            _regroup(store.skill(one.skill.name), config)
        request = replace(
            request, treatment=replace(request.treatment, feedback=feedback.gather(config, store))
        )
        parts = [
            exporting.Part(store.skill(one.skill.name), role, export, _place(config, role))
            for one in skills
            for role, export in exports_of(one).items()
        ]
        return exporting.export(parts, request, dry_run=dry_run, progress=progress)


def _regroup(skill, config: ForgeConfig) -> None:
    """Bring groups that an older forge made up to date, and say what came of it."""
    import sys

    from harness_forge.ingesting import splitting

    if moved := splitting.refresh(skill, config.split):
        print(
            f"forge: skill {skill.name}: {moved} recorded items are quarantined: each asks nearly"
            " what an item of a stricter split asks, which an older forge did not see",
            file=sys.stderr,
        )


def _treatment(config: ForgeConfig):
    """Return what is done to rows on their way, beside their recipe's SQL."""
    from harness_forge.exporting import Treatment
    from harness_forge.filters.redaction import load_key
    from harness_forge.models.folder import folder_of
    from harness_forge.protecting import contamination

    home = Path(config.forge_home)
    return Treatment(
        filters=config.filters,
        tokenizer=folder_of(config.model, home),
        model=config.model.name,
        redaction=config.redaction,
        key=load_key(home) if config.redaction.enabled else b"",
        duplicates=config.duplicates,
        contamination=contamination(config),
        scores=judged(config),
        seed=config.seed,
    )


def judged(config: ForgeConfig) -> dict[str, float]:
    """Return the scores of `forge judge` where a filter reads them; none where none does.

    Raises:
        ExportError: a filter reads them and no answer was judged.
    """
    from harness_forge.filters.score_range import ScoreOf
    from harness_forge.judges.kept import kept_scores

    wanted = config.filters.score_range
    if not wanted.enabled or wanted.reads is not ScoreOf.judge:
        return {}
    scores = kept_scores(Path(config.forge_home) / "judge", config.judge.weights)
    skills = {one.skill.name for one in skills_of(config)}
    found = {key: score for key, score in scores.items() if key.partition("/")[0] in skills}
    if not found:
        raise ExportError(
            "filters.score_range.reads: judge",
            f"no answer of {', '.join(sorted(skills))} was judged",
            "forge judge RUN judge.endpoint=URL scores a run's answers;"
            " filters.score_range.reads=outcome takes the evaluator's values",
        )
    return found


def _place(config: ForgeConfig, role: str) -> str:
    return f"exports.{role}" if config.exports else "export"


def _quoted(config: ForgeConfig) -> list[str]:
    """Return whose words the prompts of a skill quote: titles of its content."""
    if config.skill.environment is EnvironmentKind.scap:
        scap = config.skill.scap
        return [f"{scap.package} ({scap.datastream}): {scap.licence}", *config.skill.licences]
    return list(config.skill.licences)
