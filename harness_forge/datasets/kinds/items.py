"""Groups rows by work item, for kinds that compare rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from harness_forge.core.errors import ExportError
from harness_forge.datasets.prepared import RowAndPrepared


def by_item(rows: Iterable[RowAndPrepared], kind: str) -> Iterator[list[RowAndPrepared]]:
    """Yield the rows of each item; only one item's rows are in memory.

    Raises:
        ExportError: the rows of an item do not come together.
    """
    done: set[str] = set()
    for item_id, group in groupby(rows, key=lambda one: one.row.item_id):
        if item_id in done:
            raise ExportError(
                "export.order_by",
                f"the rows of item '{item_id}' do not come together",
                f"for {kind} it must begin with item_id, such as `item_id, turn_id`",
            )
        done.add(item_id)
        yield list(group)
