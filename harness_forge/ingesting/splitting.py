"""Splits for items that were never surveyed, by the code that divides all others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from harness_forge.splits import SplitConfig
from harness_forge.splits import assign as divide


def assign(store, config: SplitConfig) -> dict[str, int]:
    """Give every group of the catalogue that has none a split, and return how many got which.

    Whether the world could tell a fix from none was not measured for recorded
    items; that somebody's evaluator judged them takes its place.
    """
    items = [
        replace(item, full_cycle=True) if item.full_cycle is None else item
        for item in store.items()
    ]
    fresh = divide(items, store.splits(), config)
    if fresh:
        store.assign_splits(fresh, config.salt)
    return {str(split): count for split, count in sorted(Counter(fresh.values()).items())}
