"""Reads a YAML file with the line of each of its keys; a fault names file and line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from harness_forge.config.compose import project, unquoted
from harness_forge.core.errors import ConfigError


def read(path: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    """Return what a file holds, and the line of each key.

    Raises:
        ConfigError: it cannot be read, is no YAML or holds no mapping.
    """
    import yaml
    from omegaconf.errors import KeyValidationError, OmegaConfBaseException

    where = project.shown(path)
    try:
        data, lines = _parsed(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        # A bracket that is open to the end of the file stands where it opened.
        flow = error.context_mark if "flow" in (error.context or "") else None
        mark = flow or error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = f"is not valid YAML: {error.problem}"
        raise ConfigError(f"{where}:{line}", what, _yaml_hint(what, path, line)) from error
    except KeyValidationError as error:
        fault = unquoted.null_fault(path, path.read_text(encoding="utf-8"))
        raise fault or ConfigError(where, str(error).splitlines()[0]) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, OmegaConfBaseException) as error:
        raise ConfigError(where, f"cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(data, dict):
        raise ConfigError(where, "must hold a mapping of keys")
    # The caller may take keys out.
    return dict(data), lines


def _yaml_hint(what: str, path: Path, line: int) -> str:
    if "duplicate key" in what:
        return "write it once, with all that belongs to it"
    if "']'" in what or "'}'" in what:
        return "a list in [ ] or a mapping in { } is not closed, or a comma between two is missing"
    lines = path.read_text(encoding="utf-8").splitlines()
    if "\t" in "".join(lines[line - 1 : line]):
        return "the line holds a tab: indent with spaces"
    return "a key is followed by a colon and a space; keys of one mapping are indented alike"


@cache
def _parsed(text: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    from omegaconf import OmegaConf

    loader = _loader()(text)
    node = loader.get_single_node()
    lines = dict(_lines(node, ()))
    data = loader.construct_document(node) if node else {}
    # OmegaConf decides what may be a key and a value.
    return OmegaConf.to_container(OmegaConf.create(data), resolve=False), lines


@cache
def _loader() -> type:
    """Return OmegaConf's own loader of YAML, with libyaml's parser where there is one."""
    import yaml
    from omegaconf import _utils

    own = _utils.get_yaml_loader()
    if not yaml.__with_libyaml__:
        return own

    class Loader(yaml.cyaml.CParser, own):
        def __init__(self, text: str) -> None:
            yaml.cyaml.CParser.__init__(self, text)
            yaml.constructor.SafeConstructor.__init__(self)
            yaml.resolver.Resolver.__init__(self)

    return Loader


def _lines(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _lines(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            here = (*path, str(number))
            yield here, value.start_mark.line + 1
            yield from _lines(value, here)
