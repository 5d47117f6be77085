"""Reads the texts of held-out items from the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import orjson

from harness_forge.core.jsontext import strings
from harness_forge.core.sketches import openings
from harness_forge.datasets.leakage import near_identical

if TYPE_CHECKING:
    import psycopg

_HELD = near_identical.rank("holdout")

# One answer an item: the first that passed, else the first. Never an evaluation's: what an
# adapter answers there it has from the very training rows that would then be taken out.
_ANSWERS = """
WITH chosen AS (
    SELECT item_id, coalesce(min(a.id) FILTER (WHERE eval_passed), min(a.id)) AS id
    FROM attempts a JOIN runs r ON r.id = a.run_id AND r.purpose = 'collect'
    GROUP BY item_id
)
SELECT a.item_id, w.title, coalesce(t.messages, request_of(t.attempt_id, t.shared)),
       a.tool_call, t.response
FROM unnest(%s::text[]) AS k (item_id)
JOIN chosen c USING (item_id)
JOIN attempts a ON a.id = c.id
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
JOIN turns t ON t.attempt_id = a.id AND t.decisive
ORDER BY a.item_id
"""
_TITLES = "SELECT item_id, title FROM items WHERE item_id = ANY(%s)"
# What an evaluation asked counts only for items that no other run attempted: a prompt with worked
# examples opens with the questions of training items, which would then be taken out as held-out.
_ASKED = """
WITH collected AS (
    SELECT DISTINCT t.item_id FROM turns t JOIN runs r ON r.id = t.run_id
    WHERE t.item_id = ANY(%(ids)s) AND t.decisive AND r.purpose = 'collect'
)
SELECT t.item_id, coalesce(t.messages, request_of(t.attempt_id, t.shared))::text
FROM turns t JOIN runs r ON r.id = t.run_id
WHERE t.item_id = ANY(%(ids)s) AND t.decisive
  AND (r.purpose = 'collect' OR t.item_id NOT IN (SELECT item_id FROM collected))
ORDER BY t.id
"""
_STOCK = 8_000_000
"""Most characters of shared texts that are read."""

Text = tuple[str, str, str]
"""Item id, the text, and whether it is its name, title, question or answer."""


def items(splits: Mapping[str, str]) -> list[str]:
    """Return the ids that are held out or quarantined, sorted.

    Args:
        splits: item id to the strictest split of anything near-identical to it.
    """
    return sorted(
        item_id for item_id, split in splits.items() if near_identical.rank(split) >= _HELD
    )


def others(splits: Mapping[str, str], most: int = 2000) -> list[str]:
    """Return a sample of ids that are not held out, sorted; it depends on the ids only.

    Their texts show which words are a template.
    """
    rest = [item_id for item_id, split in splits.items() if near_identical.rank(split) < _HELD]
    return sorted(sorted(rest, key=_scattered)[:most])


def texts(connection: psycopg.Connection, item_ids: list[str]) -> Iterator[Text]:
    """Yield the texts of items of the entered skill.

    These are names, titles, what was asked before anybody answered, in every
    attempt that is no evaluation, and the strings of one answer. What tools returned and what a
    system message says is no item's own. Tips are not among them either: what a
    tip says is often true of many items, and where it came from is known
    (`provenance`).
    """
    yield from ((item_id, item_id, "name") for item_id in item_ids)
    for item_id, title in connection.execute(_TITLES, [item_ids]):
        yield item_id, title, "title"
    for item_id, asked in questions(connection, item_ids):
        yield item_id, asked[0], "question"
    for item_id, title, _, call, response in connection.execute(_ANSWERS, [item_ids]):
        yield item_id, title or "", "title"
        yield item_id, "\n".join(strings((call or {}).get("arguments") or response)), "answer"


def questions(
    connection: psycopg.Connection, item_ids: list[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield item id and opening of each conversation: the task, then its first message."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for item_id, raw in connection.execute(_ASKED, {"ids": item_ids}):
        messages = orjson.loads(raw)
        if not isinstance(messages, list):
            continue
        asked = openings.opening(messages), openings.first_question(messages)
        one = item_id, tuple(dict.fromkeys(text for text in asked if text.strip()))
        if one[1] and one not in seen:
            seen.add(one)
            yield one


def stock(connection: psycopg.Connection, item_ids: list[str]) -> Iterator[str]:
    """Yield texts shared by items: instructions and results of tools."""
    seen: set[str] = set()
    left = _STOCK
    for _, _, messages, _, _ in connection.execute(_ANSWERS, [item_ids]):
        for message in messages if isinstance(messages, list) else ():
            if not isinstance(message, Mapping) or message.get("role") in ("user", "assistant"):
                continue
            text = openings.words_of(message.get("content"))
            if text not in seen:
                seen.add(text)
                left -= len(text)
                if left < 0:
                    return
                yield text


def _scattered(item_id: str) -> bytes:
    return hashlib.blake2b(item_id.encode(), digest_size=8).digest()
