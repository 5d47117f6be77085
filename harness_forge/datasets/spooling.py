"""Harvests that wait on disk until all of them are known."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from harness_forge.datasets.batch import Harvest

_HEAVY = ("messages", "tools", "response", "tool_call", "prompt", "answer", "evidence")
"""What nobody reads of a row that was made a line."""


def spooled(
    harvests: Iterable[Harvest], spool: Path, look: Callable[[Harvest], None]
) -> Iterator[Harvest]:
    """Show every harvest to `look`, then yield them, in the same order.

    Args:
        spool: a file for the harvests while they wait; made and removed.
    """
    count = 0
    with spool.open("xb") as file:
        for harvest in harvests:
            look(harvest)
            pickle.dump(_light(harvest), file, pickle.HIGHEST_PROTOCOL)
            count += 1
    with spool.open("rb") as file:
        for _ in range(count):
            # Written above, by this process, into a folder of its own.
            yield pickle.load(file)  # noqa: S301
    spool.unlink()


def _light(harvest: Harvest) -> Harvest:
    nothing = dict.fromkeys(_HEAVY)
    fates = [fate._replace(row=fate.row._replace(**nothing)) for fate in harvest.fates]
    return harvest._replace(fates=fates)
