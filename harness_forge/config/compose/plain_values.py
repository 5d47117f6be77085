"""Merges plain containers as OmegaConf does, and follows the references in them.

Only what has one reading is done: `${section.key}` alone or within a text, and
the variables that a key may read. `NotPlain` leaves the rest to OmegaConf.
"""

from __future__ import annotations

import dataclasses
import os
import re
import typing
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any

from harness_forge.config.compose.shapes import fields_of, flatten, unwrap
from harness_forge.config.compose.variables import unfit
from harness_forge.config.schema import ForgeConfig

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\}")
_PLAIN_TEXT = re.compile(rf"(?:[^$\\]|{_REFERENCE.pattern})*")
_VARIABLE = re.compile(r"\$\{oc\.env:(\w+)\}")
_SIMPLE = (str, int, float, bool)
UNSET = "???"
"""What stands for a value that is left open."""


class NotPlain(Exception):
    """There is something that only Hydra can tell the meaning of."""


@cache
def defaults(kind: Any) -> Any:
    """Return a dataclass with its defaults as plain containers, which nobody may change."""
    return _filled(kind, {})


def merged(below: Any, above: Any) -> Any:
    """Return `above` merged over `below`: mappings key by key, anything else replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        added = {
            key: merged(below[key], value) if key in below else value
            for key, value in above.items()
        }
        return below | added
    if isinstance(below, dict):
        raise NotPlain
    if above == UNSET and not isinstance(below, list):
        return below  # a value left open takes none away
    if isinstance(below, list):
        replaces = isinstance(above, list) or _refers(above)
    else:
        replaces = below is None or not isinstance(above, dict | list)
    if not replaces:
        raise NotPlain
    return above


def resolved(config: dict[str, Any], leave_open: bool) -> dict[str, Any]:
    """Return a merged config with every key, its references followed, each value as its type.

    Args:
        leave_open: let a variable that is not set and a key without a value pass.

    Raises:
        NotPlain: something is missing, does not fit or has to be left to OmegaConf.
    """
    return _Resolver(_filled(ForgeConfig, config), leave_open).walk(ForgeConfig, "")


def _filled(kind: Any, value: Any) -> Any:
    """Return `value` with the defaults of keys that are not set, as OmegaConf fills them in."""
    if not isinstance(value, dict):
        return value
    inner, _ = unwrap(kind)
    if dataclasses.is_dataclass(inner):
        hints = fields_of(inner)
        if not all(isinstance(key, str) and key in hints for key in value):
            raise NotPlain
        return {
            field.name: _filled(hints[field.name], value[field.name])
            if field.name in value
            else _default(field, hints[field.name])
            for field in dataclasses.fields(inner)
        }
    if not all(isinstance(key, str) for key in value):
        raise NotPlain
    of = typing.get_args(inner)[1] if typing.get_origin(inner) is dict else Any
    return {name: _filled(of, item) for name, item in value.items()}


def _default(field: dataclasses.Field, hint: Any) -> Any:
    if dataclasses.is_dataclass(hint):
        return defaults(hint)
    if field.default_factory is not dataclasses.MISSING:
        return _filled(hint, flatten(field.default_factory()))
    return UNSET if field.default is dataclasses.MISSING else flatten(field.default)


class _Resolver:
    """Follows references within one config."""

    def __init__(self, config: dict[str, Any], leave_open: bool) -> None:
        self._config = config
        self._leave_open = leave_open

    def walk(self, kind: Any, key: str) -> Any:
        return self._value(kind, self._config, key)

    def _value(self, kind: Any, value: Any, key: str) -> Any:
        inner, optional = unwrap(kind)
        if isinstance(value, str) and value == UNSET:
            if not self._leave_open:
                raise NotPlain
            return value
        if _refers(value):
            return self._followed(kind, value, key)
        if value is None:
            if not optional and inner is not Any:
                raise NotPlain
            return None
        if isinstance(value, dict):
            return {
                name: self._value(of, value[name], f"{key}.{name}" if key else name)
                for name, of in _parts(inner, value)
            }
        if isinstance(value, list):
            return self._list(inner, value, key)
        return converted(value, inner)

    def _list(self, inner: Any, value: list[Any], key: str) -> list[Any]:
        if inner is not Any and typing.get_origin(inner) is not list:
            raise NotPlain
        of = Any if inner is Any else typing.get_args(inner)[0]
        return [self._value(of, item, f"{key}[{at}]") for at, item in enumerate(value)]

    def _followed(self, kind: Any, text: str, key: str) -> Any:
        if unfit(key, text):
            raise NotPlain
        if variable := _VARIABLE.fullmatch(text):
            return self._variable(unwrap(kind)[0], variable[1])
        if not _PLAIN_TEXT.fullmatch(text):
            raise NotPlain
        if whole := _REFERENCE.fullmatch(text):
            return self._referred(kind, whole[1])
        return converted(_REFERENCE.sub(lambda at: self._word(at[1]), text), unwrap(kind)[0])

    def _variable(self, inner: Any, name: str) -> Any:
        value = os.environ.get(name)
        if value is None and self._leave_open:
            return UNSET
        if value is None or "$" in value or value == UNSET:
            raise NotPlain
        return converted(value, inner)

    def _referred(self, kind: Any, path: str) -> Any:
        of, value = self._found(path)
        inner, target = unwrap(kind)[0], unwrap(of)[0]
        # A list, a word of a closed set: only where both are of one type.
        simple = inner in _SIMPLE and target in _SIMPLE
        if value is None or isinstance(value, dict) or not (simple or inner in (target, Any)):
            raise NotPlain
        if inner is Any and _is_enum(target):
            return target[value]
        return converted(value, inner) if simple else value

    def _word(self, path: str) -> str:
        of, value = self._found(path)
        if unwrap(of)[0] not in (str, int) or not isinstance(value, str | int):
            raise NotPlain
        return str(value)

    def _found(self, path: str) -> tuple[Any, Any]:
        """Return type and value of another key, its own references followed."""
        kind, value = ForgeConfig, self._config
        for part in path.split("."):
            if not isinstance(value, dict) or part not in value:
                raise NotPlain
            kind = dict(_parts(unwrap(kind)[0], value))[part]
            value = value[part]
        value = self._value(kind, value, path)
        if isinstance(value, str) and value == UNSET:
            raise NotPlain
        return kind, value


def _parts(kind: Any, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the keys of a mapping and their types."""
    if dataclasses.is_dataclass(kind):
        yield from fields_of(kind).items()
    elif kind is Any or typing.get_origin(kind) is dict:
        of = Any if kind is Any else typing.get_args(kind)[1]
        yield from ((name, of) for name in value)
    else:
        raise NotPlain


def _refers(value: Any) -> bool:
    return isinstance(value, str) and "${" in value


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def converted(value: Any, kind: Any) -> Any:
    """Return a leaf as its type has it.

    Raises:
        NotPlain: it does not fit.
    """
    if kind is Any or type(value) is kind:
        return value
    if _is_enum(kind) and isinstance(value, str) and value in kind.__members__:
        return value
    return _by_omegaconf(value, kind)


def _by_omegaconf(value: Any, kind: Any) -> Any:
    from omegaconf import BooleanNode, FloatNode, IntegerNode, StringNode, ValidationError

    nodes = {bool: BooleanNode, int: IntegerNode, float: FloatNode, str: StringNode}
    if kind not in nodes:
        raise NotPlain
    try:
        return nodes[kind](value=value)._value()
    except ValidationError as error:
        raise NotPlain from error
