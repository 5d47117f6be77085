"""gemma-forge's database, read as it is: what its writers stored, and what they did not.

The connection cannot write and sees one moment. Attempts come without prompt
and script, because no table has them; a text that is as long as the writer
lets it be counts as cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from harness_forge.collect.sources import outcomes
from harness_forge.collect.sources.gemma_forge_attempts import REFLECTION, bare
from harness_forge.collect.sources.records import RecordedAttempt
from harness_forge.core.errors import SourceError
from harness_forge.core.records import Attempt, Origin, Turn, WorkItem

APPROACH = 200
"""Characters at which the harness cuts what the worker said of its attempt."""

TABLES = ("runs", "work_items", "attempts", "tips", "tip_retrievals", "bans", "run_events", "turns")
_NEEDED = ("runs", "work_items", "attempts")

Row = dict[str, Any]


class Database:
    """One schema of a gemma-forge database.

    Args:
        connection: cannot write; sees one moment.
        schema: `stig`, `cve`.

    Raises:
        SourceError: the schema lacks the tables.
    """

    def __init__(self, connection, schema: str) -> None:
        self._connection, self.schema = connection, schema
        found = self._rows(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_name = ANY(%s) ORDER BY 1, 2",
            [[*TABLES, "lessons_current"]],
        )
        self.tables = {row["table_name"] for row in found if row["table_schema"] == schema}
        if lacking := [name for name in _NEEDED if name not in self.tables]:
            there = sorted(
                {row["table_schema"] for row in found if row["table_name"] == "attempts"}
            )
            raise SourceError(
                f"schema {schema}",
                f"is not gemma-forge's: it has no table {', '.join(lacking)}",
                f"schemas with attempts: {', '.join(there) or 'none'}; set source.schema",
            )
        from psycopg import sql

        self._execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(schema)))

    @property
    def name(self) -> str:
        """Which database it is, without user, password and host."""
        return f"{self._connection.info.dbname}.{self.schema}"

    def identity(self) -> str:
        """Return what tells this schema from every other one."""
        row = self._rows("SELECT system_identifier FROM pg_control_system()", [], quiet=True)
        server = row[0]["system_identifier"] if row else self._connection.info.host
        return f"{server}/{self.name}"

    def runs(self) -> list[Row]:
        """Return the runs, oldest first."""
        return self._rows("SELECT * FROM runs ORDER BY started_at, id", [])

    def of_run(self, table: str, run_id: str) -> list[Row]:
        """Return a table's rows of one run; none where there is no such table."""
        if table not in self.tables:
            return []
        from psycopg import sql

        query = sql.SQL("SELECT * FROM {} WHERE run_id = %s ORDER BY {}").format(
            sql.Identifier(table), sql.Identifier("item_id" if table == "work_items" else "id")
        )
        return self._rows(query, [run_id])

    def tips(self) -> list[Row]:
        """Return every tip, with nothing of its embedding, which is never written."""
        if "tips" not in self.tables:
            return []
        found = self._rows("SELECT to_jsonb(t) - 'embedding' AS tip FROM tips t ORDER BY id", [])
        return [row["tip"] for row in found]

    def lessons(self) -> list[Row]:
        """Return the lessons."""
        if "lessons_current" not in self.tables:
            return []
        return self._rows("SELECT * FROM lessons_current ORDER BY id", [])

    def _rows(self, query, values: list[Any], quiet: bool = False) -> list[Row]:
        from psycopg.rows import dict_row

        with (
            _translate_errors(self._connection, quiet),
            self._connection.cursor(row_factory=dict_row) as cursor,
        ):
            return cursor.execute(query, values).fetchall()
        return []

    def _execute(self, statement) -> None:
        with _translate_errors(self._connection, False):
            self._connection.execute(statement)


def attempts_of(source, run: Row, policy: str, evaluator: str) -> Iterator[RecordedAttempt]:
    """Yield the attempts of one run as records, in their order.

    Args:
        source: gives the rows of `work_items` and `attempts` of a run.
    """
    items = {row["item_id"]: row for row in source.of_run("work_items", run["id"])}
    for row in source.of_run("attempts", run["id"]):
        item = item_of(items.get(row["item_id"]) or {"item_id": row["item_id"]})
        yield RecordedAttempt(row["id"], run["id"], policy, item, _attempt(row, evaluator))


def item_of(row: Mapping[str, Any]) -> WorkItem:
    """Return the work item of a row of `work_items`."""
    name = bare(row["item_id"])
    return WorkItem(name, row.get("title") or name, "", row.get("category") or "other", name)


def _attempt(row: Row, evaluator: str) -> Attempt:
    said = row.get("failure_mode") or ""
    signals = {
        "attempts_id": row["id"],
        "failure_mode": said,
        # Written as a literal, whatever happened; only failed attempts are written.
        "eval_passed": row.get("eval_passed"),
        "cut": [
            key
            for key, limit in (("approach", APPROACH), ("reflection", REFLECTION))
            if len(row.get(key) or "") >= limit
        ],
    }
    passed = bool(row.get("eval_passed"))
    outcome = outcomes.outcome((passed, float(passed)), 1.0, evaluator, signals)
    return Attempt(
        item_id=bare(row["item_id"]),
        attempt_num=row["attempt_num"],
        origin=Origin.MODEL,
        prompt="",
        tool_call=None,
        # The sentence is in upstream's place, for readers who expect it there.
        outcome=replace(outcome, summary=said, failure_mode=said or outcome.failure_mode),
        turns=[
            _turn(agent, row[key], limit, row.get("created_at"))
            for agent, key, limit in (
                ("worker", "approach", APPROACH),
                ("reflector", "reflection", REFLECTION),
            )
            if row.get(key)
        ],
        approach=row.get("approach") or "",
        reflection=row.get("reflection"),
        lesson=row.get("lesson"),
    )


@contextmanager
def opened(url: str) -> Iterator:
    """Yield a connection that cannot write and sees one moment.

    Raises:
        SourceError: no server answers, or it refuses the login.
    """
    import psycopg

    try:
        connection = psycopg.connect(url, application_name="harness-forge", connect_timeout=10)
    except psycopg.Error as error:
        raise SourceError("source.path", _first_line(error, url), "postgresql://…") from None
    with connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        try:
            yield connection
        finally:
            connection.rollback()


@contextmanager
def _translate_errors(connection, quiet: bool) -> Iterator[None]:
    import psycopg

    try:
        if quiet:
            with connection.transaction():
                yield
        else:
            yield
    except psycopg.Error as error:
        if not quiet:
            raise SourceError("source.path", _first_line(error, ""), "") from None


def _first_line(error: Exception, url: str) -> str:
    """Return what the server says, without what the URL holds."""
    said = (str(error).strip().splitlines() or ["unknown fault"])[0]
    return said.replace(url, "…") if url else said


def _turn(agent: str, text: str, limit: int, when) -> Turn:
    return Turn(
        agent=agent,
        messages=(),
        tools=(),
        response={"role": "assistant", "content": text},
        model="recorded",
        sampling={"not_stored": ["messages", "tools", "tool_call", "model", "sampling"]},
        finish_reason="length" if len(text) >= limit else None,
        started_at=when,
    )
