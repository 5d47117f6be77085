"""`forge generate`: questions with quoted answers, made of a repository."""

from __future__ import annotations

import sys
from typing import Any

SUMMARY = "make questions with quoted answers of a repository: code, history, docs, tools"
USAGE = "REPO [generator=[NAME,…]] [--dry-run] [key=value …]"
EXAMPLES = (
    "forge generate .",
    "forge generate . generator=[signatures] --dry-run",
    "forge generate . skill=recorded skill.name=mine generate.most=200",
)
KEYS = ("generate", "source", "skill", "split", "store", "forge_home")
JSON = "an object: repository, commit, skill, splits, generators: objects with their counts"
SHORT = {"generator": "generate.generators"}

DRY_RUN = "--dry-run"
_SHOWN = 3


def main(argv: list[str]) -> int:
    """Make rows of a repository and print what each generator came to."""
    from dataclasses import replace

    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.collect.generators.generate import dry_run, generate
    from harness_forge.config.skill import CODEBASE
    from harness_forge.core.errors import ConfigError

    words, flags, overrides = sort(argv, [DRY_RUN])
    if len(words) > 1:
        raise ConfigError("command line", "one repository at a time", f"forge generate {USAGE}")
    if not any(word.startswith("skill=") for word in overrides):
        overrides = [f"skill={CODEBASE}", *overrides]
    config = composed(overrides)
    if words:
        config = replace(config, generate=replace(config.generate, repository=words[0]))
    found = (dry_run if flags else generate)(config, _tick)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    skill = config.skill.name
    report(_facts(found, skill), render(found, skill, bool(flags)))
    return 0


def _facts(found, skill: str) -> dict[str, Any]:
    made = [
        {
            "name": one.name,
            "found": one.found,
            "kept": len(one.rows),
            "files": len({row.group for row in one.rows}),
            "added": one.added,
            "withdrawn": one.withdrawn,
            "left_out": one.left_out,
        }
        for one in found.made
    ]
    head = {"repository": found.name, "commit": found.commit, "skill": skill}
    return {**head, "splits": found.splits, "generators": made}


def _tick(name: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{name}", end="", file=sys.stderr, flush=True)


def render(report, skill: str, trial: bool) -> str:
    """Return a line a generator, and the first rows where nothing was written."""
    lines = [f"{report.name} at {report.commit[:12]}, skill {skill}"]
    head = ("found", "kept", "files", "added", "withdrawn")
    lines.append("".join(word.rjust(10) for word in head) + "  generator")
    for made in report.made:
        files = len({row.group for row in made.rows})
        counts = (made.found, len(made.rows), files, made.added, made.withdrawn)
        why = ", ".join(f"{reason} {count}" for reason, count in sorted(made.left_out.items()))
        lines.append("".join(f"{count:10}" for count in counts) + f"  {made.name}" + _after(why))
    if report.splits:
        splits = ", ".join(f"{split} {count}" for split, count in report.splits.items())
        lines.append(f"  splits of new groups: {splits}")
    if trial:
        lines.append("  nothing is written: --dry-run")
        rows = [row for made in report.made for row in made.rows[:1]]
        lines += [f"\n{row.question}\n→ {_said(row)}" for row in rows[:_SHOWN]]
    return "\n".join(lines).encode("utf-8", "backslashreplace").decode()


def _said(row) -> str:
    calls = row.answer.get("tool_calls") or ()
    return row.text or "\n".join(str(call["function"]) for call in calls)


def _after(why: str) -> str:
    return f" (left out: {why})" if why else ""
