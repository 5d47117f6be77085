"""Answers that say the same over and over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness_forge.errors import ConfigError
from harness_forge.filters.candidate import Candidate

MOST_WORDS = 50_000
"""Words of one answer that are looked at, so that a 50 MB one stays cheap."""


@dataclass(frozen=True)
class RepetitionConfig:
    """Reject answers in which too many word pairs came before.

    The bigram repeat ratio is 1 - distinct bigrams / bigrams, over words
    between white space, as they are written: seq-rep-2 of S. Welleck et al.,
    "Neural Text Generation with Unlikelihood Training", 2019
    (arXiv:1908.04319), taken over words instead of tokens.

    Args:
        enabled: false keeps them.
        max_bigram_repeat: highest tolerated ratio, 0 (no pair twice) to 1.
        min_words: shorter answers are not judged: two equal lines of a short
            script are no loop.
    """

    enabled: bool = True
    max_bigram_repeat: float = 0.6
    min_words: int = 50

    def __post_init__(self) -> None:
        if not 0 <= self.max_bigram_repeat <= 1:
            what = f"must be from 0 to 1, not {self.max_bigram_repeat}"
            raise ConfigError("filters.repetition.max_bigram_repeat", what)


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
    return text.split(None, MOST_WORDS)[:MOST_WORDS]
