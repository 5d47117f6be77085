"""At most so many training examples of one category: rows wait on disk until all are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from harness_forge.config.filters import BalanceConfig, Category
from harness_forge.core.records import Split
from harness_forge.datasets.batch import Fate, Harvest, Line
from harness_forge.datasets.filters.balance import Balance
from harness_forge.datasets.spooling import spooled
from harness_forge.datasets.sql.rows import Row


def capped(
    harvests: Iterable[Harvest],
    config: BalanceConfig,
    *,
    seed: int,
    spool: Path,
) -> Iterator[Harvest]:
    """Yield the harvests, rid of examples over the cap, in the same order.

    A row whose every example went is rejected as `balance`.

    Args:
        spool: a file for the harvests while they wait; made and removed.
    """
    balance = Balance(config.max_per_category, seed)

    def offer(harvest: Harvest) -> None:
        for category, mark in _offers(harvest, config.by):
            balance.offer(category, mark)

    for harvest in spooled(harvests, spool, offer):
        yield _rid(harvest, balance, config.by)


def _offers(harvest: Harvest, by: Category) -> Iterator[tuple[str, str]]:
    """Yield category and mark of each training example."""
    rows = _rows_of(harvest)
    for place, example in enumerate(harvest.examples):
        if _split(example) == Split.TRAIN:
            yield _category(rows[place], by), _mark(example)


def _rid(harvest: Harvest, balance: Balance, by: Category) -> Harvest:
    places: dict[int, int] = {}
    rows = _rows_of(harvest)
    for place, example in enumerate(harvest.examples):
        category = _category(rows[place], by)
        if _split(example) != Split.TRAIN or balance.stands(category, _mark(example)):
            places[place] = len(places)
    if len(places) == len(harvest.examples):
        return harvest
    examples = [harvest.examples[place] for place in places]
    pairs = harvest.pairs
    if pairs is not None:
        pairs = pairs.without(len(harvest.examples) - len(examples), Balance.REASON)
    return Harvest(examples, [_moved(fate, places) for fate in harvest.fates], pairs)


def _moved(fate: Fate, places: Mapping[int, int]) -> Fate:
    if fate.reason is not None:
        return fate
    left = [places[place] for place in fate.examples if place in places]
    return fate._replace(examples=left) if left else Fate(fate.row, Balance.REASON)


def _rows_of(harvest: Harvest) -> dict[int, Row]:
    """Return a row of each example, by place: the first where an example is of several."""
    return {place: fate.row for fate in reversed(harvest.fates) for place in fate.examples}


def _category(row: Row, by: Category) -> str:
    return {Category.family: row.family, Category.item: row.item_id}.get(by) or ""


def _split(example: Any) -> str:
    return example.split if isinstance(example, Line) else example.origin.split


def _mark(example: Any) -> str:
    if isinstance(example, Line):
        return blake2b(example.data, digest_size=16).hexdigest()
    return example.id
