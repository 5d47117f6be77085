"""Choices of groups and dotted keys: which there are, and what an unknown one was to be."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from enum import Enum
from typing import Any

from harness_forge.config.compose import project
from harness_forge.config.compose.check import near
from harness_forge.config.compose.shapes import fields_of, unwrap
from harness_forge.config.format import EXTENSIONS, ROWS
from harness_forge.config.schema import GROUPS, ForgeConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import closest, did_you_mean


def choice_faults(where: str, group: str, choice: Any) -> Iterator[ConfigError]:
    """Yield a fault if a group has no such file."""
    known = project.choices(group)
    if not (isinstance(choice, str) and "${" in choice) and str(choice) not in known:
        hint = choice_hint(group, str(choice))
        yield ConfigError(f"{where}: {group}", f"there is no {str(choice)!r}", hint)


def choice_hint(group: str, choice: str) -> str:
    """Return what was probably meant by a choice that a group does not have."""
    if group == "export" and (shape := shape_of(choice)):
        role = choice.removesuffix(f"_{shape}")
        return (
            f"rows and the shape of a line are two choices: role={role} format={shape};"
            " in a recipe, export: ${rows:${role},${format}}"
        )
    known = project.choices(group)
    if not did_you_mean(choice, known) and (key := _key_with(group, choice)):
        return f"did you mean '{key}'? known choices: {', '.join(known)}"
    return near(choice, known, "choices")


def _key_with(group: str, word: str) -> str:
    """Return the key of a group with the closed value that a word was probably meant to be."""
    meant = {value: f"{key}={value}" for key, values in _closed(GROUPS[group]) for value in values}
    meant |= {value: f"extension={value}" for value in EXTENSIONS} if group == "format" else {}
    close = closest(word, meant)
    return f"{group}.{meant[close]}" if close else ""


def _closed(kind: type) -> Iterator[tuple[str, list[str]]]:
    """Yield each key of a group with a closed set of values, and that set."""
    for key, hint in fields_of(kind).items():
        inner, _ = unwrap(hint)
        if isinstance(inner, type) and issubclass(inner, Enum):
            yield key, list(inner.__members__)


def shape_of(choice: str) -> str | None:
    """Return the format in the name of an export that a recipe before formats had rows knew."""
    roles = project.choices("role")
    shapes = (name for name, rows in ROWS.items() if name != rows)
    return next((s for s in shapes if choice.removesuffix(f"_{s}") in roles), None)


def known_keys() -> list[str]:
    """Return every dotted key that a recipe may set, except under mappings of names."""
    return list(_dotted(ForgeConfig, ""))


def _dotted(kind: Any, prefix: str) -> Iterator[str]:
    for name, hint in fields_of(kind).items():
        yield prefix + name
        if dataclasses.is_dataclass(hint):
            yield from _dotted(hint, f"{prefix}{name}.")
