"""gemma-forge's graph, read as it is: runs, rules, attempts and lessons of one skill.

The graph is a copy of tables, and of the first runs only: it has no outcome of an item,
no text of an attempt but its lesson, and no tips. So it gives the rows that the
database would give, as far as it has them.
"""

from __future__ import annotations

from typing import Any

from harness_forge.collect.sources import outcomes
from harness_forge.config.graph import GraphConfig
from harness_forge.core.errors import SourceError
from harness_forge.store.bolt import Graph

Row = dict[str, Any]

_RUNS = "MATCH (r:Run {group_id: $group}) RETURN r.run_id AS id, r AS node"
_ATTEMPTS = """
MATCH (a:Attempt {group_id: $group, run_id: $run})
OPTIONAL MATCH (r:Rule {group_id: $group, rule_id: a.rule_id})
RETURN a AS node, r.title AS title, r.category AS category
"""
_LESSONS = "MATCH (x:Lesson {group_id: $group}) RETURN x AS node ORDER BY x.lesson_id"
_GROUPS = "MATCH (r:Run) WHERE r.run_id <> '' RETURN DISTINCT r.group_id AS g ORDER BY g"
_KEPT = ("weight", "confidence", "source_run_id", "source_item_id", "environment_tag")


class GraphRows:
    """One skill of a gemma-forge graph, as rows of its tables.

    Args:
        group: the skill's `group_id`: `stig`.

    Raises:
        SourceError: the graph has no runs of that skill.
    """

    tables = frozenset(("runs", "attempts", "bans", "lessons_current"))
    """`work_items` is not among them: no outcome of an item is known."""

    def __init__(self, graph: Graph, config: GraphConfig, group: str) -> None:
        self._graph, self._config, self._group = graph, config, group
        self._attempts: dict[str, list[Row]] = {}
        if not self.runs():
            there = ", ".join(str(row["g"]) for row in graph.ask(_GROUPS))
            hint = f"skills with runs: {there or 'none'}; set source.schema"
            raise SourceError(f"group_id {group}", "has no runs of gemma-forge's", hint)

    @property
    def name(self) -> str:
        """Which graph it is, without user and host."""
        return f"{self._config.database or 'graph'}.{self._group}"

    def identity(self) -> str:
        """Return what tells this skill from every other one, by whatever URL: its first run."""
        return f"{self._group}/{self.runs()[0]['id']}"

    def runs(self) -> list[Row]:
        """Return the runs, oldest first; what is in the graph has ended."""
        found = [
            {
                "id": row["id"],
                "started_at": _time(row["node"].get("started_at")),
                "ended_at": _time(row["node"].get("ended_at")),
                "skill": self._group,
                "summary": {k: v for k, v in row["node"].items() if k == "fix_rate"},
            }
            for row in self._graph.ask(_RUNS, group=self._group)
            if row["id"]
        ]
        return sorted(found, key=lambda run: (str(run["started_at"] or ""), run["id"]))

    def of_run(self, table: str, run_id: str) -> list[Row]:
        """Return a table's rows of one run; none where the graph has no such table."""
        if table not in ("work_items", "attempts", "bans"):
            return []
        if run_id not in self._attempts:
            found = self._graph.ask(_ATTEMPTS, group=self._group, run=run_id)
            rows = [_attempt(row) for row in found]
            rows.sort(key=lambda row: (row["item_id"], row["attempt_num"]))
            self._attempts = {run_id: rows}
        rows = self._attempts[run_id]
        if table == "attempts":
            return rows
        if table == "bans":
            patterns = {row["banned_pattern"]: None for row in rows if row["banned_pattern"]}
            return [{"pattern": pattern} for pattern in patterns]
        tries: dict[str, int] = {}
        for row in rows:
            tries[row["item_id"]] = tries.get(row["item_id"], 0) + 1
        last = {row["item_id"]: row for row in rows}
        return [{**last[item], "attempts": count} for item, count in tries.items()]

    def tips(self) -> list[Row]:
        """Return none: upstream has indexes for tips, and writes none."""
        return []

    def lessons(self) -> list[Row]:
        """Return the lessons, with their confidence."""
        found = [row["node"] for row in self._graph.ask(_LESSONS, group=self._group)]
        return [
            {
                "category": node.get("category") or "",
                "lesson": node["text"],
                "success_count": node.get("success_count") or 0,
                "failure_count": node.get("failure_count") or 0,
                **{key: node.get(key) for key in _KEPT},
                "weight": node.get("weight", 0.5),
            }
            for node in found
            if node.get("text")
        ]


def _attempt(row: Row) -> Row:
    node = row["node"]
    return {
        "id": node["attempt_id"],
        "item_id": node["rule_id"],
        "attempt_num": node.get("attempt_num") or 1,
        "eval_passed": node.get("eval_passed"),
        "created_at": _time(node.get("created_at")),
        "lesson": node.get("lesson_text"),
        "banned_pattern": node.get("banned_pattern"),
        "title": row["title"],
        "category": row["category"],
    }


def _time(value: Any) -> Any:
    """Return a time of the driver, a text or a number as a datetime; None for none."""
    return value.to_native() if hasattr(value, "to_native") else outcomes.moment(value)
