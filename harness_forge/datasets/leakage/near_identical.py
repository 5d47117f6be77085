"""Finds near-identical items across skills, which must not be in different splits.

The same rule is often in two skills, and each skill divides its own items: a
rule held out in one may be trained on in the other, and its answer with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness_forge.core.disjoint_sets import DisjointSets

_STRICTNESS = {"train": 0, "validation": 1, "holdout": 2, "quarantine": 2}

Place = tuple[str, str, str | None, str | None]
"""Skill, item id, group key, split; an item that was never grouped has neither of the last two."""


def strictest(places: Iterable[Place]) -> Mapping[tuple[str, str], str]:
    """Return (skill, item id) to the strictest split of anything near-identical to the item.

    Items are near-identical if they share an item id or a group, directly or
    through others: groups are clusters within a skill, and an id in two skills
    joins its groups there. Train is the least strict, then validation, then
    holdout and quarantine. Items without a split are not in the result.
    """
    places = list(places)
    joined = DisjointSets[tuple[str, ...]]()
    for skill, item_id, group, _ in places:
        if group is not None:
            joined.join((item_id,), (skill, group))
    strict: dict[tuple[str, ...], str | None] = {}
    for _, item_id, _, split in places:
        root = joined.leader((item_id,))
        strict[root] = max(strict.get(root), split, key=rank)
    found = {(skill, item_id): strict[joined.leader((item_id,))] for skill, item_id, _, _ in places}
    return {key: split for key, split in found.items() if split is not None}


def rank(split: str | None) -> int:
    """Return the strictness of a split, from 0; -1 for none."""
    return -1 if split is None else _STRICTNESS[split]
