"""Sends datasets and their lines to a graph, each line with the attempts behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import islice

from harness_forge.config.schema import ForgeConfig
from harness_forge.report.graph import files
from harness_forge.report.graph.rows import key
from harness_forge.store.bolt import Graph

Say = Callable[[str], None]

_AT_ONCE = 20_000
"""Rows of a ledger that are looked up together."""

_LINES = """
UNWIND $rows AS row
MATCH (d:Dataset {key: row.dataset})
CREATE (l:Line {key: row.key, file: row.file, line: row.line, sources: row.sources})
CREATE (l)-[:IN_DATASET]->(d)
RETURN count(l) AS n
"""
_MORE_SOURCES = """
UNWIND $rows AS row
MATCH (l:Line {key: row.key}) SET l.sources = l.sources + row.sources RETURN count(l) AS n
"""
_MADE_FROM = """
UNWIND $rows AS row
MATCH (l:Line {key: row.line}) MATCH (a:Attempt {key: row.attempt})
CREATE (l)-[e:MADE_FROM {source: row.source}]->(a) RETURN count(e) AS n
"""


def send_datasets(graph: Graph, config: ForgeConfig, connect, sent: Counter, say: Say) -> None:
    """Send the datasets that the graph lacks, or has in part."""
    query = "MATCH (d:Dataset) WHERE d.complete RETURN d.key AS key"
    known = {row["key"] for row in graph.ask(query)}
    for dataset in files.datasets(config):
        if dataset.digest in known:
            continue
        node = {"key": dataset.digest, "name": dataset.name, "complete": False}
        say(f"dataset {dataset.name}")
        sent["Dataset"] += graph.write("Dataset", [node])
        graph.ask(
            "MATCH (l:Line)-[:IN_DATASET]->(d:Dataset {key: $key}) DETACH DELETE l",
            key=dataset.digest,
        )
        whole = _lines(graph, dataset, connect, sent)
        graph.write("Dataset", [{**node, "complete": whole}])


def _lines(graph: Graph, dataset: files.DatasetFiles, connect, sent: Counter) -> bool:
    """Send a dataset's lines; return whether the graph has every attempt that the store has."""
    whole, seen = True, set()
    rest = dataset.parts()
    while some := list(islice(rest, _AT_ONCE)):
        sources: dict[tuple[str, int], list[str]] = {}
        for part in some:
            sources.setdefault((part.file, part.line), []).append(part.source)
        lines = [
            {"key": line_key(dataset.digest, *place), "dataset": dataset.digest}
            | {"file": place[0], "line": place[1], "sources": names}
            for place, names in sources.items()
        ]
        sent["Line"] += graph.send(_LINES, (row for row in lines if row["key"] not in seen))
        # Rows of one conversation may stand far apart in the ledger.
        graph.send(_MORE_SOURCES, (row for row in lines if row["key"] in seen))
        seen |= {row["key"] for row in lines}
        attempts = files.resolved(some, connect)
        made = [
            {
                "line": line_key(dataset.digest, part.file, part.line),
                "attempt": key(part.skill, attempt),
                "source": part.source,
            }
            for part, attempt in zip(some, attempts, strict=True)
            if attempt is not None
        ]
        whole &= graph.send(_MADE_FROM, made) == len(made)
    return whole


def line_key(dataset: str, file: str, line: int) -> str:
    """Return the key of a line."""
    return f"{dataset}/{file}:{line}"
