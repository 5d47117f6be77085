"""A connection to a Bolt server; its faults as a GraphError with where, what and remedy."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from harness_forge.config.graph import GraphConfig
from harness_forge.core.errors import GraphError

_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")

Row = Mapping[str, Any]

_FOUND = "UNWIND $rows AS row MATCH (x:{0} {{key: row.key}}) RETURN x"
_WRITTEN = "UNWIND $rows AS row MERGE (x:{0} {{key: row.key}}) SET x = row RETURN count(x) AS n"


class Graph:
    """An open session of a graph; `opened` makes it."""

    def __init__(self, session, config: GraphConfig) -> None:
        self._session, self._config = session, config

    def ask(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """Send one query in a transaction of its own and return its rows."""
        with _translated(self._config):
            return [record.data() for record in self._session.run(query, values)]

    def send(self, query: str, rows: Iterable[Row], **values: Any) -> int:
        """Send a query that begins with `UNWIND $rows AS row`, a transaction a batch.

        Returns:
            how many rows it returned `n` for, in all; a row whose nodes the graph
            lacks is not among them.
        """
        return sum(self.ask(query, rows=part, **values)[0]["n"] for part in self._parts(rows))

    def write(self, label: str, nodes: Iterable[Row]) -> int:
        """Write the nodes that the graph lacks or has otherwise; return how many."""
        done = 0
        for part in self._parts(nodes):
            found = self.ask(_FOUND.format(label), rows=[{"key": node["key"]} for node in part])
            known = {row["x"]["key"]: row["x"] for row in found}
            other = [node for node in part if known.get(node["key"]) != node]
            done += self.ask(_WRITTEN.format(label), rows=other)[0]["n"] if other else 0
        return done

    def _parts(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        rest = iter(rows)
        while part := list(islice(rest, self._config.batch)):
            yield part


@contextmanager
def opened(config: GraphConfig, setting: str = "graph.url") -> Iterator[Graph]:
    """Yield a session of the graph that `config` names.

    Args:
        setting: where the user gave the URL.

    Raises:
        GraphError: none is named, or nothing there speaks Bolt or lets us in.
    """
    _check(config, setting)
    from neo4j import GraphDatabase

    # What the driver logs comes as an error as well, in our words.
    logging.getLogger("neo4j").setLevel(logging.CRITICAL)
    secret = os.environ.get(config.password_env, "")
    driver = GraphDatabase.driver(
        config.url,
        auth=(config.user, secret) if config.user else None,
        connection_timeout=config.timeout_s,
        connection_acquisition_timeout=2 * config.timeout_s,
    )
    with driver, driver.session(database=config.database or None) as session:
        graph = Graph(session, config)
        graph.ask("RETURN 1")
        yield graph


def _check(config: GraphConfig, setting: str) -> None:
    if not config.url:
        raise GraphError(setting, "no graph is named", f"{setting}=bolt://127.0.0.1:7687")
    scheme, _, rest = config.url.partition("://")
    if scheme not in _SCHEMES or not rest:
        known = ", ".join(f"{one}://" for one in _SCHEMES)
        raise GraphError(setting, "is no URL of a Bolt server", f"it begins with {known}")
    if "@" in rest:
        hint = f"put them into graph.user and the environment variable {config.password_env}"
        raise GraphError(setting, "holds a user or a password", hint)


@contextmanager
def _translated(config: GraphConfig) -> Iterator[None]:
    from neo4j.exceptions import DriverError, Neo4jError

    try:
        yield
    except (DriverError, Neo4jError, OSError, ValueError) as error:
        raise _explained(error, config) from None


def _explained(error: Exception, config: GraphConfig) -> GraphError:
    from neo4j import exceptions

    code, said = str(getattr(error, "code", "") or ""), _first_line(error)
    if isinstance(error, exceptions.AuthError) or "Security" in code:
        hint = f"check graph.user and the environment variable {config.password_env}"
        return GraphError(config.url, "wrong user or password", hint)
    if "DatabaseNotFound" in code or ("database" in said.lower() and "exist" in said.lower()):
        name = config.database or "of the user"
        return GraphError(config.url, f"has no database {name}", "check graph.database")
    if _no_bolt(error):
        hint = "check the port: Bolt is on 7687 as a rule, 7474 is HTTP"
        return GraphError(config.url, "what answers there does not speak Bolt", hint)
    if isinstance(error, exceptions.ServiceUnavailable | exceptions.SessionExpired | OSError):
        hint = "start the server and run the same command again: what was sent is kept"
        return GraphError(config.url, "the server does not answer", hint)
    if "Constraint" in code:
        hint = "another push may be at work, or the database holds nodes of others: give it its own"
        return GraphError(config.url, f"refused a node: {said}", hint)
    return GraphError(config.url, said, "run the same command again: what was sent is kept")


def _no_bolt(error: Exception) -> bool:
    chain: Sequence[str] = []
    at: BaseException | None = error
    while at is not None:
        chain = [*chain, f"{type(at).__name__}: {at}"]
        at = at.__cause__ or at.__context__
    words = " ".join(chain)
    signs = ("Handshake", "handshake", "negotiate", "SSL", "does not support", "HTTP")
    return any(sign in words for sign in signs)


def _first_line(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error)
    return (text.splitlines() or [type(error).__name__])[0][:300]
