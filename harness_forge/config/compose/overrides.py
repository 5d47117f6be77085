"""Reads overrides off a command line: checks each key, expands sweeps, rewrites shorthands."""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from harness_forge.config.compose.check import faults_in, faults_of_field, near
from harness_forge.config.compose.choices import choice_faults, known_keys
from harness_forge.config.compose.shapes import fields_of, unwrap
from harness_forge.config.schema import GROUPS, ForgeConfig
from harness_forge.core.errors import ConfigError, Faults

if TYPE_CHECKING:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import Override

COMMAND_LINE = "command line"
_BRACE = re.compile("[{}]")


def take_recipe(overrides: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the recipe that `recipe=NAME` picks, and the other overrides.

    Raises:
        ConfigError: it names none.
    """
    picked = [item.partition("=")[2] for item in overrides if item.startswith("recipe=")]
    if "" in picked:
        raise ConfigError(COMMAND_LINE, "recipe= names no recipe", "`forge ls recipe` lists them")
    others = [item for item in overrides if not item.startswith("recipe=")]
    return (picked[-1] if picked else None), others


def prepare(overrides: Sequence[str]) -> list[str]:
    """Check every key and value, and return overrides in Hydra's syntax.

    Raises:
        ConfigError: a fault; Faults if there are several.
    """
    faults: list[ConfigError] = []
    prepared: list[str] = []
    for text in itertools.chain.from_iterable(map(_spelled_out, overrides)):
        found = list(_faults(text))
        faults += found
        if not found:
            prepared.append(_hydra_form(text))
    if faults:
        raise faults[0] if len(faults) == 1 else Faults(faults)
    return prepared


def set_keys(text: str) -> list[str]:
    """Return the dotted keys that an override sets; none where it chooses a file of a group."""
    read = [parsed(one) for one in _spelled_out(text)]
    return [
        one.key_or_group
        for one in read
        if not one.is_delete() and (one.key_or_group not in GROUPS or isinstance(one.value(), dict))
    ]


def expand(overrides: Sequence[str]) -> list[list[str]]:
    """Return one list of overrides per combination of swept values.

    `policy=gold,mutated run.limit=1,2` makes four.
    """
    axes = []
    for text in map(_quoted, overrides):
        one = parsed(text) if "=" in text else None
        if one is not None and one.is_sweep_override():
            name = one.get_key_element()
            axes.append([f"{name}={value}" for value in one.sweep_string_iterator()])
        else:
            axes.append([text])
    return [list(job) for job in itertools.product(*axes)]


def _spelled_out(text: str) -> list[str]:
    # `policy=model:NAME` is the model policy with the adapter NAME; a sweep escapes the colon.
    for head in ("policy=model:", "policy=model\\:"):
        if text.startswith(head):
            return ["policy=model", f"policy.adapter={text.removeprefix(head)}"]
    return [_quoted(text)]


def _quoted(text: str) -> str:
    """Quote a value with braces where the key is a text.

    `source.mapping.item={task}` is a template; Hydra would look for a dict there. Which brace
    of it has no partner its reader says.
    """
    key, equals, value = text.partition("=")
    if not _BRACE.search(value) or "${" in value or value[:1] in ("'", '"') or not _is_text(key):
        return text
    try:
        if isinstance(parsed(text).value(), str):
            return text
    except ConfigError:
        pass
    held = re.sub(r"(\\*)('|$)", lambda at: at[1] * 2 + ("\\'" if at[2] else ""), value)
    return f"{key}{equals}'{held}'"


def _is_text(key: str) -> bool:
    kind: Any = ForgeConfig
    for part in key.lstrip("+").split("."):
        inner, _ = unwrap(kind)
        if typing.get_origin(inner) is dict:  # of names that the user gives, as `signals`
            kind = typing.get_args(inner)[1]
            continue
        if not dataclasses.is_dataclass(inner) or part not in fields_of(inner):
            return False
        kind = fields_of(inner)[part]
    return unwrap(kind)[0] is str


@lru_cache
def parsed(text: str) -> Override:
    """Return an override as Hydra's parser reads it; it is looked at several times.

    Raises:
        ConfigError: it cannot be read.
    """
    from hydra.errors import HydraException

    try:
        return _parser().parse_override(text)
    except HydraException as error:
        how = "quote a value with spaces, commas or brackets: \"key='a, b'\""
        if text.count("{") != text.count("}"):
            how = "a brace in it has no partner"
        raise ConfigError(
            COMMAND_LINE, f"cannot read {text!r}", f"write key=value; {how}"
        ) from error


@cache
def _parser() -> OverridesParser:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser.create()


def _faults(text: str) -> Iterator[ConfigError]:
    if text.startswith("--"):
        yield ConfigError(
            COMMAND_LINE, f"unknown flag {text!r}", "`--help` after the verb has its flags"
        )
        return
    if "=" not in text and not text.startswith("~"):
        hint = near(text, GROUPS, "groups")
        if text in GROUPS:
            hint = f"{text}=NAME chooses one: `forge ls {text}` lists them"
        yield ConfigError(COMMAND_LINE, f"{text!r} is not key=value", hint)
        return
    try:
        one = parsed(text)
    except ConfigError as error:
        # Of a key that there is not, no value can be quoted rightly.
        key = text.partition("=")[0].lstrip("+")
        unknown = key not in GROUPS and next(_key_faults(key, None, deleted=True), None)
        yield unknown or error
        return
    if one.is_sweep_override():
        hint = f"add -m to run once for each; a list is {one.key_or_group}=[a,b]"
        yield ConfigError(f"{COMMAND_LINE}: {one.key_or_group}", "several values", hint)
    elif one.key_or_group in GROUPS and not isinstance(one.value(), dict):
        if not one.is_delete():
            yield from choice_faults(COMMAND_LINE, one.key_or_group, one.value())
    else:
        yield from _key_faults(one.key_or_group, one.value(), one.is_delete())


def _key_faults(key: str, value: Any, deleted: bool) -> Iterator[ConfigError]:
    """Follow a dotted key through the dataclasses, then check its value."""
    kind: Any = ForgeConfig
    path: tuple[str, ...] = ()
    for part in key.split("."):
        inner, _ = unwrap(kind)
        hints = fields_of(inner) if dataclasses.is_dataclass(inner) else None
        if hints is not None and part in hints:
            kind, owner = hints[part], inner
        elif typing.get_origin(inner) is dict:
            kind, owner = typing.get_args(inner)[1], None
        elif inner is Any:
            owner = None  # keys under it are checked by their reader
        else:
            yield _unknown(key, (*path, part), hints)
            return
        path = (*path, part)
    if not deleted and owner:
        yield from faults_of_field(value, owner, path, lambda _: COMMAND_LINE)
    elif not deleted:
        yield from faults_in(value, kind, path, lambda _: COMMAND_LINE)


def _unknown(key: str, path: tuple[str, ...], hints: dict | None) -> ConfigError:
    where = f"{COMMAND_LINE}: {'.'.join(path)}"
    if hints is None:
        return ConfigError(where, "unknown key", f"{'.'.join(path[:-1])} has no keys of its own")
    # The right name under the wrong section is the commonest slip.
    section, _, last = key.rpartition(".")
    elsewhere = [known for known in known_keys() if known.rpartition(".")[2] == last]
    if elsewhere:
        closest = max(elsewhere, key=lambda known: _alike(known.rpartition(".")[0], section))
        return ConfigError(where, "unknown key", f"did you mean {closest!r}?")
    return ConfigError(where, "unknown key", near(path[-1], hints))


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _hydra_form(text: str) -> str:
    key = parsed(text).key_or_group
    if text.startswith(("+", "~")) or key in GROUPS:
        return text
    # The key was checked above; '++' lets it add a name to a mapping as well as set one.
    parts = key.split(".")
    depth = _sections(parts)
    if not depth or len(parts) < depth + 2:
        return f"++{text}"
    # A new step, workset or condition has to arrive whole for OmegaConf to know its type.
    value = text.partition("=")[2]
    for part in reversed(parts[depth:]):
        value = f"{{{part}:{value}}}"
    return f"++{'.'.join(parts[:depth])}={value}"


def _sections(parts: Sequence[str]) -> int:
    """Return how many parts of a key lead to a mapping of named sections; 0 for none."""
    kind: Any = ForgeConfig
    for depth, part in enumerate(parts, 1):
        kind = fields_of(kind)[part]
        if typing.get_origin(kind) is dict and dataclasses.is_dataclass(typing.get_args(kind)[1]):
            return depth
        if not dataclasses.is_dataclass(kind):
            break
    return 0
