"""Joins groups of recorded items with nearly the same task."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

import numpy as np

from harness_forge.core.disjoint_sets import DisjointPlaces


def join_near_identical(
    group: np.ndarray, count: int, asked: Iterable[tuple[int, str]], one_per_template: bool = True
) -> DisjointPlaces:
    """Return the groups joined with those that ask nearly the same.

    Items are near-identical if they share a group already, or if any of their
    attempts ask the same or nearly the same, directly or through other items.

    Args:
        group: of each item, int (n,).
        count: of the groups.
        asked: item and a prompt of its attempts; an item may have none, or several.
        one_per_template: prompts of a template are one task, up to a hundred of them;
            False: what fills the blank is the task.
    """
    from harness_forge.core.sketches.openings import groups, nearly_same, telling

    owners = array("i")

    def told() -> Iterator[str]:
        for item, text in asked:
            if telling(text):
                owners.append(group[item])
                yield text

    firsts = (groups if one_per_template else nearly_same)(told())
    joined = DisjointPlaces(count)
    for place in np.flatnonzero(firsts != np.arange(len(firsts))):
        joined.join(owners[place], owners[firsts[place]])
    return joined
