"""Sends a skill's runs, rules, attempts, tips and retrievals to a graph.

Each run carries a mark that changes with its rows: only runs with another mark are
sent. A run gets its mark last, so what a killed push left half done is done again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from harness_forge.core.errors import GraphError
from harness_forge.report.graph import rows
from harness_forge.report.graph.rows import Facts, key
from harness_forge.store.bolt import Graph

_AT_ONCE = 20_000
"""Attempts of the runs that are marked together; a killed push loses at most these."""

_NEW_ATTEMPTS = """
UNWIND $rows AS row
MATCH (r:Rule {key: row.rule}) MATCH (u:Run {key: row.run})
CREATE (a:Attempt) SET a = row.of
CREATE (a)-[:ON_RULE]->(r) CREATE (a)-[:IN_RUN]->(u)
RETURN count(a) AS n
"""
_MOVED = """
UNWIND $rows AS row
MATCH (a:Attempt {key: row.of.key})-[e:ON_RULE|IN_RUN]->(x)
WHERE x.key <> row.rule AND x.key <> row.run
DELETE e RETURN count(e) AS n
"""
_OLD_ATTEMPTS = """
UNWIND $rows AS row
MATCH (r:Rule {key: row.rule}) MATCH (u:Run {key: row.run})
MERGE (a:Attempt {key: row.of.key}) SET a = row.of
MERGE (a)-[:ON_RULE]->(r) MERGE (a)-[:IN_RUN]->(u)
RETURN count(a) AS n
"""
_DERIVED = """
UNWIND $rows AS row
MATCH (t:Tip {key: row.tip}) MATCH (a:Attempt {key: row.attempt})
MERGE (t)-[:DERIVED_FROM]->(a) RETURN count(t) AS n
"""
_RETRIEVED = """
UNWIND $rows AS row
MATCH (a:Attempt {key: row.attempt}) MATCH (t:Tip {key: row.tip})
CREATE (a)-[e:RETRIEVED]->(t) SET e = row.of
RETURN count(e) AS n
"""
_EVIDENCE = """
UNWIND $rows AS row
MATCH (a:Attempt {{key: row.attempt}}) MATCH (t:Tip {{key: row.tip}})
CREATE (t)-[e:{0} {{retrieval: row.of.id}}]->(a) RETURN count(e) AS n
"""
_MARKED = """
UNWIND $rows AS row
MATCH (r:Run {key: row.key}) SET r.mark = row.mark RETURN count(r) AS n
"""

Say = Callable[[str], None]


class SkillRecords:
    """One skill's rows on their way into a graph."""

    def __init__(self, graph: Graph, skill: str, connection, sent: Counter, say: Say) -> None:
        self._graph, self._skill, self._connection = graph, skill, connection
        self._sent, self._say = sent, say

    def push(self) -> None:
        """Send the runs that changed, and take out what the store no longer has.

        Raises:
            GraphError: the graph has this skill from another store, whose rows have the same keys.
        """
        store = rows.store_of(self._connection)
        self._check(store)
        self._nodes("Skill", [{"id": self._skill, "store": store}])
        runs = list(rows.read(self._connection, rows.RUNS + "true ORDER BY r.started_at, r.id"))
        marks = {row["id"]: row["mark"] for row in rows.read(self._connection, rows.MARKS)}
        query = "MATCH (r:Run {group_id: $skill}) WHERE r.key <> '' RETURN r.id AS id, r.mark AS m"
        known = {row["id"]: row["m"] for row in self._graph.ask(query, skill=self._skill)}
        self._forget(sorted(known.keys() - marks.keys()))
        changed = [run for run in runs if known.get(run["id"]) != marks[run["id"]]]
        if changed:
            rules = list(rows.read(self._connection, rows.RULES))
            self._nodes("Rule", rules)
            self._of_skill("Rule", rules)
        self._tips()
        for chunk in _chunks(changed):
            self._runs(chunk, {run["id"] for run in chunk} & known.keys())
            done = [{"key": self._key(run["id"]), "mark": marks[run["id"]]} for run in chunk]
            self._graph.send(_MARKED, done)

    def _check(self, store: str) -> None:
        query = "MATCH (s:Skill {key: $key}) RETURN s.store AS store"
        found = self._graph.ask(query, key=self._key(self._skill))
        if found and found[0]["store"] != store:
            what = f"has the skill {self._skill} of another store"
            hint = "give each store a graph.database of its own, or empty this one"
            raise GraphError("graph.database", what, hint)

    def _runs(self, runs: Sequence[Facts], known: set[str]) -> None:
        ids = [run["id"] for run in runs]
        new, old = [one for one in ids if one not in known], sorted(known)
        self._say(
            f"{self._skill}: {len(ids)} runs, {sum(run['attempts'] for run in runs)} attempts"
        )
        self._nodes("Run", [{**run, "mark": ""} for run in runs])
        self._of_skill("Run", runs)
        self._sent["Attempt"] += self._graph.send(_NEW_ATTEMPTS, self._attempts(new))
        self._clear(old)
        self._sent["Attempt"] += self._graph.send(_OLD_ATTEMPTS, self._attempts(old))
        tips = rows.read(self._connection, rows.TIPS + "t.source_run_id = ANY(%s)", [ids])
        self._graph.send(
            _DERIVED,
            (
                {"tip": self._key(tip["id"]), "attempt": self._key(tip["source_attempt_id"])}
                for tip in tips
                if "source_attempt_id" in tip
            ),
        )
        self._retrievals(ids)

    def _attempts(self, runs: Sequence[str]) -> Iterator[Facts]:
        for row in rows.read(self._connection, rows.ATTEMPTS + "a.run_id = ANY(%s)", [runs]):
            yield {
                "rule": self._key(row["item_id"]),
                "run": self._key(row["run_id"]),
                "of": self._node(row),
            }

    def _clear(self, runs: Sequence[str]) -> None:
        """Take out what the store may have changed: retrievals, attempts that are gone."""
        for run in runs:
            self._graph.ask(
                "MATCH (:Run {key: $run})<-[:IN_RUN]-(a:Attempt)-[e:RETRIEVED|HELPED|HURT]-(:Tip)"
                " DELETE e",
                run=self._key(run),
            )
            here = self._graph.ask(
                "MATCH (:Run {key: $run})<-[:IN_RUN]-(a:Attempt) RETURN a.id AS id",
                run=self._key(run),
            )
            query = "SELECT id FROM attempts WHERE run_id = %s"
            there = {row["id"] for row in rows.read(self._connection, query, [run])}
            self._delete("Attempt", (row["id"] for row in here if row["id"] not in there))
        self._graph.send(_MOVED, self._attempts(runs))

    def _retrievals(self, runs: Sequence[str]) -> None:
        query = rows.RETRIEVALS + "a.run_id = ANY(%s) ORDER BY q.id"
        found = [
            {
                "attempt": self._key(row.pop("attempt_id")),
                "tip": self._key(row.pop("tip_id")),
                "of": row,
            }
            for row in rows.read(self._connection, query, [runs])
        ]
        self._sent["RETRIEVED"] += self._graph.send(_RETRIEVED, found)
        for verdict, kind in (("helped", "HELPED"), ("hurt", "HURT")):
            those = (row for row in found if row["of"]["verdict"] == verdict)
            self._sent[kind] += self._graph.send(_EVIDENCE.format(kind), those)

    def _tips(self) -> None:
        """Send tips that the graph lacks or has otherwise; take out those that are gone."""
        query = "MATCH (t:Tip {group_id: $skill}) WHERE t.key <> '' RETURN t.id AS id"
        known = {row["id"] for row in self._graph.ask(query, skill=self._skill)}
        found = list(rows.read(self._connection, rows.TIPS + "true ORDER BY t.id"))
        self._delete("Tip", known - {tip["id"] for tip in found})
        self._nodes("Tip", found)

    def _forget(self, runs: Sequence[str]) -> None:
        for run in runs:
            self._graph.ask(
                "MATCH (:Run {key: $run})<-[:IN_RUN]-(a:Attempt) DETACH DELETE a",
                run=self._key(run),
            )
        self._delete("Run", runs)

    def _delete(self, label: str, ids: Iterable[Any]) -> None:
        self._graph.send(
            f"UNWIND $rows AS row MATCH (x:{label} {{key: row.key}}) "
            "DETACH DELETE x RETURN count(row) AS n",
            ({"key": self._key(one)} for one in ids),
        )

    def _nodes(self, label: str, found: Sequence[Facts]) -> None:
        self._sent[label] += self._graph.write(label, map(self._node, found))

    def _of_skill(self, label: str, found: Sequence[Facts]) -> None:
        self._graph.send(
            f"UNWIND $rows AS row MATCH (x:{label} {{key: row.key}}) "
            "MATCH (s:Skill {key: row.skill}) MERGE (x)-[:OF_SKILL]->(s) RETURN count(x) AS n",
            ({"key": self._key(row["id"]), "skill": self._key(self._skill)} for row in found),
        )

    def _node(self, row: Facts) -> Facts:
        return {"key": self._key(row["id"]), "group_id": self._skill, **row}

    def _key(self, one: Any) -> str:
        return key(self._skill, one)


def _chunks(runs: Sequence[Facts]) -> Iterator[list[Facts]]:
    chunk: list[Facts] = []
    for run in runs:
        chunk.append(run)
        if sum(one["attempts"] for one in chunk) >= _AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
