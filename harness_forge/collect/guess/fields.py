"""Every place in some records that holds a value: how often, and an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.core.numbers import percent

_DEEP = 4
"""Levels of objects within a record that are looked at."""


@dataclass(frozen=True, slots=True)
class Field:
    """One place.

    Args:
        path: as a mapping names it.
        values: of the records that have it, in their order.
        share: of the records that have it, 0 to 1.
        of: what has it: records, or the messages in them.
        at: which of the records has each of the values.
    """

    path: str
    values: Sequence[Any]
    share: float
    of: str = "records"
    at: Sequence[int] = ()

    @property
    def key(self) -> str:
        """The last step of its path, in small letters."""
        return self.path.rsplit(".", 1)[-1].strip("'\"").lower()

    @property
    def depth(self) -> int:
        """How many steps its path has beyond the first."""
        return self.path.count(".") if "'" not in self.path else self.path.count("'.") + 1

    @property
    def seen_in(self) -> str:
        """How many of the records have it, in words."""
        return f"all {self.of}" if self.share == 1 else f"{percent(self.share)} of {self.of}"

    def is_words(self) -> bool:
        """Return whether all its values are texts or whole numbers: names, perhaps."""
        return all(isinstance(one, str | int) and not isinstance(one, bool) for one in self.values)


def fields(records: Sequence[Mapping[str, Any]]) -> list[Field]:
    """Return every place of the records, those of most records and nearest to the top first."""
    found: dict[str, dict[int, Any]] = {}
    for number, record in enumerate(records):
        for path, value in _places(record):
            found.setdefault(path, {})[number] = value
    made = [
        Field(path, list(held.values()), len(held) / len(records), at=list(held))
        for path, held in found.items()
    ]
    return sorted(made, key=lambda one: (-one.share, one.depth))


def _places(value: Mapping[str, Any], above: str = "", depth: int = 0) -> Iterator[tuple]:
    for key, inner in value.items():
        if inner is None or inner == "":
            continue
        path = above + step(str(key), first=not above)
        yield path, inner
        if isinstance(inner, Mapping) and depth < _DEEP:
            yield from _places(inner, f"{path}.", depth + 1)


def step(key: str, *, first: bool) -> str:
    """Return a key as a step of a path, in quotes where it must be."""
    if key and all(mark not in key for mark in ".{}|'\"*#"):
        return key
    if "'" not in key and not first:
        return f"'{key}'"
    return f'"{key}"'
