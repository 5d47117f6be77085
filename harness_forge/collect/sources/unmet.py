"""Places that a mapping names and no record has, and an item that all records have in common.

Neither is a fault by itself: a field may be one that only some files have. But a slip in a
name looks the same, and rows without a verdict or of one item come of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.templates import MappingTemplate
from harness_forge.core.escapes import plain
from harness_forge.core.hints import closest

_LOOKED_AT = 20
"""Records whose fields are remembered, to say which may be meant."""
_DEEP = 4
_ALIKE, _NEARLY_THE_SAME = 0.6, 0.8
_SHOWN = 8
_SAID_ELSEWHERE = (
    *("source.mapping.item", "source.mapping.messages", "source.mapping.prompt"),
    *("source.mapping.request", "source.mapping.response"),
)
"""Keys without which a record does not fit, which is said of each."""
_SEVERAL = 2
"""Records from which a field that none of them has is told: one may well lack it."""
_MANY = 5
"""Records from which one item is told: a few tries at one thing are no surprise."""


class UnmetPlaces:
    """What records of one file have of what a mapping names.

    Args:
        templates: of the mapping.
        passed_over: keys that are of no use here.
    """

    def __init__(self, templates: Templates, *passed_over: str) -> None:
        self._templates = templates
        keys = {*_SAID_ELSEWHERE, *passed_over}
        self._unmet = {one.key: one for one in templates.texts() if one.key not in keys}
        self._unmet = {key: one for key, one in self._unmet.items() if _is_of_records(one)}
        self._fields: dict[str, None] = {}
        self._items: set[str] = set()
        self._records = 0

    def add(self, scope: Mapping[str, Any], item: str) -> None:
        """Look at one record.

        Args:
            scope: what its templates may name.
            item: the item that it is of.
        """
        self._records += 1
        if len(self._items) < 2:
            self._items.add(item)
        if self._unmet and self._records <= _LOOKED_AT:
            self._fields |= dict.fromkeys(_fields(scope))
        for key in [key for key, one in self._unmet.items() if one.value(scope) is not None]:
            del self._unmet[key]

    def said(self) -> list[str]:
        """Return a sentence about each place that no record has, and about the only item."""
        if self._records < _SEVERAL:
            return []
        lines = [line for one in self._unmet.values() if (line := self._line(one))]
        if len(self._items) == 1 and self._records >= _MANY:
            [item] = self._items
            lines.append(
                f"all {self._records} records are tries at one item, {item[:60]!r}: if they are"
                " not, source.mapping.item must name a field that tells them apart"
            )
        return [plain(line) for line in lines]

    def _line(self, one: MappingTemplate) -> str:
        """Return what to say of a place; '' of a field that files may lack, unless one is near."""
        if any(path in self._fields for path in one.paths):
            there = f"{one.key}={one.text!r} names a field that holds nothing in any record"
            return f"{there}, so none has a verdict" if one.key.endswith(".outcome") else ""
        meant = self._meant(one)
        if not one.key.endswith(".outcome"):
            said = f"no record has what {one.key}={one.text!r} names"
            return f"{said}: did you mean '{{{meant}}}'?" if meant else ""
        listed = ", ".join([*list(self._fields)[:_SHOWN], *["…"][: len(self._fields) > _SHOWN]])
        hint = f"did you mean '{{{meant}}}'?" if meant else f"there are {listed}"
        return f"no record has what {one.key}={one.text!r} names, so none has a verdict: {hint}"

    def _meant(self, one: MappingTemplate) -> str:
        for path in one.paths:
            last = path.rpartition(".")[2]
            same = (known for known in self._fields if known.rpartition(".")[2] == last)
            alike = _ALIKE if one.key.endswith(".outcome") else _NEARLY_THE_SAME
            if near := next(same, "") or closest(path, self._fields, alike):
                return near
        return ""


def _is_of_records(one: MappingTemplate) -> bool:
    """Return whether a text names fields of records, and nothing in their place."""
    return bool(one.paths) and not any(path.startswith("@") for path in one.paths)


def _fields(value: Mapping[str, Any], above: str = "", depth: int = 1) -> Iterator[str]:
    for key, inner in value.items():
        if str(key).startswith("@"):
            continue
        yield above + str(key)
        if isinstance(inner, Mapping) and depth < _DEEP:
            yield from _fields(inner, f"{above}{key}.", depth + 1)
