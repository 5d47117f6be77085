"""The guard: rejects rows that no recipe may export, whatever its SQL says.

The recipe's own columns are not trusted here: a recipe that calls every row
`train` must still not leak the holdout. The store is asked apart from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness_forge.datasets.leakage.near_identical import Place, rank, strictest
from harness_forge.datasets.leakage.provenance import Provenance, provenance
from harness_forge.datasets.sql import reading
from harness_forge.datasets.sql.rows import Row, Unusable, measured_on

if TYPE_CHECKING:
    import psycopg

TRAINABLE = ("train", "validation")

_PLACES = """
SELECT item_id, group_key, split FROM items LEFT JOIN splits USING (group_key)
UNION
SELECT item_id, group_key, split FROM work_items LEFT JOIN splits USING (group_key)
"""


@dataclass(frozen=True, slots=True)
class LeakageGuard:
    """Knows which runs may be exported, and the split of each item.

    Args:
        collecting: ids of the runs that may be exported.
        splits: item id to its splits; an item that changed its group between
            runs, or since, has several, with None for a group without one.
        strictest_elsewhere: item id to the strictest split of anything near-identical to it
            in the other skills of the dataset; empty where there is one skill.
        provenance: what the store knows of rows besides their columns.
        asking_the_same: items of training that ask what validation asks, or nearly.
    """

    collecting: Set[str]
    splits: Mapping[str, Set[str | None]]
    strictest_elsewhere: Mapping[str, str] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    asking_the_same: Set[str] = frozenset()

    @classmethod
    def of(cls, connection: psycopg.Connection) -> LeakageGuard:
        """Read the runs and the items' splits from the store."""
        runs = connection.execute("SELECT id FROM runs WHERE purpose = 'collect'")
        collecting = {run_id for (run_id,) in runs}
        splits: dict[str, set[str | None]] = {}
        for item_id, _, split in connection.execute(_PLACES):
            splits.setdefault(item_id, set()).add(split)
        return cls(collecting, splits)

    def admit(self, row: Row) -> None:
        """Check that a row may be exported.

        Raises:
            Unusable: it is of an evaluation run, has no split, its item is
                held out, in any run, or is kept for stricter use in another
                skill of the dataset. The same holds of the item that its
                verdict was measured on, where that is another. Or its prompt
                shows a tip of such an item, or its verdict is contradicted.
        """
        if row.run_id not in self.collecting:
            raise Unusable("evaluation_run")
        self._admit_item(row.item_id, row.split)
        if row.evidence and (item_id := measured_on(row.evidence)):
            self._admit_item(item_id, row.split)
        if reason := self.provenance.reason(row.source, row.split):
            raise Unusable(reason)

    def _admit_item(self, item_id: str, split: str | None) -> None:
        stored = self.splits.get(item_id, {None})
        if split is None or None in stored:
            raise Unusable("no_split")
        if split not in TRAINABLE or stored != {split}:
            raise Unusable("held_out")
        if self.strictest_elsewhere and rank(self.strictest_elsewhere.get(item_id)) > rank(split):
            raise Unusable("held_out_elsewhere")
        if split == "train" and item_id in self.asking_the_same:
            raise Unusable("asks_what_validation_asks")


def guards(
    connection: psycopg.Connection, skills: Sequence[str], asking_the_same: Set[str] = frozenset()
) -> dict[str, LeakageGuard]:
    """Return the guard of each skill of a dataset; each considers the other skills."""
    strict = strictest(places(connection, skills))
    made = {}
    for skill in skills:
        reading.enter(connection, skill)
        own = LeakageGuard.of(connection)
        near = {item_id: split for (of, item_id), split in strict.items() if of == skill}
        known = provenance(connection, skill, near)
        elsewhere = near if len(skills) > 1 else {}
        made[skill] = LeakageGuard(own.collecting, own.splits, elsewhere, known, asking_the_same)
    return made


def places(connection: psycopg.Connection, skills: Sequence[str]) -> Iterator[Place]:
    """Yield the groups and splits of each skill's items, in every run and now."""
    for skill in skills:
        reading.enter(connection, skill)
        for item_id, group, split in connection.execute(_PLACES):
            yield skill, item_id, group, split
