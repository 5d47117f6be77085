"""Translates errors of PostgreSQL into a StoreError: where, what, remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy.exc

from harness_forge.core.errors import StoreError
from harness_forge.store import address

_BY_STATE = {
    "53100": ("the disk of the store is full", "free some space and run the same command again"),
    "53300": ("the server takes no more connections", "end other clients or raise max_connections"),
    "57P01": ("the server was shut down", "start it and run the same command again"),
    "57P02": ("the server crashed", "look at its log and run the same command again"),
    "42501": (
        "the role lacks a privilege",
        "grant it CREATE on the database and use of the schema",
    ),
    "25006": ("the server is read-only", "point store.url at the primary"),
}

# libpq gives connection errors no SQLSTATE; only the message tells them apart.
_BY_WORDS = [
    ("password authentication failed", "wrong user or password", "check store.url or PGPASSWORD"),
    ("no password supplied", "the server wants a password", "put it in store.url or PGPASSWORD"),
    ("no pg_hba.conf entry", "the server does not let this host in", "see its pg_hba.conf"),
    ("role ", "no such user", "check the user in store.url"),
    ("database ", "no such database", "create it (`createdb`) or check store.url"),
    ("Connection refused", "nothing answers there", "start the server or check host and port"),
    ("No such file or directory", "nothing answers there", "start the server or check the socket"),
    ("could not translate host name", "no such host", "check the host in store.url"),
    ("failed to resolve host", "no such host", "check the host in store.url"),
    ("Name or service not known", "no such host", "check the host in store.url"),
    ("timeout", "does not answer in time", "check host, port and firewall"),
    ("No space left on device", *_BY_STATE["53100"]),
    ("too many clients", *_BY_STATE["53300"]),
    ("starting up", "the server is still starting", "try again in a moment"),
]


def explain(error: Exception, url: str) -> StoreError:
    """Return the StoreError for an error of psycopg or SQLAlchemy at `url`."""
    cause = getattr(error, "orig", None) or error
    where = address.mask(url)
    known = _BY_STATE.get(getattr(cause, "sqlstate", None) or "")
    if known:
        return StoreError(where, *known)
    said = str(cause)
    for words, what, hint in _BY_WORDS:
        if words in said and _fits(words, said):
            return StoreError(where, what, hint)
    if isinstance(cause, psycopg.OperationalError) and "connection" in said:
        return StoreError(where, "the connection was lost", "is the server still up?")
    return StoreError(where, _first_line(address.scrub(said, url)))


def refused(error: StoreError) -> bool:
    """Return whether the store refuses the values of a row, so that trying again fails again."""
    cause = getattr(error.__cause__, "orig", None) or error.__cause__
    return isinstance(cause, psycopg.DataError | psycopg.IntegrityError)


def _fits(words: str, said: str) -> bool:
    return words not in ("role ", "database ") or "does not exist" in said


def _first_line(said: str) -> str:
    return (said.strip().splitlines() or ["unknown fault"])[0].rstrip(".")


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Raise every database error inside the block as a StoreError."""
    try:
        yield
    except (psycopg.Error, sqlalchemy.exc.DBAPIError, sqlalchemy.exc.TimeoutError) as error:
        raise explain(error, url) from error
