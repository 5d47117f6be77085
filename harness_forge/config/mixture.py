"""Settings of the filters that look at all kept rows together: what share of them is what."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from harness_forge.core.errors import ConfigError


class BalanceCategory(Enum):
    """What counts as one category, within one role of one skill."""

    family = "family"
    item = "item"
    source = "source"  # who judged: the name of the source, for rows that were taken in
    part = "part"  # all of it


@dataclass(frozen=True)
class BalanceConfig:
    """Keep at most so many training examples of each category.

    Each role of each skill is capped by itself. Validation is left as it is:
    it measures what the store holds.

    Args:
        enabled: true caps.
        by: what counts as one category: family, item, source, or part (the whole role).
        max_per_category: examples of one category that stay.
    """

    enabled: bool = False
    by: BalanceCategory = BalanceCategory.family
    max_per_category: int = 600

    def __post_init__(self) -> None:
        if self.max_per_category < 1:
            what = f"must be at least 1, not {self.max_per_category}"
            raise ConfigError("filters.balance.max_per_category", what)


@dataclass(frozen=True)
class SourceCapConfig:
    """Keep one source from making up most of what is trained on.

    A source is who judged: the source's name, for rows that were taken in. Each role of each
    skill is capped by itself, after `balance`. Validation is left as it is.

    Args:
        enabled: true caps.
        max_share: of the training examples, as many may be of one source: above 0, to 1.
        max_examples: source to the most training examples of it. With several versions of a
            source each may have as many.
    """

    enabled: bool = False
    max_share: float = 1.0
    max_examples: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.max_share <= 1:
            what = f"must be above 0, to 1, not {self.max_share}"
            raise ConfigError("filters.source_cap.max_share", what)
        for source, most in self.max_examples.items():
            if most < 0:
                where = f"filters.source_cap.max_examples.{source}"
                raise ConfigError(where, f"must be 0 or more, not {most}")
        if self.enabled and self.max_share == 1 and not self.max_examples:
            hint = "set filters.source_cap.max_share or filters.source_cap.max_examples"
            raise ConfigError("filters.source_cap", "is enabled and caps nothing", hint)


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
