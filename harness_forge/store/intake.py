"""Writes attempts that were recorded elsewhere: in bulk, each exactly once.

One transaction writes rows and the read position of the source, so that a killed
ingest resumes after the last row it wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from psycopg import sql

from harness_forge.core.errors import StoreError
from harness_forge.core.records import Attempt, WorkItem
from harness_forge.store import address, intake_sql, rows, run_lock
from harness_forge.store.bulk import BulkWriter
from harness_forge.store.connections import connect
from harness_forge.store.entries import AttemptEntry, attempt_row, of_catalogue, tip_rows, turn_rows
from harness_forge.store.escaping import escape, restored, storable
from harness_forge.store.faults import translate_errors
from harness_forge.store.json_texts import JsonTexts, is_plain
from harness_forge.store.shared_messages import shared_messages

_LEFT = "ON CONFLICT DO NOTHING"
# Prompts are most of what is written. Of servers with LZ4 (the embedded one
# has none) a fraction of the time goes into packing them; whoever chose another way keeps it.
_PACK_FAST = """
SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings
WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals) AND source = 'default'
"""


def demand_storable(attempt: Attempt) -> JsonTexts:
    """Check that an attempt can be written, and return the JSON texts of its values.

    Raises:
        RecursionError: a value is nested too deeply.
    """
    texts = JsonTexts()
    if not is_plain(attempt.outcome.signals):
        storable(attempt.outcome.signals)
    for turn in attempt.turns[-1:]:
        texts.of_list(turn.messages)
    for turn in attempt.turns:
        for value in (turn.response, turn.tools, turn.sampling):
            texts.of(value)
    return texts


class Intake:
    """Writes the attempts of one source. Only one process at a time can hold it.

    Args:
        url: as libpq reads it.
        skill: the schema.
        key: of the source's state in `skill_settings`.

    Raises:
        StoreError: another process holds it.
    """

    def __init__(self, url: str, skill: str, key: str) -> None:
        self._url, self._key = url, f"ingest/{key}"
        with translate_errors(url):
            self._connection = connect(url, autocommit=True)
        try:
            with translate_errors(url):
                self._hold(skill)
                self._connection.execute(
                    sql.SQL("SET search_path = {}").format(sql.Identifier(skill))
                )
                self._connection.execute(_PACK_FAST)
            self._writing = BulkWriter(self._connection)
            self.state = self._noted()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Release the source for other processes."""
        self._connection.close()

    def open_run(self, run_id: str, row: Mapping[str, Any]) -> str:
        """Create a run, or find the one of an earlier call; return its id.

        If another source has a run of the same id, that run is left alone and this
        one gets an id with a suffix.

        Args:
            row: policy, evaluator, evaluator_version, content_digest, config, skill.
        """
        source = {**row["config"].get("source", {}), "key": self._key}
        row = {**row, "config": {**row["config"], "source": source}}
        mine = run_lock.digest({"key": self._key, "run": run_id})
        for name in (run_id, f"{run_id}-{mine[:6]}"):
            whole = {**row, "id": name, "config_digest": mine, "config": rows.jsonb(row["config"])}
            with self.transaction():
                self.insert("runs", whole)
                found = self._connection.execute(
                    "SELECT config_digest FROM runs WHERE id = %s", [escape(name)]
                ).fetchone()
            if found[0] == mine:
                return name
        raise StoreError(address.mask(self._url), f"run {run_id} is another source's")

    check = staticmethod(demand_storable)

    def write(
        self,
        entries: Sequence[AttemptEntry],
        state: Mapping[str, Any],
        events: Iterable[rows.Row] = (),
    ) -> list[int]:
        """Write attempts with their turns and tips, and the read position of the source.

        Args:
            events: rows of `run_events`.

        Returns:
            The attempts' ids.
        """
        with self.transaction():
            ids = self._write(entries) if entries else []
            self.copy("run_events", events)
            self._note(state)
        self.state = dict(state)
        return ids

    def add_facts(self, run_id: str, facts: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
        """Store the source's facts and summary of a run."""
        query = "UPDATE runs SET config = config || %s, summary = summary || %s WHERE id = %s"
        with translate_errors(self._url):
            self._connection.execute(
                query, [rows.jsonb(facts), rows.jsonb(summary), escape(run_id)]
            )

    def finish(self, state: Mapping[str, Any], status: str) -> None:
        """Record the outcome of the source's items and runs over all calls.

        If the source has no outcome of an item, the item is completed if a try passed.

        Args:
            status: `complete` or `interrupted`.
        """
        with self.transaction():
            own = self._connection.execute(intake_sql.OWN, {"key": self._key}).fetchall()
            for (run_id,) in own:
                self._connection.execute(intake_sql.SUMMED_UP, {"run": run_id})
                self._connection.execute(intake_sql.ITEMS, [run_id])
                self._connection.execute(intake_sql.RUN, [status, run_id, run_id])
            self._note(state)
        self.state = dict(state)

    def forget(self) -> None:
        """Delete everything written from this source.

        Runs, attempts, turns, tips and flags; items that no other source has, and
        splits of groups that have no item left.
        """
        with self.transaction():
            for statement in intake_sql.FORGET:
                self._connection.execute(statement, {"key": self._key})
        self.state = {}

    def withdraw(self, item_ids: Sequence[str]) -> None:
        """Delete what this source wrote of some items; groups keep their splits.

        A file whose rows change is thus on the same side as before.
        """
        values = {"key": self._key, "ids": [escape(one) for one in item_ids]}
        with self.transaction():
            for statement in intake_sql.WITHDRAW if item_ids else ():
                self._connection.execute(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in one transaction."""
        with translate_errors(self._url), self._connection.transaction():
            yield

    def insert(self, table: str, row: rows.Row) -> None:
        """Write one row; an existing row is left unchanged."""
        rows.insert(self._connection, table, row, _LEFT)

    def copy(self, table: str, lines: Iterable[rows.Row]) -> int:
        """Write rows of the same columns and return how many."""
        return self._writing.copy(table, lines)

    def query(self, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query in the same transaction; [] if there are none."""
        with translate_errors(self._url):
            cursor = self._connection.execute(text, list(values))
            return cursor.fetchall() if cursor.description else []

    def _hold(self, skill: str) -> None:
        query = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        if not self._connection.execute(query, [f"{skill}/{self._key}"]).fetchone()[0]:
            raise StoreError(
                address.mask(self._url),
                f"{self._key} is being written by another process",
                "wait for it; what it wrote is not written again",
            )

    def _noted(self) -> dict[str, Any]:
        query = "SELECT value FROM skill_settings WHERE key = %s"
        with translate_errors(self._url):
            found = self._connection.execute(query, [self._key]).fetchone()
        return restored(found[0]) if found else {}

    def _note(self, state: Mapping[str, Any]) -> None:
        row = {"key": self._key, "value": rows.jsonb(state), "updated_by": "forge ingest"}
        ending = "ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()"
        rows.insert(self._connection, "skill_settings", row, ending)

    def _write(self, entries: Sequence[AttemptEntry]) -> list[int]:
        known = self._catalogue(entries)
        entries = [of_catalogue(entry, known) for entry in entries]
        self._work_items(entries)
        entries = self._numbered(entries)
        ids = [
            row[0]
            for row in self._connection.execute(
                "SELECT nextval(pg_get_serial_sequence('attempts', 'id'))"
                " FROM generate_series(1, %s)",
                [len(entries)],
            )
        ]
        shared = [shared_messages(entry.attempt, entry.texts) for entry in entries]
        made = list(zip(ids, entries, shared, strict=True))
        copy = self._writing.copy_binary
        copy("attempts", (attempt_row(id_, entry) for id_, entry, _ in made))
        own = ((id_, entry, messages) for id_, entry, messages in made if messages)
        copy(
            "shared_messages",
            (row for id_, entry, messages in own for row in messages.rows(entry.run_id, id_)),
        )
        copy("turns", (row for one in made for row in turn_rows(*one)))
        self.copy("tips", (row for id_, entry, _ in made for row in tip_rows(id_, entry)))
        return ids

    def _catalogue(self, entries: Sequence[AttemptEntry]) -> dict[str, WorkItem]:
        """Add new items and return the existing ones, which a survey may have described further."""
        ids = sorted({escape(entry.item.item_id) for entry in entries})
        query = (
            "SELECT item_id, title, severity, family, group_key, full_cycle, digest, facts, cluster"
            " FROM items WHERE item_id = ANY(%s)"
        )
        found = [WorkItem(*map(restored, row)) for row in self._connection.execute(query, [ids])]
        known = {item.item_id: item for item in found}
        new = {entry.item.item_id: entry.item for entry in entries}
        # In one fixed order: two processes with the same items in different orders would deadlock.
        fresh = sorted(new.keys() - known.keys())
        self._writing.insert("items", [rows.item_row(new[name]) for name in fresh])
        return known

    def _work_items(self, entries: Sequence[AttemptEntry]) -> None:
        attempted = {(entry.run_id, entry.item.item_id): entry for entry in entries}
        self._writing.insert(
            "work_items",
            [rows.work_item_row(run_id, entry.item) for (run_id, _), entry in attempted.items()],
        )
        for run_id in {entry.run_id for entry in entries if entry.outcome}:
            self._connection.execute(intake_sql.GIVEN, [escape(run_id)])
        for entry in entries:
            if entry.outcome:
                self._connection.execute(
                    "UPDATE work_items SET outcome = %s WHERE run_id = %s AND item_id = %s",
                    [entry.outcome, escape(entry.run_id), escape(entry.item.item_id)],
                )

    def insert_all(self, table: str, lines: Sequence[rows.Row]) -> None:
        """Write rows of the same columns; existing rows are left unchanged."""
        if lines:
            statement = rows.insertion(table, lines[0], _LEFT)
            values = [[rows.bound(value) for value in line.values()] for line in lines]
            with self._connection.cursor() as cursor:
                cursor.executemany(statement, values)

    def _numbered(self, entries: Sequence[AttemptEntry]) -> list[AttemptEntry]:
        """Return the entries with attempt numbers that are free in their run and item."""
        pairs = sorted({(escape(one.run_id), escape(one.item.item_id)) for one in entries})
        runs, items = [run for run, _ in pairs], [item for _, item in pairs]
        highest = {
            (run_id, item_id): number or 0
            for run_id, item_id, number in self._connection.execute(
                intake_sql.HIGHEST, [runs, items]
            )
        }
        used: set[tuple[str, str, int]] = set()
        made = []
        for one in entries:
            pair = (escape(one.run_id), escape(one.item.item_id))
            number = one.attempt.attempt_num
            if (
                number < 1
                or (*pair, number) in used
                or (number <= highest[pair] and self._is_taken(*pair, number))
            ):
                number = highest[pair] + 1
            highest[pair] = max(highest[pair], number)
            used.add((*pair, number))
            made.append(replace(one, attempt=replace(one.attempt, attempt_num=number)))
        return made

    def _is_taken(self, run_id: str, item_id: str, number: int) -> bool:
        query = "SELECT 1 FROM attempts WHERE (run_id, item_id, attempt_num) = (%s, %s, %s)"
        return self._connection.execute(query, [run_id, item_id, number]).fetchone() is not None
