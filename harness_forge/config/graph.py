"""Settings of the graph: a Bolt server that the records are mirrored to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GraphConfig:
    """A graph database that speaks Bolt, such as Neo4j, Memgraph or ArcadeDB.

    Args:
        url: such as bolt://127.0.0.1:7687 or neo4j+s://host. Empty uses no graph:
            questions are then answered from the store and the files.
        user: who logs in.
        password_env: environment variable that holds the password.
        database: its name on the server; empty takes the user's own.
        batch: rows sent in one transaction.
        timeout_s: seconds to wait for a connection.
    """

    url: str = ""
    user: str = "neo4j"
    password_env: str = "FORGE_GRAPH_PASSWORD"  # noqa: S105 - its name, not the password
    database: str = ""
    batch: int = 1000
    timeout_s: float = 10.0
