"""Hints for a word that is none of the known ones."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the closest known word, '' where none is as alike as `cutoff`, 0 to 1."""
    import difflib  # only a slip needs it, and `forge --help` must answer at once

    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the closest known word as the beginning of a hint, '' where none is close."""
    close = closest(word, known)
    return f"did you mean '{close}'? " if close else ""


def did_you_mean_any(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return up to three similar names as a hint, or `otherwise` where none is similar."""
    import difflib

    close = difflib.get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f"did you mean {', '.join(close)}?" if close else otherwise
