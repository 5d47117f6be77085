"""Invented names: services, options, values and files that no real system has.

A model that has learned an answer by heart finds nothing here to repeat: name, file and value
stand in the question alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib.resources import files

_HEADS = (*"bdfghklmnprstvwz", "br", "dr", "fl", "gr", "kl", "pl", "qu", "st", "tr")
_VOWELS = (*"aeiou", "au", "ei")
_TAILS = ("", "", "l", "n", "r", "s", "t", "nd", "rk")
_WORDS = files(__package__).joinpath("words.txt").read_text(encoding="ascii").split()


def word(rng: random.Random, parts: int = 2) -> str:
    """Return an invented word of some syllables, or an English one."""
    if parts == 1 or rng.random() < 0.3:
        return rng.choice(_WORDS)
    syllables = [rng.choice(_HEADS) + rng.choice(_VOWELS) for _ in range(parts)]
    return "".join(syllables) + rng.choice(_TAILS)


def option(rng: random.Random, style: str) -> str:
    """Return an option's name, written as `style` says: snake, upper, camel or dotted."""
    words = [word(rng, rng.choice((1, 1, 1, 2))) for _ in range(rng.choice((1, 2, 2, 3)))]
    if style == "upper":
        return "_".join(words).upper()
    if style == "camel":
        return "".join(one.capitalize() for one in words)
    return (".".join([word(rng, 1), *words]) if style == "dotted" else "_".join(words)).lower()


def options(rng: random.Random, style: str, count: int) -> list[str]:
    """Return as many options, none of which begins as another does."""
    found: list[str] = []
    while len(found) < count:
        new = option(rng, style)
        if not any(new.startswith(one) or one.startswith(new) for one in found):
            found.append(new)
    return found


STYLES = ("snake", "upper", "camel", "dotted")

_VALUES: tuple[Callable[[random.Random], str], ...] = (
    lambda rng: str(rng.choice((0, 1, 2, 3, 5, 14, 60, 300, 900, 4096))),
    lambda rng: str(rng.randint(6, 5000)),
    lambda rng: rng.choice(("yes", "no", "true", "false", "on", "off")),
    word,
    lambda rng: f"/srv/{word(rng)}/{word(rng)}",
    lambda rng: f"{word(rng, 1)},{word(rng, 1)}",
    lambda rng: f"0{rng.choice((2, 7))}{rng.choice((2, 7))}",
)


def values(rng: random.Random) -> tuple[str, str]:
    """Return the value that is asked for, and another of its kind."""
    kind = rng.choice(_VALUES)
    wanted = other = kind(rng)
    while other == wanted:
        other = kind(rng)
    return wanted, other
