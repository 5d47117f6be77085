"""Whose rows a dataset is made of: who agreed that they are learned from.

Consent is a run's: that of the source that it was taken in from. Runs without a source are
forge's own, and there is nobody to ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import psycopg

from harness_forge.datasets.ledger import Ledger
from harness_forge.datasets.request import ExportPart
from harness_forge.datasets.sql import reading

OWN, GENERAL = "own", "general"
"""Rows of forge's own runs, and those of a file that is mixed in."""

_OF_RUN = f"""
SELECT id, CASE WHEN config -> 'source' IS NULL THEN '{OWN}'
    ELSE coalesce(config #>> '{{source,consent}}', 'unknown') END
FROM runs WHERE id = ANY(%s)
"""  # noqa: S608 - a word of ours


def counted(
    connection: psycopg.Connection, parts: Iterable[ExportPart], ledgers: Iterable[Ledger]
) -> dict[str, int]:
    """Return how many kept rows there are by consent.

    Args:
        ledgers: one a part, and one more of general data that has no part.
    """
    found: Counter[str] = Counter()
    parts = list(parts)
    for place, ledger in enumerate(ledgers):
        if place >= len(parts):
            found[GENERAL] += ledger.kept
            continue
        reading.enter(connection, parts[place].skill)
        runs = ledger.seen["runs"]
        for run, consent in connection.execute(_OF_RUN, [list(runs)]).fetchall():
            found[consent] += runs[run]
    return {name: count for name, count in sorted(found.items()) if count}
