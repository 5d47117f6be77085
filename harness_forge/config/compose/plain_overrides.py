"""Sorts overrides into what plain files can take: choices of groups, and values of keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness_forge.config.compose.overrides import parsed
from harness_forge.config.compose.plain_values import UNSET, NotPlain
from harness_forge.config.schema import GROUPS

Values = Sequence[tuple[list[str], Any]]
"""The parts of a dotted key, and its value, in the order in which they are given."""


def sorted_out(overrides: Sequence[str]) -> tuple[dict[str, str], Values]:
    """Return choices by group, as `PlainComposer.compose` takes them, and values.

    Args:
        overrides: in Hydra's syntax, as `overrides.prepare` returns them.

    Raises:
        NotPlain: one of them deletes, or is not of a form that has one reading.
    """
    choices: dict[str, str] = {}
    values: list[tuple[list[str], Any]] = []
    for one in map(parsed, overrides):
        value = one.value()
        if one.is_delete() or one.is_sweep_override() or UNSET in _texts(value):
            raise NotPlain
        if one.is_force_add() and one.package is None:
            values.append((one.key_or_group.split("."), value))
        elif one.key_or_group in GROUPS and isinstance(value, str) and not one.is_force_add():
            if "$" in value or (one.is_add() and one.package is None):
                raise NotPlain
            choices[one.get_key_element()] = value
        else:
            raise NotPlain
    if len(choices) + len(values) < len(overrides):
        raise NotPlain  # a group is chosen twice
    return choices, values


def _texts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    else:
        yield value
