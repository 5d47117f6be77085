"""Shares groups out among the splits, counted off as numbers: some 30 bytes a group.

What is shared out, and why so, says `assign`.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from harness_forge.config.split import SplitConfig
from harness_forge.core.disjoint_sets import DisjointSets
from harness_forge.core.records import Split, WorkItem

SPLITS = tuple(Split)
NONE = -1
"""In place of a split: none."""

Name = tuple[str, str]
"""A family or a cluster: which of the two, and what it is called."""


@dataclass(frozen=True)
class Groups:
    """What is shared out.

    Args:
        names: of the groups, sorted.
        split: the place in SPLITS of each group, or NONE; int8 (g,).
        group: of each item that may be split, int (n,).
        kind: of each item, a place in `kinds`, int (n,).
        kinds: pairs of a family and a unit, each once.
        begun: there are splits already, be it of groups without such an item.
    """

    names: Sequence[str]
    split: np.ndarray
    group: np.ndarray
    kind: np.ndarray
    kinds: Sequence[tuple[str, str]]
    begun: bool


def both_names(family: str, unit: str) -> set[Name]:
    """Return an item's family and cluster, as names that cannot be mixed up."""
    return {("family", family), ("cluster", unit)}


def groups_of(items: Iterable[WorkItem], existing: Mapping[str, Split]) -> Groups:
    """Return the groups of items with the full cycle."""
    split = [item for item in items if item.full_cycle]
    names = sorted({item.group_key for item in split})
    place = {name: at for at, name in enumerate(names)}
    kinds: dict[tuple[str, str], int] = {}
    kind = [kinds.setdefault((item.family, item.unit), len(kinds)) for item in split]
    sides = [SPLITS.index(existing[name]) if name in existing else NONE for name in names]
    return Groups(
        names,
        np.array(sides, np.int8),
        np.array([place[item.group_key] for item in split], np.int64),
        np.array(kind, np.int64),
        list(kinds),
        begun=bool(existing),
    )


def divide(groups: Groups, config: SplitConfig) -> np.ndarray:
    """Return the place in SPLITS of each group that gets a split now, else NONE; int8 (g,)."""
    fresh = np.full(len(groups.names), NONE, np.int8)
    if not len(groups.group):
        return fresh
    held_out = _held_out(groups, config)
    apart = np.array([not held_out.isdisjoint(both_names(*kind)) for kind in groups.kinds], bool)
    sizes = np.bincount(groups.group, minlength=len(fresh))
    away = np.bincount(groups.group, apart[groups.kind], minlength=len(fresh))
    closed = away > 0
    new = (groups.split == NONE) & (sizes > 0)
    fresh[new & closed] = SPLITS.index(Split.QUARANTINE)
    fresh[new & closed & (away == sizes)] = SPLITS.index(Split.HOLDOUT)
    share = _remaining_shares(int(sizes.sum()), int(sizes[closed].sum()), config)
    _fill(groups, sizes, new & ~closed, (sizes > 0) & ~closed, share, config.salt, fresh)
    return fresh


def _held_out(groups: Groups, config: SplitConfig) -> set[Name]:
    """Draw families, with those that share a cluster, until their share of items is reached.

    Once splits exist, the families and clusters held out as a whole stay so, and
    none is drawn. Large ones are skipped: one of them would take the whole share and
    leave one kind of rule to measure.
    """
    if groups.begun:
        return _closed(groups)
    linked = _linked(groups)
    goal = config.new_family * sum(linked.values())
    chosen: set[frozenset[Name]] = set()
    for names in sorted(linked, key=lambda names: _draw(config.salt, *min(_families(names)))):
        room = goal - sum(linked[other] for other in chosen)
        if linked[names] <= min(room, max(goal / 2, 1)):
            chosen.add(names)
    return {name for names in chosen for name in names}


