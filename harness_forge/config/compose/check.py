"""Checks a value against a dataclass, key by key.

Hydra stops at the first fault and speaks of its own machinery. This walks the
same data against the same types, reports every fault, and knows the line.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Any

from harness_forge.config.compose.shapes import fields_of, unwrap
from harness_forge.config.limits import slip_in
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean

Path = tuple[str, ...]
Place = Callable[[Path], str]
"""Gives file and line, or 'command line', of a key."""

_WANTED = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}


def near(word: str, known: Iterable[str], what: str = "keys") -> str:
    """Return a hint: the closest match for `word`, and the known names."""
    known = list(known)
    listed = f"known {what}: {', '.join(known)}" if known else f"there are no {what}"
    return did_you_mean(word, known) + listed


def faults_in(value: Any, kind: Any, path: Path, place: Place) -> Iterator[ConfigError]:
    """Yield a fault for each key or value under `path` that does not fit `kind`.

    Interpolations (`${...}`) are passed over: what they come to is known only
    after composition.
    """
    inner, optional = unwrap(kind)
    if _interpolated(value):
        return
    if value is None:
        if not optional:
            yield _fault(place, path, "must not be empty")
    elif dataclasses.is_dataclass(inner):
        yield from _in_dataclass(value, inner, path, place)
    elif typing.get_origin(inner) is dict:
        yield from _in_mapping(value, typing.get_args(inner)[1], path, place)
    elif typing.get_origin(inner) is list:
        yield from _in_list(value, typing.get_args(inner)[0], path, place)
    elif inner is not Any:
        yield from _in_leaf(value, inner, path, place)


def faults_of_field(value: Any, owner: type, path: Path, place: Place) -> Iterator[ConfigError]:
    """Yield a fault for each thing that is wrong with the value of a dataclass's field.

    Args:
        owner: the dataclass; the field is the last part of `path`.
    """
    (field,) = (one for one in dataclasses.fields(owner) if one.name == path[-1])
    if value is None and field.default == "":
        hint = f"an empty text leaves it out: {'.'.join(path)}=''"
        yield _fault(place, path, "must not be null", hint)
        return
    found = list(faults_in(value, fields_of(owner)[path[-1]], path, place))
    yield from found
    if not found and not _interpolated(value) and (slip := slip_in(field.metadata, value)):
        yield _fault(place, path, *slip)


def _interpolated(value: Any) -> bool:
    return isinstance(value, str) and ("${" in value or value == "???")


def _in_dataclass(value: Any, kind: type, path: Path, place: Place) -> Iterator[ConfigError]:
    hints = fields_of(kind)
    if not isinstance(value, dict):
        hint = f"its keys: {', '.join(hints)}"
        yield _fault(place, path, f"must be a mapping, not {value!r}", hint)
        return
    for key, item in value.items():
        if key in hints:
            yield from faults_of_field(item, kind, (*path, key), place)
        else:
            yield _fault(place, (*path, str(key)), "unknown key", near(str(key), hints))


def _in_mapping(value: Any, kind: Any, path: Path, place: Place) -> Iterator[ConfigError]:
    if not isinstance(value, dict):
        yield _fault(place, path, f"must be a mapping of names, not {value!r}")
        return
    for key, item in value.items():
        yield from faults_in(item, kind, (*path, str(key)), place)


def _in_list(value: Any, kind: Any, path: Path, place: Place) -> Iterator[ConfigError]:
    if not isinstance(value, list):
        hint = f"write {path[-1]}=[{value}]" if path else ""
        yield _fault(place, path, f"must be a list, not {value!r}", hint)
        return
    for number, item in enumerate(value):
        yield from faults_in(item, kind, (*path, str(number)), place)


def _in_leaf(value: Any, kind: type, path: Path, place: Place) -> Iterator[ConfigError]:
    if issubclass(kind, Enum):
        if str(value) not in kind.__members__:
            hint = near(str(value), kind.__members__, "values")
            yield _fault(place, path, f"unknown value {str(value)!r}", hint)
    elif isinstance(value, dict | list) or not _fits(value, kind):
        yield _fault(place, path, f"must be {_WANTED[kind]}, not {value!r}")


def _fits(value: Any, kind: type) -> bool:
    if type(value) is kind:
        return True
    # OmegaConf's own nodes decide, so that this never disagrees with the composition.
    from omegaconf import BooleanNode, FloatNode, IntegerNode, StringNode, ValidationError

    nodes = {bool: BooleanNode, int: IntegerNode, float: FloatNode, str: StringNode}
    try:
        nodes[kind](value=value)
    except ValidationError:
        return False
    return True


def _fault(place: Place, path: Path, what: str, hint: str = "") -> ConfigError:
    where = place(path)
    return ConfigError(f"{where}: {'.'.join(path)}" if path else where, what, hint)
