"""`forge ls`: the recipes and the choices of each group, a line each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness_forge.core.errors import ConfigError

SUMMARY = "list the recipes and the choices of each group, yours marked"
USAGE = "[recipe | GROUP …]"
EXAMPLES = ("forge ls", "forge ls recipe", "forge ls skill source", "forge ls --json")
KEYS = ()
JSON = "an object: `recipe` and each group, a list of objects with name, says, file, own"


def main(argv: list[str]) -> int:
    """Print name and first comment of each, by group."""
    from harness_forge.cli.results import report
    from harness_forge.cli.words import one_of, sort
    from harness_forge.config.schema import GROUPS

    words, _, overrides = sort(argv)
    known = ["recipe", *GROUPS]
    groups = [one_of(word, known, "group") for word in words] or known
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
