"""Caps each source's training examples by a number and by its share of them all.

Which examples stay follows from a hash of each, as in `balance`. How many stay is known only
when all are, so every source's ranks are kept: 8 bytes for each example.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from harness_forge.config.mixture import SourceCapConfig
from harness_forge.core.errors import ExportError
from harness_forge.core.numbers import counted, percent
from harness_forge.datasets.filters.balance import rank


class SourceCap:
    """Samples the examples of each source. Offer every example first, ask for each afterwards.

    Args:
        seed: of the draw.
    """

    REASON = "source_cap"

    def __init__(self, config: SourceCapConfig, seed: int) -> None:
        self._config, self._seed = config, seed
        self._ranks: dict[str, array] = {}
        self._last: dict[str, int] | None = None

    def offer(self, source: str, example_id: str) -> None:
        """Offer an example."""
        self._ranks.setdefault(source, array("Q")).append(rank(example_id, self._seed))

    def keeps(self, source: str, example_id: str) -> bool:
        """Return whether an offered example is kept.

        Raises:
            ExportError: there are too few sources for the share.
        """
        if self._last is None:
            self._last = self._limits()
        return rank(example_id, self._seed) <= self._last[source]

    def _limits(self) -> dict[str, int]:
        """Return the highest rank that each source keeps; -1 where it keeps none."""
        counts = {name: min(len(ranks), self._most(name)) for name, ranks in self._ranks.items()}
        cap = largest(counts, self._config.max_share)
        limits = {}
        for name, ranks in self._ranks.items():
            keep = min(counts[name], cap)
            limits[name] = sorted(ranks)[keep - 1] if keep else -1
        return limits

    def _most(self, source: str) -> int:
        """Return the most examples of a source, which the settings name with its version or not."""
        most = self._config.max_examples
        names = (source, *(name for name in most if source.startswith(f"{name} ")))
        return min((most[name] for name in names if name in most), default=len(self._ranks[source]))


def largest(counts: Mapping[str, int], share: float) -> int:
    """Return the most examples of one source, so that none has more than `share` of what stays.

    Raises:
        ExportError: there are too few sources, so that one always has more.
    """
    sources = [count for count in counts.values() if count]
    low, high = 0, max(sources, default=0)
    # What all keep, less the cap, is concave in the cap and 0 at 0: one interval fits.
    while low < high:
        cap = (low + high + 1) // 2
        fits = cap <= share * sum(min(count, cap) for count in sources) * (1 + 1e-12)
        low, high = (cap, high) if fits else (low, cap - 1)
    if sources and not low:
        what = (
            f"is {percent(share)}, and the training examples are of "
            f"{counted(len(sources), 'source')}: {', '.join(sorted(counts))}"
        )
        least = percent(1 / len(sources))
        hint = f"with as many sources it can be {least} at the least; or take in another source"
        raise ExportError("filters.source_cap.max_share", what, hint)
    return low
