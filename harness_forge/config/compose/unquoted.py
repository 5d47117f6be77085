"""Keys that YAML takes for something else than a text: `off`, `yes`, `1`, `~`."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from harness_forge.config.compose import project
from harness_forge.config.compose.shapes import fields_of, unwrap
from harness_forge.core.errors import ConfigError

_NULL = "tag:yaml.org,2002:null"
_READ_AS = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    _NULL: "nothing",
}


def key_faults(path: Path, kind: type, key: tuple[str, ...]) -> Iterator[ConfigError]:
    """Yield a fault for each key of a file that must be a text and is read as something else.

    Args:
        path: a file that is valid YAML.
        kind: what the file fills.
        key: where in the config that is.
    """
    for line, found, word, tag in _unquoted(path.read_text(encoding="utf-8"), kind, key):
        yield _fault(f"{project.shown(path)}:{line}: {'.'.join(found)}", word, tag)


def null_fault(path: Path, text: str) -> ConfigError | None:
    """Return the fault of the first key that YAML reads as nothing: no reader takes such a file."""
    import yaml

    nodes = [yaml.compose(text)]
    for node in nodes:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        for key, value in pairs:
            if key.tag == _NULL:
                where = f"{project.shown(path)}:{key.start_mark.line + 1}"
                return _fault(where, str(key.value), _NULL)
            nodes.append(value)
    return None


def _fault(where: str, word: str, tag: str) -> ConfigError:
    what = f"YAML reads the key {word} as {_READ_AS[tag]}, and a key is a text"
    return ConfigError(where, what, f"quote it: '{word}':")


@cache
def _unquoted(text: str, kind: type, key: tuple[str, ...]) -> list[tuple[int, tuple, str, str]]:
    import yaml

    return list(_in_node(yaml.compose(text), kind, key))


def _in_node(
    node: Any, kind: Any, path: tuple[str, ...]
) -> Iterator[tuple[int, tuple[str, ...], str, str]]:
    """Yield line, place, word and tag of each such key; a mapping of anything may have any key."""
    import yaml

    inner, _ = unwrap(kind)
    hints = fields_of(inner) if dataclasses.is_dataclass(inner) else None
    if not isinstance(node, yaml.MappingNode):
        return
    if hints is None and typing.get_origin(inner) is not dict:
        return
    for key, value in node.value:
        here = (*path, str(key.value))
        if key.tag in _READ_AS:
            yield key.start_mark.line + 1, here, str(key.value), key.tag
        elif hints is None:
            yield from _in_node(value, typing.get_args(inner)[1], here)
        elif key.value in hints:
            yield from _in_node(value, hints[key.value], here)
