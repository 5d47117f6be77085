"""The items of a `command` skill: read, and made into prompts and files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from harness_forge.config.command import CommandConfig
from harness_forge.core.errors import ConfigError, RunError
from harness_forge.core.families import FamilyTable
from harness_forge.rollouts.environments.command import tool_schema
from harness_forge.rollouts.environments.command.templates import TextTemplate

_COMMAND_S = 600
_UNNAMED = re.compile("[\0\ud800-\udfff]")
"""Characters that no column of the store holds; files and prompts may have them."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """One item, with everything that templates say of it.

    Args:
        place: where it was read, such as `items.jsonl:3`.
        files: path below `/work` -> its bytes, and whether it may be executed.
        gold: arguments that are known to pass, {} if none are.
        cluster: what near-identical items have in common; '' if not given.
    """

    id: str
    title: str
    family: str
    cluster: str
    place: str
    row: Row
    system: str
    prompt: str
    files: Mapping[str, tuple[bytes, bool]]
    gold: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Hash of what is asked and of the files that it is judged by."""
        total = hashlib.sha256(json.dumps([self.id, self.system, self.prompt]).encode())
        for path in sorted(self.files):
            data, executable = self.files[path]
            total.update(f"\0{path}\0{len(data)}\0{executable}\0".encode() + data)
        return total.hexdigest()[:16]


def load(config: CommandConfig, folders: Mapping[str, Path] | None = None) -> dict[str, Item]:
    """Return the items by id, in their order.

    Args:
        folders: what else `items_command` may name in braces.

    Raises:
        ConfigError: no items, or settings that cannot be read.
        RunError: an item that does not fit them.
    """
    reader = _Reader(config)
    found: dict[str, Item] = {}
    for place, row in _rows(config, folders or {}):
        item = reader.item(place, row)
        if item.id in found:
            what = f"has the id {item.id!r}, as {found[item.id].place} has"
            raise RunError(place, what, "ids must differ; skill.command.id says what they are")
        found[item.id] = item
    if not found:
        raise ConfigError("skill.command.items", "there is no item in it", _HINT)
    return found


