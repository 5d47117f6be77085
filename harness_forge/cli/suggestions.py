"""What may come next in a command line that is being typed; a shell asks at each TAB.

Only what a word needs is imported: choices of groups take file names alone, keys take the
settings, and nothing takes Hydra or YAML.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from harness_forge.cli.verbs import VERBS
from harness_forge.cli.words import SHARED_FLAGS

Suggestion = tuple[str, str]
"""A word, and what it means in a few words or ''."""

_HARMLESS = re.compile(r"[\w.=+:,@%/-]+")
"""What a shell takes as it is. Bash puts a suggestion into the line unquoted, and the name
of a file in a project from elsewhere may hold a command."""
_FLAG = re.compile(r"--[a-z][a-z-]*=?")
_NO_WORD = re.compile(r"\S*=\S*|--?[\w-]+|\[?[A-Z]{2}[A-Z_:…]*\S*")
"""Parts of a usage that are no words of the verb: keys, flags, placeholders."""


def suggestions(line: str) -> list[Suggestion]:
    """Return what the last word of a line may become, in order; [] for the name of a file.

    Args:
        line: from the program's name up to the cursor; the last word may be empty.
    """
    *before, word = _words(line)
    if "--" in before:
        return []
    verbs = [one for one in before if not one.startswith("-")]
    found = _of_verb(verbs[0], verbs[1:], before, word) if verbs else _verbs(word)
    return [
        (one, meaning)
        for one, meaning in dict(found).items()
        if one.startswith(word) and one != word and _HARMLESS.fullmatch(one)
    ]


def actions(usage: str) -> list[str]:
    """Return the words that a usage offers, such as `status` and `logs`."""
    return re.findall(r"[a-z]{2,}", _NO_WORD.sub(" ", usage))


def _words(line: str) -> list[str]:
    """Return the words after the program's name; the last one is being typed."""
    for closed in (line, f"{line}'", f'{line}"'):
        lexer = shlex.shlex(closed, posix=True)
        lexer.whitespace_split, lexer.commenters = True, ""
        try:
            words = list(lexer)
        except ValueError:
            continue
        if line[-1:].isspace() and closed == line:
            words.append("")
        start = next((at for at, one in enumerate(words) if Path(one).name == "forge"), 0)
        return words[start + 1 :] or [""]
    return [""]


def _verbs(word: str) -> Iterator[Suggestion]:
    if word.startswith("-"):
        yield from {"--version": "the version", **SHARED_FLAGS}.items()
    yield from VERBS.items()


def _of_verb(verb: str, words: list[str], before: list[str], word: str) -> Iterable[Suggestion]:
    if verb not in VERBS:
        return ()
    module = import_module(f"harness_forge.cli.{verb}")
    words = [one for one in words if "=" not in one]
    if before[-1] == "--cfg":
        return _sections()
    if word.startswith("-"):
        return {**dict.fromkeys(_FLAG.findall(module.USAGE), ""), **SHARED_FLAGS}.items()
    if "=" in word:
        return _values(module, *word.partition("=")[::2])
    if "." in word:
        return _keys_below(word.rpartition(".")[0])
    return [*_names(verb, module, words), *_first_keys(module)]


def _names(verb: str, module: Any, words: list[str]) -> Iterator[Suggestion]:
    """Yield words that are no keys: actions, and names of what the verb is about."""
    from harness_forge.config.compose import project

    if verb == "ls":
        yield from dict.fromkeys(["recipe", *_groups(), "runs"], "").items()
    elif verb == "show":
        yield from _openings(project.recipes()) if not words else _sections()
    elif verb == "stage":
        yield from dict.fromkeys(module.OUTPUTS, "").items()
    elif not words:
        yield from dict.fromkeys(actions(module.USAGE), "").items()
    elif verb in ("model", "workset") and words[-1] != "ls":
        yield from _openings(project.choices(verb))


def _first_keys(module: Any) -> Iterator[Suggestion]:
    """Yield `recipe=`, each `group=`, short keys, and what the verb reads, if it takes any."""
    if "=" not in module.USAGE:
        return
    yield "recipe=", "the recipe"
    if "key=value" in module.USAGE or "group=" in module.USAGE:
        yield from ((f"{key}=", long) for key, long in getattr(module, "SHORT", {}).items())
        yield from ((f"{group}=", f"a file of conf/{group}") for group in _groups())
        yield from (one for one in _keys_below("") if one[0].rstrip("=.") in module.KEYS)


def _values(module: Any, key: str, typed: str) -> Iterator[Suggestion]:
    """Yield `key=value` for each value that is known."""
    from harness_forge.config.compose import project

    name = key.lstrip("+")
    if name == "recipe":
        found: Iterable[Suggestion] = _openings(project.recipes())
    elif name in _groups():
        found = _openings(project.choices(name))
    else:
        found = ((value, "") for value in _closed(getattr(module, "SHORT", {}).get(name, name)))
    yield from ((f"{key}={value}", said) for value, said in found)


def _groups() -> list[str]:
    """Return the groups of conf/: forge's own are all there are."""
    from harness_forge.config.compose import project

    shipped = project.group_folders()[-1]
    return sorted(folder.name for folder in shipped.iterdir() if folder.is_dir())


def _openings(files: dict[str, Path]) -> Iterator[Suggestion]:
    from harness_forge.cli.ls import opening

    yield from ((name, opening(path)) for name, path in files.items())


def _sections() -> Iterator[Suggestion]:
    yield from ((name.rstrip("=."), said) for name, said in _keys_below(""))


def _keys_below(section: str) -> Iterator[Suggestion]:
    """Yield the keys of a section: with `.` where more follows, else with `=`."""
    from harness_forge.cli.help import arguments
    from harness_forge.config.compose.shapes import fields_of

    kind, head = _kind(section.lstrip("+")), f"{section}." if section else ""
    if dataclasses.is_dataclass(kind):
        texts = arguments(kind)
        for name, hint in fields_of(kind).items():
            inner = getattr(hint, "__args__", (hint,))[-1]
            ends = "." if dataclasses.is_dataclass(inner) else "="
            yield f"{head}{name}{ends}", texts.get(name, "")


def _kind(key: str) -> Any:
    """Return the type at a dotted key; None where there is none. A name in a mapping may be any."""
    from harness_forge.config.compose.shapes import fields_of, unwrap
    from harness_forge.config.schema import ForgeConfig

    kind: Any = ForgeConfig
    for part in filter(None, key.split(".")):
        inner, _ = unwrap(kind)
        if dataclasses.is_dataclass(inner):
            kind = fields_of(inner).get(part)
        else:
            kind = getattr(inner, "__args__", (None,))[-1]
    return unwrap(kind)[0]


def _closed(key: str) -> list[str]:
    """Return the values of a key that has a closed set of them."""
    from enum import Enum

    kind = _kind(key)
    if kind is bool:
        return ["true", "false"]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind.__members__)
    return []