def _closed(groups: Groups) -> set[Name]:
    seen: dict[Name, set[int]] = defaultdict(set)
    split = groups.split[groups.group].astype(np.int64)
    has = split != NONE
    for both in np.unique(groups.kind[has] * len(SPLITS) + split[has]).tolist():
        kind, side = divmod(both, len(SPLITS))
        for name in both_names(*groups.kinds[kind]):
            seen[name].add(side)
    return {name for name, found in seen.items() if found == {SPLITS.index(Split.HOLDOUT)}}


def _linked(groups: Groups) -> dict[frozenset[Name], int]:
    """Return the families linked by clusters, as sets of names, with their number of items."""
    joined = DisjointSets[Name]()
    for kind in groups.kinds:
        joined.join(*both_names(*kind))
    linked: dict[Name, set[Name]] = defaultdict(set)
    counts: dict[Name, int] = defaultdict(int)
    sizes = np.bincount(groups.kind, minlength=len(groups.kinds)).tolist()
    for kind, size in zip(groups.kinds, sizes, strict=True):
        top = joined.leader(("family", kind[0]))
        linked[top] |= both_names(*kind)
        counts[top] += size
    return {frozenset(linked[top]): counts[top] for top in linked}


def _families(names: frozenset[Name]) -> list[Name]:
    return [name for name in names if name[0] == "family"]


def _remaining_shares(everything: int, taken: int, config: SplitConfig) -> dict[Split, float]:
    """Return validation and holdout shares among the families in training.

    The holdout's own share shrinks by the share of the held-out families.
    """
    rest = max(everything - taken, 1)
    holdout = max(config.holdout * everything - taken, 0) / rest
    return {Split.VALIDATION: config.validation * everything / rest, Split.HOLDOUT: holdout}


def _fill(
    groups: Groups,
    sizes: np.ndarray,
    new: np.ndarray,
    open_: np.ndarray,
    share: Mapping[Split, float],
    salt: str,
    fresh: np.ndarray,
) -> None:
    """Give each new group to the split that is most below its share of the group's cluster.

    Largest-remainder apportionment, group by group in hash order; assigned
    groups count, so a cluster that grows keeps its proportions.

    Args:
        sizes: items of each group.
        new: the groups that get a split.
        open_: these, and those of training's families that have one.
        fresh: filled.
    """
    want = {split: Fraction(part).limit_denominator(10_000) for split, part in share.items()}
    want[Split.TRAIN] = 1 - sum(want.values())
    parts = lcm(*(one.denominator for one in want.values()))
    # Ties go to training first: a form must be trained on for its items to be `new_rule`.
    order = (Split.TRAIN, Split.HOLDOUT, Split.VALIDATION)
    goals = [int(want[split] * parts) for split in order]
    codes = [SPLITS.index(split) for split in order]
    cluster = _clusters(groups, len(sizes))
    have: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for at, code in enumerate(codes):
        places = np.flatnonzero(open_ & (groups.split == code))
        for one, size in zip(cluster[places].tolist(), sizes[places].tolist(), strict=True):
            have[one][at] += size
    places = np.flatnonzero(new)
    drawn = array("Q")
    for place in places.tolist():
        drawn.append(int.from_bytes(_draw(salt, groups.names[place])[:8], "big"))
    marks = np.frombuffer(drawn, np.uint64) if drawn else np.zeros(0, np.uint64)
    for place in places[np.lexsort((marks, cluster[places]))].tolist():
        mine, size = have[int(cluster[place])], int(sizes[place])
        count = sum(mine) + size
        lacks = [goal * count - got * parts for goal, got in zip(goals, mine, strict=True)]
        at = lacks.index(max(lacks))
        fresh[place] = codes[at]
        mine[at] += size


def _clusters(groups: Groups, count: int) -> np.ndarray:
    """Return the number of each group's cluster: of several the first by name."""
    units = sorted({unit for _, unit in groups.kinds})
    rank = {unit: at for at, unit in enumerate(units)}
    of_kind = np.array([rank[unit] for _, unit in groups.kinds], np.int64)
    found = np.full(count, len(units), np.int64)
    np.minimum.at(found, groups.group, of_kind[groups.kind])
    return found


def _draw(*parts: str) -> bytes:
    """Return a draw that is the same on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()
