"""Kinds of items, with what the corpus and the base model pass of each.

Training items alone: what is known of held-out ones must not choose what is learned. What counts
as an answer to learn is as `conf/export/worker_anchored_sft.yaml` has it, whatever its prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from harness_forge.store.escaping import escape, restored

_KINDS = """
WITH known AS (
    SELECT item_id, family, NOT infrastructure AS judged,
           origin = 'model' AND adapter IS NULL AND model = %(base)s AS of_base,
           eval_passed AND NOT infrastructure AND tool_call IS NOT NULL
             AND origin NOT IN ('mutated', 'content') AND NOT flagged
             AND finish_reason IS DISTINCT FROM 'length' AS good
    FROM turn_examples
    WHERE agent = %(agent)s AND decisive AND split = 'train'
), tried AS (
    SELECT family,
           count(DISTINCT item_id) FILTER (WHERE good AND of_base IS NOT TRUE) AS learnt,
           count(*) FILTER (WHERE judged AND of_base) AS base_tries,
           count(*) FILTER (WHERE good AND of_base) AS base_passes,
           count(DISTINCT item_id) FILTER (WHERE good AND of_base) AS base_items
    FROM known GROUP BY family
), there AS (
    SELECT family, count(*) AS items
    FROM items JOIN splits USING (group_key) WHERE split = 'train' GROUP BY family
)
SELECT family AS kind, coalesce(items, 0) AS items, coalesce(learnt, 0) AS learnt,
       coalesce(base_tries, 0) AS base_tries, coalesce(base_passes, 0) AS base_passes,
       coalesce(base_items, 0) AS base_items, coalesce(learnt, 0) = 0 AS silent
FROM there FULL JOIN tried USING (family)
ORDER BY coalesce(learnt, 0) > 0, coalesce(base_items, 0) DESC, family
"""


def kinds(connection: psycopg.Connection, base: str, agent: str) -> list[Mapping[str, Any]]:
    """Return the kinds of training items, those first in which only the base model passes.

    Args:
        base: the base model's name, as attempts have it.
        agent: whose answers count.

    Returns:
        Each with `kind`, `items`, `learnt` (items with an answer to learn of anybody but the base
        model), `base_tries` and `base_passes` (attempts of it with a verdict, and those that
        passed), `base_items` (items that it passed) and `silent` (no such answer to learn).
    """
    values = {"base": escape(base), "agent": escape(agent)}
    with connection.cursor(row_factory=dict_row) as cursor:
        return [restored(row) for row in cursor.execute(_KINDS, values).fetchall()]
