"""Converts between frozen dataclasses and the shapes that OmegaConf can merge.

OmegaConf makes a frozen dataclass read-only, so that no recipe could fill it.
Hydra therefore gets unfrozen copies of the same shape, and the program gets the
frozen originals back.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import Enum
from functools import cache
from typing import Any


def fields_of(kind: type) -> dict[str, Any]:
    """Return the fields of a dataclass by name, their types resolved."""
    return _hints(kind)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


@cache  # a composition asks for it a thousand times
def unwrap(kind: Any) -> tuple[Any, bool]:
    """Return a type without its `| None`, and whether it had one."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(kind) if part is not type(None)]
        if len(parts) == 1:
            return parts[0], True
    return kind, False


@cache
def thaw(kind: type) -> type:
    """Return an unfrozen dataclass of the same shape, which OmegaConf can merge into."""
    defaults = {field.name: field for field in dataclasses.fields(kind)}
    thawed_fields = []
    for name, hint in fields_of(kind).items():
        thawed = _thawed(hint)
        if dataclasses.is_dataclass(thawed):
            default = dataclasses.field(default_factory=thawed)
        else:
            origin = defaults[name]
            default = dataclasses.field(
                default=origin.default, default_factory=origin.default_factory
            )
        thawed_fields.append((name, thawed, default))
    return dataclasses.make_dataclass(kind.__name__, thawed_fields)


def _thawed(kind: Any) -> Any:
    inner, optional = unwrap(kind)
    if optional:
        return typing.Optional[_thawed(inner)]  # noqa: UP045 - built at run time
    if dataclasses.is_dataclass(inner):
        return thaw(inner)
    if typing.get_origin(inner) is dict:
        return dict[str, _thawed(typing.get_args(inner)[1])]
    if typing.get_origin(inner) is list:
        return list[_thawed(typing.get_args(inner)[0])]
    return inner


def build(kind: Any, value: Any) -> Any:
    """Build dataclass objects from plain containers."""
    inner, _ = unwrap(kind)
    if isinstance(value, dict) and dataclasses.is_dataclass(inner):
        hints = fields_of(inner)
        return inner(**{name: build(hints[name], item) for name, item in value.items()})
    if isinstance(value, dict) and typing.get_origin(inner) is dict:
        element = typing.get_args(inner)[1]
        return {name: build(element, item) for name, item in value.items()}
    if isinstance(value, list) and typing.get_origin(inner) is list:
        element = typing.get_args(inner)[0]
        return [build(element, item) for item in value]
    if isinstance(value, str) and isinstance(inner, type) and issubclass(inner, Enum):
        return inner[value]
    return value


def flatten(value: Any) -> Any:
    """Convert dataclass objects to plain containers for YAML."""
    if dataclasses.is_dataclass(value):
        names = (field.name for field in dataclasses.fields(value))
        return {name: flatten(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {name: flatten(item) for name, item in value.items()}
    if isinstance(value, list):
        return [flatten(item) for item in value]
    return value.name if isinstance(value, Enum) else value
