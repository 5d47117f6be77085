"""What a single value may be, said beside its field.

The composition looks at it, so that a slip is named before anything that a
machine may lack is looked for, and `forge validate` finds it too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import field
from typing import Any

from harness_forge.core.hints import did_you_mean

Slip = Callable[[Any], tuple[str, str] | None]
"""Returns what is wrong with a value and what to do, or None if nothing is."""

_KEY = "slip"


def limited(default: Any, slip: Slip, *, shown: bool = True) -> Any:
    """Return a field with this default whose values are looked at by `slip`.

    Args:
        shown: false leaves it out of the text of its dataclass.
    """
    return field(default=default, metadata=limit(slip), repr=shown)


def limit(slip: Slip) -> dict[str, Slip]:
    """Return the metadata of a field whose values are looked at by `slip`."""
    return {_KEY: slip}


def slip_in(metadata: Any, value: Any) -> tuple[str, str] | None:
    """Return what is wrong with a value of the field that has this metadata."""
    slip = metadata.get(_KEY)
    return slip(value) if slip and value is not None else None


def between(least: float, most: float | None = None) -> Slip:
    """Return what refuses numbers outside of these bounds, which are allowed themselves."""
    bounds = f"must be {least} or more" if most is None else f"must lie between {least} and {most}"

    def slip(value: Any) -> tuple[str, str] | None:
        inside = least <= float(value) and (most is None or float(value) <= most)
        return None if inside else (f"{bounds}, not {value}", "")

    return slip


def share_above_zero(value: Any) -> tuple[str, str] | None:
    """Refuse what is no share of a whole, or is none of it."""
    if 0 < float(value) <= 1:
        return None
    hint = f"a percentage is written as a share: {float(value) / 100:g}" if value > 1 else ""
    return f"must be more than 0 and at most 1, not {value}", hint


def one_of(known: Collection[str], noun: str) -> Slip:
    """Return what refuses words that are not among `known`."""

    def slip(value: Any) -> tuple[str, str] | None:
        if value in set(known):
            return None
        return f"{value}: is no {noun}", f"{did_you_mean(value, known)}one of: {', '.join(known)}"

    return slip
