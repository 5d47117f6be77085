"""What tests draw and flip as a whole: a cluster of answers of one form, across skills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness_forge.core.joined import Joined
from harness_forge.core.records import EvalResult, WorkItem

Key = tuple[str, str]
"""Skill and unit."""


def units(items: Iterable[tuple[str, EvalResult | WorkItem]]) -> Mapping[Key, Key]:
    """Return (skill, unit) to the leader of all that counts as one with it.

    Clusters are made skill by skill, and the same rule often stands in two. Units of
    two skills are one where they share an item id, directly or through others; a
    cluster is named by an item of it, which need not be among `items`.

    Args:
        items: each with its skill.
    """
    joined = Joined[Key]()
    keys: set[Key] = set()
    for skill, item in items:
        keys.add(key := (skill, item.unit))
        # No skill has the empty name, so these are the ids of all of them.
        joined.join(key, ("", item.item_id))
        if item.cluster:
            joined.join(key, ("", item.cluster))
    return {key: joined.leader(key) for key in keys}