def inside(key: str, path: str, place: str) -> str:
    """Return a path below `/work`, tidied.

    Raises:
        RunError: it leads elsewhere.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\0" in path:
        hint = "a relative path without '..', such as solution.py"
        raise RunError(place, f"skill.command.{key} leads out of /work: {path!r}", hint)
    return str(pure)


class _Reader:
    """The templates of a config, read once."""

    def __init__(self, config: CommandConfig) -> None:
        self._texts = {
            name: TextTemplate(name, getattr(config, name))
            for name in ("id", "title", "family", "cluster", "system", "prompt", "folder")
        }
        self._files = [
            (TextTemplate("files", path), TextTemplate(f"files.{path}", text))
            for path, text in config.files.items()
        ]
        self._gold = {
            name: TextTemplate(f"gold.{name}", text) for name, text in config.gold.items()
        }
        self._tool = tool_schema.tool(config)["function"]
        self._families = FamilyTable("skill.command.families", config.families)
        self._folders: dict[str, dict[str, tuple[bytes, bool]]] = {}

    def item(self, place: str, row: Row) -> Item:
        texts = {name: one.render(row, place) for name, one in self._texts.items()}
        if not texts["id"].strip():
            raise RunError(place, "has an empty id", "skill.command.id says which field it is")
        for name in ("id", "title", "family", "cluster"):
            if bad := _UNNAMED.search(texts[name]):
                what = f"has the character {bad[0]!r} in its {name}, which the store cannot keep"
                raise RunError(place, what, f"skill.command.{name} says what it is")
        family = texts["family"] or texts["id"]
        files = dict(self._folder(texts["folder"], place))
        for path, text in self._files:
            name = inside("files", path.render(row, place), place)
            files[name] = (text.render(row, place).encode("utf-8", "surrogatepass"), False)
        return Item(
            id=texts["id"],
            title=texts["title"] or texts["id"],
            family=self._families.of(family) if self._families else family,
            cluster=texts["cluster"],
            place=place,
            row=row,
            system=texts["system"],
            prompt=texts["prompt"],
            files=files,
            gold={
                name: tool_schema.typed(self._tool, "gold", name, one.render(row, place), place)
                for name, one in self._gold.items()
            },
        )

    def _folder(self, folder: str, place: str) -> dict[str, tuple[bytes, bool]]:
        if not folder:
            return {}
        if folder not in self._folders:
            self._folders[folder] = files_below(Path(folder), place)
        return self._folders[folder]


def files_below(folder: Path, place: str) -> dict[str, tuple[bytes, bool]]:
    """Return the files of a folder by relative path, without caches, version control and Pythons.

    Raises:
        RunError: there is no such folder, or a file in it cannot be read.
    """
    if not folder.is_dir():
        raise RunError(place, f"there is no folder {folder}", "skill.command.folder names it")
    found = {}
    paths = sorted(folder.rglob("*"))
    pythons = {path.parent for path in paths if path.name == "pyvenv.cfg"} - {folder}
    for path in paths:
        relative = path.relative_to(folder)
        if _LEFT_OUT & set(relative.parts) or pythons & set(path.parents) or not path.is_file():
            continue
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RunError(str(path), f"cannot be read: {error.strerror}") from None
        found[relative.as_posix()] = (data, bool(path.stat().st_mode & 0o100))
    return found


_LEFT_OUT = {"__pycache__", ".git", ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox"}

_HINT = "a .jsonl file (an object a line), a .csv file, or skill.command.items_command"


def _rows(config: CommandConfig, folders: Mapping[str, Path]) -> Iterator[tuple[str, Row]]:
    if bool(config.items) == bool(config.items_command):
        what = "is missing" if not config.items else "stands beside items_command"
        raise ConfigError("skill.command.items", what, _HINT)
    if config.items_command:
        yield from _lines("items_command", _printed(config.items_command, folders))
        return
    path = Path(config.items)
    table = path.suffix.lower() == ".csv"
    try:
        # A field of a table keeps its line ends.
        with path.open(encoding="utf-8-sig", newline="" if table else None) as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "is not UTF-8"
        raise ConfigError("skill.command.items", f"{path}: {said}", _HINT) from None
    yield from _table(path.name, text) if table else _lines(path.name, text)


def _lines(name: str, text: str) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            what = f"is no JSON object: {line[:60]!r}"
            raise RunError(f"{name}:{number}", what, "write one object a line")
        yield f"{name}:{number}", row


def _table(name: str, text: str) -> Iterator[tuple[str, Row]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        named = [one for one in reader.fieldnames or () if one]
        if twice := [one for one in named if named.count(one) > 1]:
            what = f"names the field {twice[0]!r} twice"
            raise RunError(f"{name}:1", what, "give each column a name of its own")
        for row in reader:
            place = f"{name}:{reader.line_num}"
            if None in row or None in row.values():
                what = f"has not the {len(reader.fieldnames)} fields of the first line"
                raise RunError(place, what, "quote fields that hold commas")
            yield place, row
    except csv.Error as error:
        place = f"{name}:{max(reader.line_num, 1)}"
        hint = "fields are separated by commas, and a field that holds one is quoted"
        raise RunError(place, f"is no CSV: {error}", hint) from None


def _printed(command: str, folders: Mapping[str, Path]) -> str:
    words = shlex.split(command)
    for name, place in {"python": sys.executable, **folders}.items():
        words = [word.replace(f"{{{name}}}", str(place)) for word in words]
    try:
        done = subprocess.run(words, capture_output=True, timeout=_COMMAND_S, check=True)
        return done.stdout.decode("utf-8")
    except subprocess.CalledProcessError as error:
        last = (error.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        what = f"exits {error.returncode}: {last}"
    except subprocess.TimeoutExpired:
        what = f"takes longer than {_COMMAND_S} s"
    except UnicodeDecodeError:
        what = "prints something else than UTF-8"
    except OSError as error:
        what = f"does not start: {error.strerror}"
    raise ConfigError("skill.command.items_command", what, f"it was: {command}")
