"""Numbers as people read them: one form each, on the page, the cards and the terminal alike.

Files for programs keep the numbers as they are; only what people read comes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

NONE = "\N{EN DASH}"
"""Shown where there is no number."""

_RAISED = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


def percent(share: float | None) -> str:
    """Return a share as a percentage with one decimal."""
    return NONE if share is None else f"{100 * share:.1f}%"


def points(difference: float | None) -> str:
    """Return a difference of shares in points, with its sign."""
    return NONE if difference is None else signed(100 * difference, 1)


def signed(value: float, decimals: int = 2) -> str:
    """Return a number with its sign."""
    return f"{value:+,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def signed_number(value: float) -> str:
    """Return a quantity with three digits that count, and its sign."""
    return f"{value:+.3g}".replace("-", "\N{MINUS SIGN}")


def interval(low: float, high: float, form: Callable[[float], str] = percent) -> str:
    """Return an interval, its ends in the form of the number that it is of."""
    return f"{form(low)} to {form(high)}"


def gain(found: Mapping[str, Any]) -> str:
    """Return a comparison's difference with its interval, in points."""
    ends = interval(found["low"], found["high"], points)
    return f"{points(found['difference'])} ({ends})"


def p_value(p: float) -> str:
    """Return a p as it is written: small ones as a power of ten."""
    if p >= 0.001 or p == 0:
        return f"{p:.3f}"
    mantissa, _, exponent = f"{p:.1e}".partition("e")
    return f"{mantissa}\N{MULTIPLICATION SIGN}10{str(int(exponent)).translate(_RAISED)}"


def clustered_p(found: Mapping[str, Any]) -> str:
    """Return a comparison's p by whole clusters, one-sided as the default rule tests it.

    Files from before there was one have none.
    """
    p = found.get("p_clusters_greater")
    return NONE if p is None else p_value(p)


def level(alpha: float) -> str:
    """Return the level of a test, that of the smallest look included."""
    return f"{alpha:.4f}".rstrip("0").rstrip(".") if alpha >= 0.001 else p_value(alpha)


def number(value: float | None) -> str:
    """Return a measured quantity with three digits that count."""
    return NONE if value is None else f"{value:.3g}"


def count(value: float) -> str:
    """Return a count, its thousands apart."""
    return f"{value:,.0f}"


def counted(value: float, noun: str) -> str:
    """Return a count with its noun, in the plural where it takes one."""
    return f"{count(value)} {noun}{'' if value == 1 else 's'}"


def seconds(value: float) -> str:
    """Return a span of time: two digits below ten seconds, whole minutes from two on."""
    if value < 9.95:
        return f"{value:.2g} s"
    if value < 119.5:
        return f"{value:.0f} s"
    if value < 7200:
        return f"{value / 60:.0f} min"
    return f"{value / 3600:.1f} h"


def size(value: float) -> str:
    """Return an amount of bytes in the unit that suits it."""
    if value < 1000:
        return f"{value:.0f} B"
    for unit in ("kB", "MB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} GB"
