"""The words of what is held out, as the store has them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness_forge.exporters import twins

if TYPE_CHECKING:
    import psycopg

_HELD = twins.rank("holdout")

# One answer an item: the first that passed, else the first. Never an evaluation's: what an
# adapter answers there it has from the very training rows that would then be taken out.
_ANSWERS = """
WITH chosen AS (
    SELECT item_id, coalesce(min(a.id) FILTER (WHERE eval_passed), min(a.id)) AS id
    FROM attempts a JOIN runs r ON r.id = a.run_id AND r.purpose = 'collect'
    GROUP BY item_id
)
SELECT a.item_id, w.title, t.messages, a.tool_call, t.response
FROM unnest(%s::text[]) AS k (item_id)
JOIN chosen c USING (item_id)
JOIN attempts a ON a.id = c.id
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
JOIN turns t ON t.attempt_id = a.id AND t.decisive
ORDER BY a.item_id
"""
_TITLES = "SELECT item_id, title FROM items WHERE item_id = ANY(%s)"


def items(splits: Mapping[str, str]) -> list[str]:
    """Return the ids that are held out or quarantined, sorted.

    Args:
        splits: item id to the strictest split of anything near-identical to it.
    """
    return sorted(item_id for item_id, split in splits.items() if twins.rank(split) >= _HELD)


def others(splits: Mapping[str, str], most: int = 2000) -> list[str]:
    """Return some ids that are not held out, sorted; which ones depends on their names only.

    Their texts show which words are a template.
    """
    rest = [item_id for item_id, split in splits.items() if twins.rank(split) < _HELD]
    return sorted(sorted(rest, key=_scattered)[:most])


def texts(connection: psycopg.Connection, item_ids: list[str]) -> Iterator[tuple[str, str]]:
    """Yield item id and text for every text of held-out items of the skill that was entered.

    These are names, titles, what was asked in each message but the system's,
    and the strings of one answer. Tips are not among them: what a tip says is
    often true of many items, and where it came from is known (`provenance`).
    """
    yield from ((item_id, item_id) for item_id in item_ids)
    yield from connection.execute(_TITLES, [item_ids])
    cursor = connection.execute(_ANSWERS, [item_ids])
    for item_id, title, messages, call, response in cursor:
        yield item_id, title or ""
        for text in _asked(messages):
            yield item_id, text
        yield item_id, "\n".join(_strings((call or {}).get("arguments") or response))


def _scattered(item_id: str) -> bytes:
    return hashlib.blake2b(item_id.encode(), digest_size=8).digest()


def _asked(messages: Any) -> Iterator[str]:
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, Mapping) and message.get("role") not in ("system", "developer"):
            yield "\n".join(_strings(message.get("content")))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
