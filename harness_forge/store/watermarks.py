"""Watermarks: a short value that changes if and only if an export could change.

It sums a 64-bit hash of each row, so order does not matter. It includes the
attempts, turns with the messages that they share, work items, retrievals and tips of
collect runs, the policy of those runs, what their sources said of consent, the
catalogue, the splits, the label flags, and the schema's step.
The catalogue's survey time, a run's status and its end do not count.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import psycopg

from harness_forge.store.migrations import HEAD

_SUMS = """
WITH collect AS (SELECT id FROM runs WHERE purpose = 'collect')
SELECT 'attempts', count(*), coalesce(sum(row_hash), 0)
FROM attempts WHERE run_id IN (SELECT id FROM collect)
UNION ALL
SELECT 'turns', count(*), coalesce(sum(row_hash), 0)
FROM turns WHERE run_id IN (SELECT id FROM collect)
UNION ALL
SELECT 'shared_messages', count(*), coalesce(sum(row_hash), 0)
FROM shared_messages WHERE run_id IN (SELECT id FROM collect)
HAVING count(*) > 0
UNION ALL
SELECT 'tip_retrievals', count(*), coalesce(sum(row_hash), 0)
FROM tip_retrievals WHERE run_id IN (SELECT id FROM collect)
UNION ALL
SELECT 'tips', count(*), coalesce(sum(row_hash), 0)
FROM tips WHERE source_run_id IS NULL OR source_run_id IN (SELECT id FROM collect)
UNION ALL
SELECT 'work_items', count(*), coalesce(sum(hash_record_extended(
    ROW(run_id, item_id, title, severity, family, group_key, digest), 0)), 0)
FROM work_items WHERE run_id IN (SELECT id FROM collect)
UNION ALL
SELECT 'runs', count(*), coalesce(sum(hash_record_extended(
    ROW(id, skill, policy, purpose, evaluator, evaluator_version, content_digest), 0)), 0)
FROM runs WHERE purpose = 'collect'
UNION ALL
SELECT 'items', count(*), coalesce(sum(hash_record_extended(
    ROW(item_id, title, severity, family, group_key, full_cycle, digest, facts), 0)), 0)
FROM items
UNION ALL
SELECT 'splits', count(*), coalesce(sum(hash_record_extended(ROW(group_key, split), 0)), 0)
FROM splits
UNION ALL
SELECT 'label_flags', count(*), coalesce(sum(hash_record_extended(
    ROW(target_table, target_id, reason, evidence, evaluator), 0)), 0)
FROM label_flags
UNION ALL
SELECT 'consents', count(*), coalesce(sum(hash_record_extended(
    ROW(id, config #>> '{source,consent}'), 0)), 0)
FROM runs WHERE purpose = 'collect' AND config #>> '{source,consent}' IS NOT NULL
HAVING count(*) > 0
"""


def take(connection: psycopg.Connection) -> dict[str, Any]:
    """Return `rows` (counts by table), `schema` (its step) and `hash`."""
    sums = {table: (count, int(total)) for table, count, total in connection.execute(_SUMS)}
    text = json.dumps([HEAD, sums], sort_keys=True)
    return {
        "schema": HEAD,
        "rows": {table: count for table, (count, _) in sorted(sums.items())},
        "hash": hashlib.sha256(text.encode()).hexdigest()[:32],
    }
