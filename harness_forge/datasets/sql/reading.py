"""Runs the statement and streams its rows: bound values, read-only, constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from harness_forge.core.errors import ExportError, ForgeError, StoreError
from harness_forge.datasets.sql.rows import Row
from harness_forge.datasets.sql.statement import MUST_RETURN, Statement

if TYPE_CHECKING:
    import psycopg

_RUN_AGAIN = "nothing was written; see `forge store status`, then run it again"
_VALUES = "values may be texts, numbers, true, false, null and lists of one of them"
_TOGETHER = 4
"""Rows that arrive at once: each alone costs a third more, and 50 MB are one row's right."""

_DEARER = 2
"""How many times the server's work may be expected to be, for rows that come at once."""

_BATCH_LENGTH = 4 << 20
"""Characters of JSON in a batch: a row may be huge, and many of them together must not be."""

_COLUMNS = "docs/datasets.md lists the columns it must return"


def enter(connection: psycopg.Connection, skill: str) -> None:
    """Set the search path to the schema of `skill`."""
    connection.execute("SELECT set_config('search_path', quote_ident(%s), false)", [skill])


class Forecast(NamedTuple):
    """The server's estimates for a statement, from its statistics.

    Args:
        rows: how many there will be.
        cost: of all of them, in the planner's units.
    """

    rows: float
    cost: float


def check(connection: psycopg.Connection, statement: Statement) -> Forecast:
    """Check the statement: the server plans it without running it.

    Raises:
        ExportError: with the server's message and the place in the recipe.
    """
    (((found,),),) = _send(connection, "EXPLAIN (FORMAT JSON) ", statement, None)
    plan = found["Plan"]
    # An unknown limit would hide what lies under it.
    whole = plan["Plans"][-1] if plan["Node Type"] == "Limit" else plan
    return Forecast(whole["Plan Rows"], whole["Total Cost"])


def quickest(connection: psycopg.Connection, statement: Statement) -> tuple[Statement, Forecast]:
    """Return the fastest form of the statement: with early first rows where that costs little.

    A plan that sorts all rows keeps the client waiting and fills the server's disk; one that
    walks an index may cost more in the end. The latter is asked for where the server expects
    no more than twice the cost.

    Raises:
        ExportError: with the server's message and the place in the recipe.
    """
    plain, early = check(connection, statement), statement.early()
    try:
        with connection.transaction():
            soon = check(connection, early)
    except ExportError:  # the recipe has a limit of its own behind its order
        return statement, plain
    return (early, soon) if soon.cost <= _DEARER * plain.cost else (statement, plain)


def columns(connection: psycopg.Connection, probe: Statement) -> list[str]:
    """Return the names of the columns that a statement returns."""
    import psycopg

    cursor = psycopg.RawCursor(connection)
    with _explained("", probe):
        cursor.execute(probe.text, probe.values)
    return [column.name for column in cursor.description or ()]


def read(connection: psycopg.Connection, statement: Statement) -> Iterator[Row]:
    """Yield the statement's rows one by one as they arrive.

    Raises:
        ExportError: the server refused the statement or failed at it.
        StoreError: the connection broke.
    """
    yield from _send(connection, "", statement, Row)


def batches(rows: Iterable[Row], most: int) -> Iterator[list[Row]]:
    """Yield rows in lists that are neither long, `most` rows, nor large."""
    batch, size = [], 0
    for row in rows:
        batch.append(row)
        size += len(row.messages or "") + len(row.response or "")
        if len(batch) >= most or size >= _BATCH_LENGTH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _send(connection, prefix: str, statement: Statement, shape) -> Iterator:
    import psycopg

    # Raw: placeholders are the server's own, so a % in the recipe is a %.
    # stream(): a few rows at a time, so that huge ones fit into memory, and
    # the extended protocol, which takes one statement only.
    cursor = psycopg.RawCursor(connection)
    if shape is not None:
        cursor.row_factory = lambda cursor: _maker(cursor, shape)
        _keep_json_text(cursor)
    with _explained(prefix, statement):
        yield from cursor.stream(prefix + statement.text, statement.values, size=_TOGETHER)


def _maker(cursor, shape):
    """Return a function that makes a `shape` of one row's values, by column name."""
    names = [column.name for column in cursor.description or ()]
    order = [names.index(field) if field in names else -1 for field in shape._fields]
    pick = itemgetter(*order)
    # One more value, a null, for fields that the statement does not return.
    make = shape._make
    return lambda values: make(pick((*values, None)))


def _keep_json_text(cursor) -> None:
    from psycopg.types.string import TextLoader  # one of psycopg's own, for those are in C

    for name in ("json", "jsonb"):
        cursor.adapters.register_loader(name, TextLoader)


@contextmanager
def _explained(prefix: str, statement: Statement):
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise _translate_error(error, prefix, statement) from None
    except UnicodeEncodeError:
        # Half a surrogate pair, which no server takes.
        raise ExportError("export", "its SQL or a value of it is no text", _VALUES) from None


def _translate_error(error: psycopg.Error, prefix: str, statement: Statement) -> ForgeError:
    """Return the error in the recipe's terms: key, line, and the server's message."""
    message = (error.diag.message_primary or str(error).strip() or "no message").split("\n")[0]
    import psycopg

    refused = psycopg.DataError | psycopg.ProgrammingError | psycopg.NotSupportedError
    if error.sqlstate is None and isinstance(error, refused):
        # Never sent: the driver cannot write the value.
        return ExportError("export.params", message, _VALUES)
    if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
        return StoreError("store", f"was lost while rows were read: {message}", _RUN_AGAIN)
    if error.sqlstate.startswith("53"):
        return StoreError("store", f"ran out of room while rows were read: {message}", _RUN_AGAIN)
    hint = error.diag.message_hint or ""
    position = error.diag.statement_position
    if position is None:
        return ExportError("export.sql", message, hint)
    before = statement.text[: max(int(position) - 1 - len(prefix), 0)]
    line = before.count("\n")
    place = statement.places[line] or "export.sql"
    if place.startswith(MUST_RETURN):
        name = place.removeprefix(MUST_RETURN)
        return ExportError("export.sql", f"returns no column '{name}'", _COLUMNS)
    shown = statement.text.split("\n")[line].strip()
    return ExportError(place, f"{message}: {shown}", hint)
