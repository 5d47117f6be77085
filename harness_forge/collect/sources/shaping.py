"""The records of a file, put into the shape that a mapping is laid on.

In this order: the format's own reading, lines that belong together as one record
(`source.group`), the elements of a list within a record as records (`source.explode`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats import known
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.scanning import records_hint
from harness_forge.collect.sources.templates import MappingTemplate, Misfit, reached
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.collect.sources.wrapped import lists_in
from harness_forge.config.source import SourceConfig

LINES = "lines"
"""Key of a record put together of lines, under which it has all of them."""


def records(path: Path, config: SourceConfig) -> Iterator[LocatedValue | LeftOut]:
    """Yield what a file holds, in its order.

    Raises:
        ConfigError: the format is none.
    """
    if config.format:
        form = known.named(config.format)
        laid = form.opened(path, config.max_line_mb << 20) if form.opened else None
        found = form.read(
            _values(path, config) if laid is None else laid,
            path,
            partial(known.hint, name=form.name),
        )
    elif config.group:
        found = _grouped(path, config)
    else:
        found = _values(path, config)
    return _exploded(found, config.explode) if config.explode else found


def is_one_session(config: SourceConfig) -> bool:
    """Return whether what is added to a file changes what records before it say."""
    return bool(config.group) or (bool(config.format) and known.named(config.format).whole)


def is_read_by_format(path: Path, config: SourceConfig) -> bool:
    """Return whether a file is no JSON text, and of a kind that its format reads itself."""
    form = known.named(config.format) if config.format else None
    return bool(form and form.opened and form.opened(path, 0) is not None)


def misfit(
    value: LocatedValue, error: Exception, templates: Templates, config: SourceConfig
) -> LeftOut:
    """Return a record that does not fit as left out; say what reads it, where that is known.

    That is the source of the format that it looks like, or the list in it that may hold
    the records. Nothing is said of lists in a record that has messages: it is one itself,
    at fault elsewhere.

    Args:
        templates: of the mapping.
    """
    whole = value.value if isinstance(value.value, Mapping) else {}
    hint = "" if config.format else known.hint(whole, config.name)
    if not hint and not config.records and not templates.value("messages", whole):
        found = list(lists_in(whole))
        hint = records_hint(found[0]) if len(found) == 1 else ""
    if not hint and config.group and str(error.args[0]).endswith("without a role"):
        hint = "; if such lines are no messages: source.mapping.roles.none=skip"
    return LeftOut(value.place, "misfit", f"{error.args[0]}{hint}", malformed=True)


def _values(path: Path, config: SourceConfig) -> Iterator[LocatedValue | LeftOut]:
    return values(path, config.layout, config.max_line_mb, config.records)


def _grouped(path: Path, config: SourceConfig) -> Iterator[LocatedValue | LeftOut]:
    """Yield the lines of each group as one record, when its last one was read.

    The file is read twice: groups may lie between each other, and only those that are
    open are held.
    """
    template = MappingTemplate("source.group", config.group)
    facts = Templates(config.mapping).scope_of(path)
    left = Counter(
        _group_of(value, template, facts)
        for value in _values(path, config)
        if isinstance(value, LocatedValue)
    )
    held: dict[str | None, list[Any]] = {}
    for value in _values(path, config):
        if isinstance(value, LeftOut):
            yield value
            continue
        name = _group_of(value, template, facts)
        if name is None:
            said = f"no group at {config.group}"
            yield LeftOut(value.place, "misfit", said, malformed=True)
            continue
        held.setdefault(name, []).append(value.value)
        left[name] -= 1
        if not left[name]:
            lines = held.pop(name)
            yield LocatedValue(value.place, {**lines[0], "@group": name, LINES: lines})


def _group_of(
    value: LocatedValue, template: MappingTemplate, facts: Mapping[str, Any]
) -> str | None:
    if not isinstance(value.value, Mapping):
        return None
    return template.word({**value.value, **facts, "@line": value.place}) or None


def _exploded(
    found: Iterator[LocatedValue | LeftOut], path: str
) -> Iterator[LocatedValue | LeftOut]:
    for value in found:
        if isinstance(value, LeftOut):
            yield value
            continue
        try:
            inner = _elements(value.value, path)
        except Misfit as error:
            yield LeftOut(value.place, "misfit", error.args[0], malformed=True)
            continue
        outer = value.value
        for number, one in enumerate(inner, 1):
            if isinstance(one, Mapping):
                yield LocatedValue(value.place, {**outer, **one, "@outer": outer, "@index": number})
            else:
                said = f"element {number} of {path} is a {type(one).__name__}, not an object"
                yield LeftOut(value.place, "misfit", said, malformed=True)
        if not inner:
            yield LeftOut(value.place, "no_records", f"{path} is empty")


def _elements(record: Any, path: str) -> list[Any]:
    """Return the list that a record is taken apart by; of an object its values, named by `@key`.

    Raises:
        Misfit: there is none.
    """
    inner = reached(path, record) if isinstance(record, Mapping) else None
    if isinstance(inner, Mapping):
        return [
            {**one, "@key": key} if isinstance(one, Mapping) else one for key, one in inner.items()
        ]
    if not isinstance(inner, list):
        raise Misfit(f"no list at {path}, which source.explode names")
    return inner
