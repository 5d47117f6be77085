"""Clusters of items that were never surveyed: those whose prompts are nearly the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness_forge.records import WorkItem

_TELLING = 8
"""Words below which a prompt is a greeting rather than a task."""


def joined(items: Sequence[WorkItem], prompts: Mapping[str, str]) -> list[WorkItem]:
    """Return the items with `group_key` naming everything they are nearly identical to.

    Near identical is what shares a group already, or asks nearly the same, in
    however many steps.

    Args:
        prompts: item id to what it asks; an item may have none.
    """
    from harness_forge.sketches.clusters import clusters

    leader: dict[str, str] = {}

    def find(group: str) -> str:
        while group in leader:
            group = leader[group]
        return group

    asking = [item for item in items if len(prompts.get(item.item_id, "").split()) >= _TELLING]
    for item, first in zip(asking, clusters([prompts[i.item_id] for i in asking]), strict=True):
        one, other = find(item.group_key), find(asking[first].group_key)
        if one != other:
            leader[max(one, other)] = min(one, other)
    return [replace(item, group_key=find(item.group_key)) for item in items]
