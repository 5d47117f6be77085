"""Rejects answers that repeat themselves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from harness_forge.config.filters import RepetitionConfig
from harness_forge.datasets.filters.candidate import Candidate

_MOST_WORDS = 50_000  # of one answer, so that a 50 MB one stays cheap


def judge(candidates: Sequence[Candidate], config: RepetitionConfig) -> list[str | None]:
    """Return `repetition` for each candidate above the ratio."""
    return ["repetition" if _repeats(row.text, config) else None for row in candidates]


def bigram_repeat(text: str) -> float:
    """Return the bigram repeat ratio of a text, 0 to 1; 0 where it has no two words."""
    return _ratio(_words(text))


def _repeats(text: str, config: RepetitionConfig) -> bool:
    least = max(config.min_words, 2)
    if len(text) < 2 * least - 1:
        return False
    words = _words(text)
    if len(words) < least:
        return False
    # Every distinct word but the last one opens a bigram of its own, so this
    # bounds the ratio from above and spares most texts the pairs.
    if 1 - (len(set(words)) - 1) / (len(words) - 1) <= config.max_bigram_repeat:
        return False
    return _ratio(words) > config.max_bigram_repeat


def _ratio(words: list[str]) -> float:
    if len(words) < 2:
        return 0.0
    return 1 - len(set(pairwise(words))) / (len(words) - 1)


def _words(text: str) -> list[str]:
    return text.split(None, _MOST_WORDS)[:_MOST_WORDS]
