"""Writes a project's folder: each file that is not there, and none that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.compose import project
from harness_forge.core.errors import ConfigError

_TEXTS = Path(__file__).parent / "files"
_COMPOSE = "forge stage compose\n"
_ALWAYS = """\
    # The recipes that come with forge lie elsewhere and may change; it takes a second.
    always_changed: true
"""


@dataclass(frozen=True)
class Started:
    """What became of each file.

    Args:
        made: files that were not there.
        kept: files that were there and are as they were.
        lacking: what a kept file lacks for forge, by file.
    """

    made: list[str]
    kept: list[str]
    lacking: dict[str, str]


def start(folder: Path, base: str) -> Started:
    """Make a project of a folder; nothing that is there is touched.

    Args:
        base: the recipe that the project's own builds upon.

    Raises:
        ConfigError: the folder is a file, or forge's own source.
        OSError: it cannot be written.
    """
    _check(folder)
    made, kept, lacking = [], [], {}
    for name, text in texts(base).items():
        if _written(folder / name, text):
            made.append(name)
        else:
            kept.append(name)
            if missing := _lacking(folder / name, text):
                lacking[name] = missing
    return Started(made, kept, lacking)


def _check(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(str(folder), "is a file", "name a folder: forge init FOLDER")
    if project.is_source_tree(folder):
        hint = "a project is a folder of its own: forge init FOLDER"
        raise ConfigError(str(folder), "is forge's own source", hint)


def texts(base: str) -> dict[str, str]:
    """Return the text of each file of a project, by its path there."""
    return {
        "params.yaml": _text("params.yaml"),
        "dvc.yaml": pipeline(),
        "recipes/README.md": _text("recipes/README.md"),
        "recipes/mine.yaml": _text("recipes/mine.yaml").replace("{base}", base),
        "conf/README.md": _text("conf/README.md"),
        "README.md": _text("README.md"),
        ".gitignore": _text("gitignore"),
        # Before `dvc init`, which would write one without our folders.
        ".dvcignore": project.shipped_file(".dvcignore").read_text(encoding="utf-8"),
    }


def _text(name: str) -> str:
    return (_TEXTS / name).read_text(encoding="utf-8")


def pipeline() -> str:
    """Return forge's dvc.yaml for a project, whose shipped recipes DVC does not see."""
    text = project.shipped_file("dvc.yaml").read_text(encoding="utf-8")
    return text.replace(_COMPOSE, _COMPOSE + _ALWAYS, 1)


def _written(path: Path, text: str) -> bool:
    """Write a file if there is none; return whether it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _lacking(path: Path, text: str) -> str:
    """Return what a file of the user's lacks that the loop needs; '' for nothing."""
    try:
        there = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return "cannot be read as text"
    if path.name == "dvc.yaml" and _COMPOSE.strip() not in there:
        return f"has no stages of forge; they stand in {project.shipped_file('dvc.yaml')}"
    if path.name == ".gitignore" and (lines := list(_unlisted(text, there))):
        return f"does not list {', '.join(lines)}"
    if path.name == "params.yaml" and not any(map(_names_recipe, there.splitlines())):
        return "names no recipe; add: recipe: mine"
    return ""


def _names_recipe(line: str) -> bool:
    return line.startswith("recipe:")


def _unlisted(wanted: str, there: str) -> Iterator[str]:
    held = {line.strip().strip("/") for line in there.splitlines()}
    for line in wanted.splitlines():
        if line.strip("/") not in held:
            yield line
