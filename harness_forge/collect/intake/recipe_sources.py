"""What a recipe takes in before its runs: records of its sources, rows of its repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from harness_forge.collect.generators.generate import GenerateReport, generate
from harness_forge.collect.ingest.ingest import ingest
from harness_forge.collect.ingest.request import IngestReport
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.config.skill import CODEBASE, is_recorded
from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import counted

Say = Callable[[str], None]


def take_in(config: ForgeConfig, say: Say = lambda line: None) -> dict[str, Any]:
    """Take in every source of a recipe, then make the rows of its repository.

    What is there already is not written again. A source without a path is passed over, so
    that a recipe can name sources that its user may not have.

    Args:
        say: called with a line for each.

    Returns:
        By name what each came to over all calls, without times: a second call that finds
        nothing new returns the same. Rows of a repository are under `generate`.

    Raises:
        ConfigError: the recipe has no skill for them, or two.
        SourceError: a file cannot be read, or too much of it is malformed.
    """
    found: dict[str, Any] = {}
    for name, source in config.sources.items():
        if not source.path:
            say(f"{name}: nothing is taken in: sources.{name}.path is not set")
            continue
        into = _skill_for(config, f"sources.{name}", source.skill)
        report = ingest(replace(into, source=source))
        say(f"{name}: {counted(report.added, 'attempt')} added to skill {report.skill}")
        found[name] = _ingested(report)
    if config.generate.repository:
        into = _skill_for(config, "generate.repository", CODEBASE)
        made = generate(into)
        added = sum(one.added for one in made.made)
        say(f"generate: {counted(added, 'row')} of {made.name} added to skill {into.skill.name}")
        found["generate"] = _generated(made)
    return found


def _skill_for(config: ForgeConfig, key: str, wanted: str) -> ForgeConfig:
    """Return the config of the skill that rows go to: the recorded one, or of several `wanted`."""
    recorded: Sequence[ForgeConfig] = [one for one in skills_of(config) if is_recorded(one.skill)]
    if len(recorded) > 1:
        recorded = [one for one in recorded if one.skill.name == wanted]
    if len(recorded) == 1:
        return recorded[0]
    names = ", ".join(one.skill.name for one in skills_of(config))
    what = f"has no skill to go to: the recipe's are {names}"
    raise ConfigError(key, what, "name one with environment: recorded, such as skill=recorded")


def _ingested(report: IngestReport) -> dict[str, Any]:
    files = report.files
    return {
        "skill": report.skill,
        "files": len(files),
        "attempts": sum(file.attempts for file in files),
        "passed": sum(file.passed for file in files),
        "left_out": dict(sorted(report.left_out.items())),
    }


def _generated(report: GenerateReport) -> dict[str, Any]:
    rows = {made.name: len(made.rows) for made in report.made}
    return {"repository": report.name, "commit": report.commit, "rows": rows}
