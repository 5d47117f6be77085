"""Clusters recorded items whose tasks are nearly the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness_forge.core.records import WorkItem


def join_near_identical(
    items: Sequence[WorkItem], prompts: Mapping[str, Sequence[str]]
) -> list[WorkItem]:
    """Return the items with the `group_key` of their cluster of near-identical items.

    Near identical is what shares a group already, or asks the same or nearly
    so in any attempt, in however many steps.

    Args:
        prompts: item id to what it asks, in each attempt that put it otherwise;
            an item may have none.
    """
    from harness_forge.core.sketches.openings import groups, telling

    leader: dict[str, str] = {}

    def find(group: str) -> str:
        while (next_ := leader.get(group, group)) != group:
            leader[group] = group = leader.get(next_, next_)
        return group

    asked = [
        (item, text) for item in items for text in prompts.get(item.item_id, ()) if telling(text)
    ]
    for (item, _), first in zip(asked, groups([text for _, text in asked]), strict=True):
        one, other = find(item.group_key), find(asked[first][0].group_key)
        if one != other:
            leader[max(one, other)] = min(one, other)
    return [replace(item, group_key=find(item.group_key)) for item in items]
