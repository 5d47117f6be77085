"""Numbers as people read them."""

from __future__ import annotations

from typing import Any

NONE = "\N{EN DASH}"
"""Shown if there is no number."""

_RAISED = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


def percent(share: float | None) -> str:
    """Return a share as a percentage with one decimal."""
    return NONE if share is None else f"{100 * share:.1f}%"


def points(difference: float | None) -> str:
    """Return a difference of shares in points, with its sign."""
    return NONE if difference is None else f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}")


def interval(low: float, high: float) -> str:
    """Return an interval of shares."""
    return f"{100 * low:.1f} to {100 * high:.1f}"


def difference(found: dict[str, Any]) -> str:
    """Return a comparison's difference with its interval, in points."""
    return f"{points(found['difference'])} ({points(found['low'])} to {points(found['high'])})"


def p_value(p: float) -> str:
    """Return a p as it is written: small ones as a power of ten."""
    if p >= 0.001:
        return f"{p:.3f}"
    mantissa, _, exponent = f"{p:.1e}".partition("e")
    return f"{mantissa}\N{MULTIPLICATION SIGN}10{str(int(exponent)).translate(_RAISED)}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it takes one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def seconds(value: float) -> str:
    """Return a span of time."""
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min"
