"""Whether a text quotes what is kept for measuring."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_WORD = re.compile(r"\w+")

WINDOW = 13
"""Words in a row that two texts do not share by chance: T. Brown et al., "Language
Models are Few-Shot Learners", 2020, appendix C."""

_SHORTEST = 10
"""Characters below which a whole title or id is too common to mean an item."""


class Overlap:
    """Finds texts that share 13 words in a row with a kept text, or hold a short one whole.

    Words are compared in lower case, and only as runs of letters, digits and
    underscores. Memory: about 100 bytes for each word of the kept texts.

    Args:
        kept: prompts, titles and ids of what is kept for measuring.
    """

    def __init__(self, kept: Iterable[str]) -> None:
        self._runs: dict[int, set[int]] = {}
        for text in kept:
            words = _words(text)
            size = min(len(words), WINDOW)
            if size == WINDOW or len("".join(words)) >= _SHORTEST:
                self._runs.setdefault(size, set()).update(_windows(words, size))

    def quotes(self, text: str) -> bool:
        """Return whether `text` looks like one of the kept."""
        words = _words(text)
        return any(
            not known.isdisjoint(_windows(words, size)) for size, known in self._runs.items()
        )


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _windows(words: list[str], size: int) -> Iterator[int]:
    # Hashes stay inside the process, so their seed does not matter.
    return (hash(tuple(words[at : at + size])) for at in range(len(words) - size + 1))
