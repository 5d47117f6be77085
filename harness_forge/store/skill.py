"""The records of one skill: items, splits, runs, attempts, tips."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import orjson
import psycopg
import sqlalchemy
from psycopg import sql
from psycopg.rows import dict_row

from harness_forge.core.errors import StoreError
from harness_forge.core.records import Attempt, Split, WorkItem
from harness_forge.core.sketches import openings
from harness_forge.store import address, rows, run_lock, watermarks
from harness_forge.store.connections import connect
from harness_forge.store.escaping import escape, restored, unescape
from harness_forge.store.faults import translate_errors
from harness_forge.store.intake import Intake
from harness_forge.store.run_lock import RunHandle, RunLock

_CHANGED_ITEM = """
ON CONFLICT (item_id) DO UPDATE SET
    (title, severity, family, group_key, full_cycle, digest, facts, surveyed_at) =
    (excluded.title, excluded.severity, excluded.family, excluded.group_key,
     excluded.full_cycle, excluded.digest, excluded.facts, now())
WHERE (items.title, items.severity, items.family, items.group_key, items.full_cycle,
       items.digest, items.facts) IS DISTINCT FROM
      (excluded.title, excluded.severity, excluded.family, excluded.group_key,
       excluded.full_cycle, excluded.digest, excluded.facts)
