"""Writes rows as gemma-forge's database and log have them, and notes which must be flagged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from psycopg.types.json import Json, Jsonb

GEMMA_FORGE = "gemma_forge"
START = datetime(2026, 4, 18, 17, 35, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


class Planted:
    """Rows of one skill.

    Args:
        expected: table, row id and reason of every flag that an audit must find.
        names: row to the name the test gave it.
    """

    def __init__(self, connection) -> None:
        self.connection = connection
        self.expected: set[tuple[str, int, str]] = set()
        self.names: dict[tuple[str, int], str] = {}
        self.made = 0

    def run(self, name, evaluator=GEMMA_FORGE, started_at=START, purpose="collect", summary=None):
        self.connection.execute(
            "INSERT INTO runs (id, skill, policy, purpose, status, evaluator, started_at, summary)"
            " VALUES (%s, 'stig-rhel9', 'model:gemma', %s, 'complete', %s, %s, %s)",
            [name, purpose, evaluator, started_at, Jsonb(summary or {})],
        )
        return name

    def item(self, run, name, outcome="escalated", title="Set a thing", category="", digest=""):
        self.connection.execute(
            "INSERT INTO work_items (run_id, item_id, title, category, outcome, attempts, digest)"
            " VALUES (%s, %s, %s, %s, %s, 1, %s) ON CONFLICT DO NOTHING",
            [run, name, title, category, outcome, digest],
        )
        return name

    def attempt(self, run, item, *flags, signals=None, summary=None, name="", **columns):
        """Write one attempt; `flags` are the reasons that an audit must find on it."""
        self.made += 1
        row = {
            "attempt_num": self.made,
            "evaluator": self._evaluator(run),
            "approach": "appended a line",
            "created_at": at(1),
            "outcome": Jsonb({"summary": summary, "signals": signals or {}}),
            **{key: Json(value) if key == "tool_call" else value for key, value in columns.items()},
        }
        return self._insert("attempts", {"run_id": run, "item_id": item, **row}, flags, name)

    def turn(self, run, agent, content, *flags, name="", **columns):
        row = {"run_id": run, "agent": agent, "content": content, **columns}
        return self._insert("turns", row, flags, name)

    def retrieval(self, run, item, value, *flags, attempt_id=None, retrieved_at=None, name=""):
        tip = self.connection.execute("INSERT INTO tips (text) VALUES ('look') RETURNING id")
        row = {
            "run_id": run,
            "attempt_id": attempt_id,
            "tip_id": tip.fetchone()[0],
            "rule_id": item,
            "rank": 1,
            "outcome_value": value,
            "outcome_confidence": None if value is None else 0.8 if value == 0.5 else 1.0,
            "retrieved_at": retrieved_at or at(1),
        }
        return self._insert("tip_retrievals", row, flags, name)

    def event(self, run, kind, minutes, item=None, **data):
        self.connection.execute(
            "INSERT INTO run_events (run_id, ts, event_type, rule_id, data)"
            " VALUES (%s, %s, %s, %s, %s)",
            [run, at(minutes), kind, item, Jsonb(data)],
        )

    def passing(self, run, item, *flags, **columns):
        """Write an attempt that passed, at a healthy machine."""
        signals = {"health": "HEALTHY", "rule_check": f"RULE_CHECK {item} PASS"}
        given = {"signals": signals, "value": 1.0, **columns}
        value = given.pop("value")
        return self.attempt(
            run,
            item,
            *flags,
            eval_passed=True,
            outcome_value=value,
            outcome_confidence=1.0,
            **given,
        )

    def _evaluator(self, run):
        query = "SELECT evaluator FROM runs WHERE id = %s"
        return self.connection.execute(query, [run]).fetchone()[0]

    def _insert(self, table, row, flags, name):
        columns, places = ", ".join(row), ", ".join(["%s"] * len(row))
        made = self.connection.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING id", list(row.values())
        ).fetchone()[0]
        self.expected |= {(table, made, reason) for reason in flags}
        self.names[table, made] = name
        return made

    def found(self):
        query = "SELECT target_table, target_id, reason FROM label_flags"
        return set(self.connection.execute(query).fetchall())
