"""Answers that have little to do with what was asked."""

from __future__ import annotations

from dataclasses import dataclass

from harness_forge.errors import ConfigError


@dataclass(frozen=True)
class CoherenceConfig:
    """Reject answers whose words lie far from the prompt's in an embedding space.

    Coherence is the cosine between the mean embeddings of the last user
    message and of the answer. Off while no model is given.

    Args:
        enabled: false keeps them.
        model: folder of a static embedding model: a table of token vectors in
            `model.safetensors` and its `tokenizer.json`, as Model2Vec writes
            them. null leaves the filter off, and the card says so.
        min_similarity: lowest tolerated cosine, -1 to 1.
    """

    enabled: bool = True
    model: str | None = None
    min_similarity: float = 0.1

    def __post_init__(self) -> None:
        if not -1 <= self.min_similarity <= 1:
            what = f"must be from -1 to 1, not {self.min_similarity}"
            raise ConfigError("filters.coherence.min_similarity", what)
