"""`forge ls`: the recipes and the choices of each group, or what the store has, a line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import count, percent

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig

SUMMARY = "list the recipes and each group's choices, yours marked; or runs, or kinds of items"
USAGE = "[recipe | GROUP …] | runs [key=value …] | kinds [key=value …]"
EXAMPLES = (
    "forge ls",
    "forge ls recipe",
    "forge ls skill source",
    "forge ls runs",
    "forge ls runs skill=stig --json",
    "forge ls kinds skill=stig",
)
KEYS = ("store", "skill", "skills", "role", "model", "forge_home")
JSON = (
    "an object: `recipe` and each group, a list of objects with name, says, file, own; runs: an"
    " array with skill, id, policy, purpose, status, started_at, ended_at, items, passed, attempts,"
    " without_verdict; kinds: an array with skill, kind, items, learnt, base_tries, base_passes,"
    " base_items, silent"
)

RUNS, KINDS = "runs", "kinds"
_SHOWN = 30
"""Rows that a table has, the first; --json has all."""


def main(argv: list[str]) -> int:
    """Print name and first comment of each, by group."""
    from harness_forge.cli.results import report
    from harness_forge.cli.words import one_of, sort
    from harness_forge.config.schema import GROUPS

    words, _, overrides = sort(argv)
    known = ["recipe", *GROUPS]
    groups = [one_of(word, [*known, RUNS, KINDS], "group") for word in words] or known
    if {RUNS, KINDS} & set(words):
        if len(words) > 1:
            alone = RUNS if RUNS in words else KINDS
            raise ConfigError("command line", f"{alone} stands alone", f"forge ls {alone}")
        return (_runs if RUNS in words else _kinds)(overrides)
    if overrides:
        what = f"{overrides[0]!r} says nothing here"
        raise ConfigError("command line", what, f"forge ls {USAGE}")
    found = listed(groups)
    report(found, render(found))
    return 0


def listed(groups: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return what each group can be: name, first comment, file, and whether it is the project's."""
    from harness_forge.config.compose import project

    return {
        group: [
            {
                "name": name,
                "says": opening(path),
                "file": str(path),
                "own": path.is_relative_to(Path.cwd()) and not project.is_source_tree(Path.cwd()),
            }
            for name, path in (
                project.recipes() if group == "recipe" else project.choices(group)
            ).items()
        ]
        for group in groups
    }


def _runs(overrides: list[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.store.browsing.runs import outcomes

    _, found = _of_skills(overrides, lambda connection, config: outcomes(connection))
    found.sort(key=lambda one: (one["started_at"], one["id"]), reverse=True)
    report(found, render_runs(found))
    return 0


def _kinds(overrides: list[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.store.browsing.kinds import kinds

    config, found = _of_skills(
        overrides,
        lambda connection, config: kinds(connection, config.model.name, config.role.name),
    )
    report(found, render_kinds(found, config.model.name))
    return 0


def _of_skills(
    overrides: list[str], read: Callable[[Any, ForgeConfig], Iterable[Mapping[str, Any]]]
) -> tuple[ForgeConfig, list[dict[str, Any]]]:
    """Return the config, and what `read` finds in each skill's schema, or in that of those named.

    Args:
        read: called with a connection and the config.
    """
    from harness_forge.cli import composed
    from harness_forge.config.several import skills_of
    from harness_forge.store.opening import existing_store

    config = composed(overrides)
    named = any(word.partition("=")[0].partition(".")[0] == "skill" for word in overrides)
    asked = {one.skill.name for one in skills_of(config)} if named else None
    found: list[dict[str, Any]] = []
    with existing_store(config) as store:
        for name in store.skills():
            if asked is None or name in asked:
                with store.skill(name).connect_read_only() as connection:
                    found += ({"skill": name, **row} for row in read(connection, config))
    return config, found


def render_runs(found: Sequence[dict[str, Any]]) -> str:
    """Return a table of runs, the newest first."""
    from harness_forge.cli.columns import columns

    if not found:
        return "no run yet: `forge run` makes runs, `forge ingest` takes in those of others"
    rows = [("run", "skill", "policy", "purpose", "state", "items", "passed", "", "attempts")]
    rows += [
        (
            one["id"],
            one["skill"],
            one["policy"],
            one["purpose"],
            one["status"],
            count(one["items"]),
            count(one["passed"]),
            percent(one["passed"] / one["items"]) if one["items"] else "",
            count(one["attempts"]),
        )
        for one in found[:_SHOWN]
    ]
    lines = columns(rows, left=5)
    older = len(found) - _SHOWN
    return "\n".join([*lines, *([f"{count(older)} older: --json has all"] if older > 0 else [])])


def render_kinds(found: Sequence[dict[str, Any]], base: str) -> str:
    """Return a table of kinds of training items, the silent ones first, and what follows of it.

    Args:
        base: name of the base model.
    """
    from harness_forge.cli.columns import columns

    if not found:
        return "no training item yet: `forge run` makes items, `forge ingest` takes in records"
    rows = [("kind", "skill", "", "items", "learnt", "base passed", "of tries", "of items")]
    rows += [
        (
            one["kind"],
            one["skill"],
            "silent" if one["silent"] else "",
            count(one["items"]),
            count(one["learnt"]),
            count(one["base_passes"]),
            count(one["base_tries"]),
            count(one["base_items"]),
        )
        for one in found[:_SHOWN]
    ]
    more = len(found) - _SHOWN
    lines = [*columns(rows, left=3), *([f"{count(more)} more: --json has all"] if more > 0 else [])]
    return "\n".join([*lines, _silence(found, base)])


def _silence(found: Sequence[dict[str, Any]], base: str) -> str:
    silent = [one for one in found if one["silent"]]
    passed = sum(one["base_passes"] > 0 for one in silent)
    said = f"{len(silent)} of {len(found)} kinds are silent: no answer to learn"
    if not silent:
        return f"none of {len(found)} kinds is silent: each has an answer to learn"
    if not any(one["base_tries"] for one in silent):
        return f"{said}; {base} has tried none of them: forge run policy=model:base"
    kept = ": forge export export=worker_anchored_sft keeps its answers there" if passed else ""
    return f"{said}; {base} passes in {passed} of them{kept}"


def opening(path: Path) -> str:
    """Return the first sentence of the comment that a file opens with; '' where it has none."""
    words: list[str] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.startswith("#") or not line.strip("# "):
            break
        words.append(line.strip("# "))
    text = " ".join(words)
    return text[: end + 1] if (end := text.find(". ")) >= 0 else text


def render(found: dict[str, list[dict[str, Any]]]) -> str:
    """Return a block for each group, the project's own files marked with *."""
    from harness_forge.cli.columns import columns
    from harness_forge.cli.terminal import painted

    blocks = []
    for group, choices in found.items():
        rows = [(f"{' *'[one['own']]} {one['name']}", one["says"]) for one in choices]
        lines = columns(rows) if rows else []
        lines = [
            painted(line, "good") if one["own"] else line
            for line, one in zip(lines, choices, strict=True)
        ]
        blocks.append("\n".join([painted(f"{group}=", "head"), *lines]))
    return "\n\n".join(blocks)
