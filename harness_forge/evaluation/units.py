"""What tests draw and flip as a whole: a cluster of answers of one form, across skills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from harness_forge.core.disjoint_sets import leaders
from harness_forge.core.records import WorkItem
from harness_forge.core.results import EvalResult

Key = tuple[str, str]
"""Skill and unit."""


def units(items: Iterable[tuple[str, EvalResult | WorkItem]]) -> Mapping[Key, Key]:
    """Return (skill, unit) to the leader of all that counts as one with it.

    Clusters are made skill by skill, and two skills often have the same rule. Units of
    two skills are one where they share an item id, directly or through others; a
    cluster is named by an item of it, which need not be among `items`.

    Args:
        items: each with its skill.
    """
    marks: dict[Key, set[str]] = defaultdict(set)
    for skill, item in items:
        # A cluster is named by the id of an item.
        marks[skill, item.unit] |= {item.item_id, item.cluster or item.item_id}
    return leaders(marks)
