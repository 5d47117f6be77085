"""The records as a graph has them."""

from __future__ import annotations

from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ConfigError, GraphError
from harness_forge.report.graph import files
from harness_forge.report.graph.rows import Facts, key
from harness_forge.report.graph.send_datasets import line_key
from harness_forge.report.graph.stored import lineage_of
from harness_forge.report.graph.why import LineRow
from harness_forge.store.bolt import Graph

_OURS = ("key", "group_id", "mark")
"""Properties that serve the mirror alone."""


class GraphRecords:
    """Reads what `forge graph push` wrote."""

    def __init__(self, graph: Graph, config: ForgeConfig) -> None:
        self._graph, self._config = graph, config

    def line(self, dataset: Path, file: str, number: int) -> list[LineRow]:
        """Return the rows of a line.

        Raises:
            GraphError: the graph has not this line of the dataset as it is now.
        """
        own = line_key(files.dataset(dataset).digest, file, number)
        found = self._graph.ask("MATCH (l:Line {key: $key}) RETURN l.sources AS s", key=own)
        if not found:
            what = f"has not {dataset.name} as it is now"
            raise GraphError(self._config.graph.url, what, "forge graph push")
        query = (
            "MATCH (l:Line {key: $key})-[e:MADE_FROM]->(a:Attempt) "
            "RETURN e.source AS source, a.id AS attempt"
        )
        attempts = {row["source"]: row["attempt"] for row in self._graph.ask(query, key=own)}
        return [LineRow(source, attempts.get(source)) for source in found[0]["s"]]

    def attempt(self, skill: str, one: int) -> Facts | None:
        """Return an attempt."""
        return self._node("Attempt", skill, one)

    def run(self, skill: str, one: str) -> Facts | None:
        """Return a run."""
        return self._node("Run", skill, one)

    def tip(self, skill: str, one: int) -> Facts | None:
        """Return a tip."""
        return self._node("Tip", skill, one)

    def shown(self, skill: str, attempt: int) -> list[Facts]:
        """Return the tips that were considered for an attempt."""
        query = (
            "MATCH (:Attempt {key: $key})-[e:RETRIEVED]->(t:Tip) "
            "RETURN t.id AS tip, t.text AS text, e.rank AS rank, e.included AS included, "
            "e.probability AS probability, e.verdict AS verdict, e.id AS id ORDER BY id"
        )
        found = self._graph.ask(query, key=key(skill, attempt))
        keys = ("text", "rank", "included", "probability", "verdict")
        return [
            {"tip": f"{skill}.tips:{row['tip']}"} | {name: row[name] for name in keys}
            for row in found
        ]

    def retrievals(self, skill: str, tip: int) -> list[Facts]:
        """Return what is known of each time that a tip was considered."""
        query = (
            "MATCH (a:Attempt)-[e:RETRIEVED]->(:Tip {key: $key}) RETURN a.item_id AS item_id, "
            "e.included AS included, e.verdict AS verdict, e.id AS id ORDER BY id"
        )
        found = self._graph.ask(query, key=key(skill, tip))
        return [{k: row[k] for k in ("item_id", "included", "verdict")} for row in found]

    def adapter(self, name: str) -> Facts:
        """Return what an adapter was made from, and what was decided on it."""
        digest = self._digest(name)
        (node,) = self._graph.ask(
            "MATCH (a:Adapter {key: $key}) OPTIONAL MATCH (a)-[:STARTED_FROM]->(p) "
            "RETURN a.name AS name, a.base AS base, a.dataset AS dataset, "
            "collect(p.key) AS parents",
            key=digest,
        )
        lines = (
            "MATCH (a:Adapter {key: $key})-[:TRAINED_ON]->(:Dataset)<-[:IN_DATASET]-(l:Line) "
            "WHERE split(l.file, '.')[0] IN a.splits "
        )
        counted = self._graph.ask(lines + "RETURN count(DISTINCT l) AS n", key=digest)
        runs = self._graph.ask(
            lines + "MATCH (l)-[:MADE_FROM]->(t:Attempt)-[:IN_RUN]->(r:Run) "
            "RETURN r.group_id AS skill, r.id AS run, r.policy AS policy, "
            "count(DISTINCT t) AS attempts ORDER BY skill, run",
            key=digest,
        )
        decided = self._graph.ask(
            "MATCH (d:Decision)-[:DECIDED]->(:Adapter {key: $key}) RETURN d.time AS time, "
            "d.slot AS slot, d.decision AS decision, d.rule AS rule, d.why AS why "
            "ORDER BY d.place",
            key=digest,
        )
        return {
            "adapter": node["name"],
            "digest": digest,
            "base": node["base"] or "",
            "dataset": node["dataset"] or "",
            "started_from": ", ".join(sorted(node["parents"])),
            "lines": counted[0]["n"],
            "attempts": sum(run["attempts"] for run in runs),
            "runs": runs,
            "decisions": decided,
        }

    def _digest(self, name: str) -> str:
        """Return the digest of an adapter; the registry's word counts where it has one."""
        try:
            wanted = lineage_of(self._config, name)["digest"]
        except ConfigError:
            wanted = ""
        query = (
            "MATCH (a:Adapter) WHERE a.key = $digest OR $digest = '' AND "
            "(a.name = $name OR a.name + '-' + left(a.key, 12) = $name) RETURN a.key AS key"
        )
        found = self._graph.ask(query, digest=wanted, name=name)
        where = self._config.graph.url
        if not found:
            raise GraphError(where, f"has no adapter {name}", "forge graph push")
        if len(found) > 1:
            labels = ", ".join(f"{name}-{row['key'][:12]}" for row in found)
            raise GraphError(where, f"has several adapters {name}", f"name one: {labels}")
        return found[0]["key"]

    def _node(self, label: str, skill: str, one: object) -> Facts | None:
        query = f"MATCH (x:{label} {{key: $key}}) RETURN x"
        found = self._graph.ask(query, key=key(skill, one))
        return {k: v for k, v in found[0]["x"].items() if k not in _OURS} if found else None
