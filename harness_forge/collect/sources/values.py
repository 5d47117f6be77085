"""A JSON value with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)  # frozen would take a microsecond more a record
class LocatedValue:
    """A JSON value and its place.

    Args:
        place: the line it begins in; in a file that begins with an array, its
            number. From 1.
        text: what it was read from, for what a value does not keep, such as
            the digits of 1.10.
    """

    place: int
    value: Any
    text: str | bytes = field(default="", compare=False, repr=False)
