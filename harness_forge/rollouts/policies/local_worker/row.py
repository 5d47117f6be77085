"""One answer in progress."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch


@dataclass
class Generation:
    """One answer in progress.

    Args:
        key: the caller's id of it.
        prompt: tokens.
        limit: most new tokens.
        temperature: 0 is greedy.
        seed: its own, so that a sampled answer does not depend on other rows.
    """

    key: int
    prompt: list[int]
    limit: int
    temperature: float = 0.0
    seed: int | None = None
    new: list[int] = field(default_factory=list)
    stopped: bool = False

    def __post_init__(self) -> None:
        self.dice = torch.Generator()
        self.dice.seed() if self.seed is None else self.dice.manual_seed(self.seed)

    @property
    def over(self) -> bool:
        """Whether the answer is complete, or has reached its limit."""
        return self.stopped or len(self.new) >= self.limit
