"""What a generator is given: the repository, limits, and what earlier rows came to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness_forge.collect.generators.repository import Repository, SourceFile
from harness_forge.collect.generators.rows import Citation, QuestionRow
from harness_forge.config.generate import GenerateConfig
from harness_forge.config.source import SourceConfig


@dataclass
class Context:
    """What a generator is given.

    Args:
        trained: rows on the training side of the split, as `generator:name`.
        made: rows of the generators before it, by name.
        source: of sessions.
        left_out: rows that could not be made, by reason.
    """

    repository: Repository
    config: GenerateConfig
    trained: frozenset[str] = frozenset()
    made: Mapping[str, Sequence[QuestionRow]] = field(default_factory=dict)
    source: SourceConfig | None = None
    left_out: dict[str, int] = field(default_factory=dict)

    def cite(self, file: SourceFile, first: int, last: int) -> Citation | None:
        """Return a citation of lines; None where they are more than may be quoted."""
        citation = self.repository.cite(file, first, last)
        return citation if self.fits(citation) else None

    def fits(self, citation: Citation) -> bool:
        """Return whether a quote is short enough; one that is not is counted."""
        if len(citation.quote) <= self.config.max_quote:
            return True
        self.left_out["quote_too_long"] = self.left_out.get("quote_too_long", 0) + 1
        return False


def draw(*parts: str) -> int:
    """Return a number that is drawn by these words, the same on every machine."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:6])
