"""Settings of merging adapters into one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from harness_forge.config.limits import between, limit, limited


class MergeMethod(Enum):
    """How PEFT makes one adapter of several; `MergeConfig` says what each means."""

    cat = "cat"
    svd = "svd"
    linear = "linear"
    ties = "ties"
    ties_svd = "ties_svd"
    dare_linear = "dare_linear"
    dare_linear_svd = "dare_linear_svd"
    dare_ties = "dare_ties"
    dare_ties_svd = "dare_ties_svd"

    @property
    def drops(self) -> bool:
        """Whether it keeps a share of the numbers only."""
        return "ties" in self.name or "dare" in self.name

    @property
    def any_rank(self) -> bool:
        """Whether it takes adapters of different ranks."""
        return self.name == "cat" or self.name.endswith("svd")


def _positive(values: Any) -> tuple[str, str] | None:
    if all(float(value) > 0 for value in values):
        return None
    return "must be above 0", "leave out an adapter that is to count for nothing"


@dataclass(frozen=True)
class MergeConfig:
    """How `forge adapter merge` makes one adapter of several.

    An adapter adds the product of two matrices, B times A, to a layer's weights.

    Args:
        name: of the adapter that it makes, or `forge adapter rebase`, which without one calls it
            PERSONAL-on-SHARED.
        method: cat adds up these products exactly, and the ranks with them: the layers stacked.
            svd is that sum, cut to the largest rank. ties keeps of each adapter the largest
            numbers, and where signs differ the stronger side (Yadav et al. 2023, arXiv
            2306.01708); dare_linear drops numbers at random and scales up the others, dare_ties
            does both (Yu et al. 2024, arXiv 2311.03099). With _svd they work on the products, as
            published, cut to the largest rank; without it, as linear does, on all A and all B
            apart, which is fast and is no sum of the products.
        weights: how much each adapter counts, in the order of the command; empty is 1 each.
        density: share of the numbers that ties and dare keep.
        rank: of the result of svd methods; null takes the largest of the adapters.
        seed: of what dare drops; null takes the recipe's.
    """

    name: str | None = None
    method: MergeMethod = MergeMethod.cat
    weights: list[float] = field(default_factory=list, metadata=limit(_positive))
    density: float = limited(0.5, between(0.01, 1))
    rank: int | None = limited(None, between(1))
    seed: int | None = None