"""

# The turn that decided an attempt has the whole conversation before it. Where none is called
# decisive, the last one has.
_ASKED = """
SELECT t.item_id, w.title, t.messages::text
FROM turns t
JOIN work_items w USING (run_id, item_id)
WHERE t.decisive OR t.id IN (
    SELECT max(id) FROM turns GROUP BY attempt_id HAVING NOT bool_or(decisive)
)
ORDER BY t.id
"""
_PHRASED = 16
"""Ways of asking for one item that are looked at."""
_AT_ONCE = 20
"""Conversations that are in memory at once: one may have megabytes."""

_GROWING = ("runs", "work_items", "attempts", "turns", "tips", "tip_retrievals")


class SkillStore:
    """One skill's schema. Safe to use from several threads.

    Args:
        engine: pool of connections.
        url: as libpq reads it.
        name: the skill, which is the schema.
    """

    def __init__(self, engine: sqlalchemy.Engine, url: str, name: str) -> None:
        self.name = name
        self._engine, self._url = engine, url
        self._locks: dict[str, RunLock] = {}
        self._guard = threading.Lock()

    def upsert_items(self, items: Sequence[WorkItem]) -> None:
        """Write the skill's catalogue; unchanged items are not written."""
        with self._transaction() as connection:
            for item in items:
                rows.insert(connection, "items", rows.item_row(item), _CHANGED_ITEM)

    def items(self) -> list[WorkItem]:
        """Return the catalogue, sorted by item id."""
        query = (
            "SELECT item_id, title, severity, family, group_key, full_cycle, digest, facts"
            " FROM items ORDER BY item_id"
        )
        with self._transaction() as connection:
            return [WorkItem(*map(restored, row)) for row in connection.execute(query)]

    def prompts(self, most: int = 8000) -> dict[str, list[str]]:
        """Return the distinct prompts of each attempted item.

        That is how its conversations open, whoever answered; where this is no
        more than a greeting, the item's title before it.

        Args:
            most: characters of one prompt that are returned.
        """
        found: dict[str, dict[str, None]] = {}
        with self._transaction() as connection, connection.cursor("asked") as cursor:
            cursor.itersize = _AT_ONCE
            for item_id, title, messages in cursor.execute(_ASKED):
                asked = openings.opening(restored(_list(messages)))[:most]
                own = found.setdefault(item_id, {})
                if not asked.strip() or len(own) >= _PHRASED:
                    continue
                named = title not in (None, item_id) and not openings.telling(asked)
                own[f"{title}\n{asked}" if named else asked] = None
        return {unescape(item_id): list(texts) for item_id, texts in found.items() if texts}

    def regroup(self, groups: Mapping[str, str]) -> None:
        """Give items another group; what runs wrote of them under a group with a split stays."""
        moves = [(escape(group), escape(item_id)) for item_id, group in groups.items()]
        with self._transaction() as connection, connection.cursor() as cursor:
            cursor.executemany("UPDATE items SET group_key = %s WHERE item_id = %s", moves)
            cursor.executemany(
                "UPDATE work_items w SET group_key = %s WHERE item_id = %s"
                " AND NOT EXISTS (SELECT FROM splits s WHERE s.group_key = w.group_key)",
                moves,
            )

    def splits(self) -> dict[str, Split]:
        """Return the split of every group that has one."""
        with self._transaction() as connection:
            found = connection.execute("SELECT group_key, split FROM splits ORDER BY group_key")
            return {unescape(group): Split(split) for group, split in found}

    def assign_splits(self, mapping: Mapping[str, Split], salt: str) -> None:
        """Assign groups to splits. A group that has one keeps it for ever."""
        with self._transaction() as connection:
            for group, split in sorted(mapping.items()):
                row = {"group_key": group, "split": Split(split).value, "salt": salt}
                rows.insert(connection, "splits", row, "ON CONFLICT (group_key) DO NOTHING")

    def open_run(
        self,
        *,
        policy: str,
        purpose: str,
        config: Mapping[str, Any],
        evaluator: str,
        evaluator_version: str,
        content_digest: str,
        fresh: bool = False,
    ) -> RunHandle:
        """Start a run, or resume the same one.

        Runs are the same when all arguments but `fresh` are. The process holds
        a lock on the run until `finish_run`, or until it ends.

        Args:
            purpose: `collect` or `evaluate`.
            config: what the run's rows depend on, as JSON.
            fresh: start a new one whatever there is.

        Raises:
            StoreError: another process is writing this run.
        """
        identity = {
            "skill": self.name,
            "policy": policy,
            "purpose": str(getattr(purpose, "value", purpose)),
            "evaluator": evaluator,
            "evaluator_version": evaluator_version,
            "content_digest": content_digest,
        }
        config_digest = run_lock.digest({**identity, "config": config})
        row = {"config": rows.jsonb(config), "config_digest": config_digest, **identity}
        with self._transaction() as connection:
            # Two processes that start the same run at once must see each other.
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [config_digest]
            )
            known = None if fresh else run_lock.latest(connection, config_digest)
            if known is None:
                return self._start(connection, row)
            return self._resume(connection, *known)

    def record(self, run_id: str, item: WorkItem, attempt: Attempt) -> int:
        """Write an attempt with its turns, tips and retrievals, in one transaction.

        An attempt that is there already is left as it is.

        Returns:
            The attempt's id.

        Raises:
            StoreError: no such run, a tip that does not exist, or the server failed.
        """
        with self._transaction() as connection:
            rows.insert(
                connection,
                "work_items",
                rows.work_item_row(run_id, item),
                "ON CONFLICT (run_id, item_id) DO NOTHING",
            )
            place = rows.decisive_turn(attempt)
            decisive = None if place is None else attempt.turns[place]
            written = rows.insert(
                connection,
                "attempts",
                rows.attempt_row(run_id, attempt, decisive),
                "ON CONFLICT (run_id, item_id, attempt_num) DO NOTHING RETURNING id",
            ).fetchone()
            if written is None:
                return _attempt_id(connection, run_id, attempt)
            _write_parts(connection, run_id, written[0], attempt, place)
            return written[0]

    def finish_item(
        self, run_id: str, item_id: str, outcome: str, attempts: int, wall_time_s: float
    ) -> None:
        """Write the outcome of a work item: `completed` or `escalated`."""
        query = (
            "UPDATE work_items SET outcome = %s, attempts = %s, wall_time_s = %s"
            " WHERE run_id = %s AND item_id = %s"
        )
        with self._transaction() as connection:
            connection.execute(query, [outcome, attempts, wall_time_s, run_id, item_id])

    def finished_items(self, run_id: str) -> set[str]:
        """Return the items of a run that `finish_item` was called for."""
        query = "SELECT item_id FROM work_items WHERE run_id = %s AND outcome IS NOT NULL"
        with self._transaction() as connection:
            return {unescape(row[0]) for row in connection.execute(query, [run_id])}

    def finish_run(self, run_id: str, summary: Mapping[str, Any], status: str) -> None:
        """End a run as `complete` or `interrupted` and free its lock."""
        query = "UPDATE runs SET summary = %s, status = %s, ended_at = now() WHERE id = %s"
        with self._transaction() as connection:
            connection.execute(query, [rows.jsonb(summary), status, run_id])
        self._tidy()
        with self._guard:
            lock = self._locks.pop(run_id, None)
        if lock is not None:
            lock.release()

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs, newest first: every column of `runs`."""
        return self._dicts("SELECT * FROM runs ORDER BY started_at DESC, id DESC", [])

    def tips(self, before_run: str | None = None, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the tips in use, oldest first, with the split of their source item.

        Args:
            before_run: only tips of collect runs that started before this one.
            limit: at most this many, the newest.

        Returns:
            Dicts of id, text, tip_type, mechanism, trigger_conditions,
            application_context, source_attempt_id, source_run_id,
            source_rule_id, outcome_at_source_value,
            outcome_at_source_confidence, source_split.
        """
        query = """
            SELECT p.id, p.text, p.tip_type, p.mechanism, p.trigger_conditions,
                   p.application_context, p.source_attempt_id, p.source_run_id,
                   p.source_rule_id, p.outcome_at_source_value,
                   p.outcome_at_source_confidence, s.split AS source_split
            FROM tips p
            LEFT JOIN runs r ON r.id = p.source_run_id
            LEFT JOIN items i ON i.item_id = p.source_rule_id
            LEFT JOIN splits s ON s.group_key = i.group_key
            WHERE p.retired_at IS NULL AND (r.id IS NULL OR r.purpose = 'collect')
              AND (%s::text IS NULL OR r.id IS NULL OR (r.started_at, r.id) <
                   (SELECT started_at, id FROM runs WHERE id = %s))
            ORDER BY p.id DESC LIMIT %s
        """
        return self._dicts(query, [before_run, before_run, limit])[::-1]

    def flag(
        self,
        target_table: str,
        target_id: int,
        reason: str,
        evidence: Mapping[str, Any],
        evaluator: str,
    ) -> None:
        """Flag a label as untrusted. Writing the same flag twice has no effect.

        Args:
            target_table: attempts, turns, tips or tip_retrievals.
        """
        row = {
            "target_table": target_table,
            "target_id": target_id,
            "reason": reason,
            "evidence": rows.jsonb(evidence),
            "evaluator": evaluator,
        }
        with self._transaction() as connection:
            ending = "ON CONFLICT (target_table, target_id, reason) DO NOTHING"
            rows.insert(connection, "label_flags", row, ending)

    def intake(self, key: str) -> Intake:
        """Return the intake for rows that were recorded elsewhere; close it when done.

        Args:
            key: names what is taken in, such as one file's content.

        Raises:
            StoreError: another process takes the same in.
        """
        return Intake(self._url, self.name, key)

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Hold a lock named `what` in this skill for the block; wait for other processes."""
        with translate_errors(self._url):
            connection = connect(self._url, autocommit=True)
        with closing(connection):
            with translate_errors(self._url):
                query = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
                connection.execute(query, [f"{self.name}/{what}"])
            yield

    def intakes(self) -> dict[str, dict[str, Any]]:
        """Return the state of each intake by key."""
        query = "SELECT key, value FROM skill_settings WHERE key LIKE 'ingest/%%' ORDER BY key"
        with self._transaction() as connection:
            return {key: restored(value) for key, value in connection.execute(query, [])}

    def note(self, key: str, value: Any) -> None:
        """Store a setting of the skill."""
        row = {"key": key, "value": rows.jsonb(value), "updated_by": "forge"}
        ending = "ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()"
        with self._transaction() as connection:
            rows.insert(connection, "skill_settings", row, ending)

    def noted(self, key: str) -> Any:
        """Return a setting of the skill; None where it was never stored."""
        with self._transaction() as connection:
            query = "SELECT value FROM skill_settings WHERE key = %s"
            found = connection.execute(query, [key]).fetchone()
            return restored(found[0]) if found else None

    def tidy(self) -> None:
        """Update the server's statistics of the tables."""
        self._tidy()

    def watermark(self) -> dict[str, Any]:
        """Return a digest that changes when the rows that exports can select change.

        See `watermarks` for what counts. Order does not matter, evaluation
        runs do not count.
        """
        with self._transaction() as connection:
            return {"skill": self.name, **watermarks.take(connection)}

    def connect_read_only(self) -> psycopg.Connection:
        """Return a read-only connection to one snapshot of the store.

        Its search path is this skill's schema. For large results use a
        server-side cursor: `connection.cursor(name="rows")`. Close it when done.
        """
        with translate_errors(self._url):
            connection = connect(self._url)
            connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(self.name)))
            connection.commit()
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return connection

    def release(self) -> None:
        """Free the locks of runs that were not finished."""
        with self._guard:
            locks, self._locks = list(self._locks.values()), {}
        for lock in locks:
            lock.release()

    def _tidy(self) -> None:
        # The embedded server seldom lives long enough for autovacuum. Without
        # it the watermark of 100,000 attempts takes seconds, not 40 ms, and
        # exports are planned blind.
        tables = (sql.Identifier(self.name, table) for table in _GROWING)
        with translate_errors(self._url), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.connection.driver_connection.execute(
                sql.SQL("VACUUM (ANALYZE, SKIP_LOCKED) {}").format(sql.SQL(", ").join(tables))
            )

    def _start(self, connection: psycopg.Connection, row: rows.Row) -> RunHandle:
        run_id = run_lock.new_id()
        rows.insert(connection, "runs", {"id": run_id, **row})
        self._hold(run_id)
        return RunHandle(run_id, frozenset(), complete=False)

    def _resume(self, connection: psycopg.Connection, run_id: str, complete: bool) -> RunHandle:
        if not complete:
            self._hold(run_id)
            connection.execute(
                "UPDATE runs SET status = 'running', ended_at = NULL WHERE id = %s", [run_id]
            )
        return RunHandle(run_id, run_lock.done(connection, run_id), complete)

    def _hold(self, run_id: str) -> None:
        with self._guard:
            if run_id in self._locks:
                raise StoreError(
                    address.mask(self._url), f"run {run_id} is already open in this process"
                )
            self._locks[run_id] = RunLock(self._url, self.name, run_id)

    def _dicts(self, query: str, arguments: Sequence[Any]) -> list[dict[str, Any]]:
        with (
            self._transaction() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            return [restored(row) for row in cursor.execute(query, arguments)]

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection]:
        with translate_errors(self._url), self._engine.begin() as connection:
            driver = connection.connection.driver_connection
            driver.execute(run_lock.search_path(self.name))
            yield driver


def _list(raw: str) -> list[Any]:
    value = orjson.loads(raw)
    return value if isinstance(value, list) else []


def _attempt_id(connection: psycopg.Connection, run_id: str, attempt: Attempt) -> int:
    query = "SELECT id FROM attempts WHERE run_id = %s AND item_id = %s AND attempt_num = %s"
    return connection.execute(query, [run_id, attempt.item_id, attempt.attempt_num]).fetchone()[0]


def _write_parts(
    connection: psycopg.Connection,
    run_id: str,
    attempt_id: int,
    attempt: Attempt,
    decisive: int | None,
) -> None:
    for place, turn in enumerate(attempt.turns):
        row = rows.turn_row(run_id, attempt_id, attempt, place, turn, place == decisive)
        rows.insert(connection, "turns", row)
    for tip in attempt.tips:
        rows.insert(connection, "tips", rows.tip_row(run_id, attempt_id, attempt, tip))
    for drawn in attempt.retrievals:
        row = rows.retrieval_row(run_id, attempt_id, attempt, drawn)
        rows.insert(connection, "tip_retrievals", row)
