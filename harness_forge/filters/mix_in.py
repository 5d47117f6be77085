"""How much general data is added to what is trained on, and from where."""

from __future__ import annotations

from dataclasses import dataclass

from harness_forge.errors import ConfigError


@dataclass(frozen=True)
class MixInConfig:
    """Add general examples from a local file to the training examples.

    Never to validation, and none that looks like an item kept for measuring.
    Which rows are drawn follows from a hash of each, not from their order.

    Args:
        enabled: true adds them; it needs `path`.
        path: JSONL with `messages` that end in an assistant's, and `tools`
            where there are any.
        share: of all training examples, how many are to be general: above 0, below 1.
    """

    enabled: bool = False
    path: str | None = None
    share: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ConfigError("filters.mix_in.share", f"must be above 0, below 1, not {self.share}")
        if self.enabled and not self.path:
            hint = "give a JSONL file: filters.mix_in.path=FILE"
            raise ConfigError("filters.mix_in.path", "must be set", hint)
