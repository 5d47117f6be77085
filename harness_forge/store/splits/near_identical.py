"""Clusters recorded items with nearly the same task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness_forge.core.disjoint_sets import DisjointSets
from harness_forge.core.records import WorkItem


def join_near_identical(
    items: Sequence[WorkItem], prompts: Mapping[str, Sequence[str]]
) -> list[WorkItem]:
    """Return the items with the `group_key` of their cluster of near-identical items.

    Items are near-identical if they share a group already, or if any of their
    attempts ask the same or nearly the same, directly or through other items.

    Args:
        prompts: item id to the distinct prompts of its attempts; an item may have
            none.
    """
    from harness_forge.core.sketches.openings import groups, telling

    joined = DisjointSets[str]()
    asked = [
        (item, text) for item in items for text in prompts.get(item.item_id, ()) if telling(text)
    ]
    for (item, _), first in zip(asked, groups([text for _, text in asked]), strict=True):
        joined.join(item.group_key, asked[first][0].group_key)
    return [replace(item, group_key=joined.leader(item.group_key)) for item in items]
