"""One attempt with its turns, and the attempts of the same item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from harness_forge.store.browsing.attempts import FLAGGED, OUTCOMES, WORD
from harness_forge.store.escaping import escape, restored

_ATTEMPT = f"""
SELECT a.id, a.run_id, a.item_id, a.attempt_num, a.approach, a.failure_mode, a.reflection,
       a.lesson, a.wall_time_s, a.created_at, a.approach_prompt, a.tool_call, a.response,
       a.outcome_value, a.outcome_confidence, a.outcome, a.evaluator, a.evaluator_version,
       a.origin, a.variant, a.model, a.adapter, a.prompt_tokens, a.completion_tokens,
       a.infrastructure, a.eval_passed, w.title, w.family, w.group_key, s.split, r.purpose,
       r.policy, {WORD}, {FLAGGED}
FROM attempts a JOIN runs r ON r.id = a.run_id
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
LEFT JOIN splits s ON s.group_key = w.group_key
WHERE a.id = %s
"""  # noqa: S608
_COST = "SELECT usd FROM attempt_costs WHERE attempt_id = %s AND EXISTS (SELECT FROM prices)"
_TURNS = """
SELECT id, agent, iteration, decisive, model, finish_reason, prompt_tokens, completion_tokens,
       elapsed_s, messages, shared, tools, response, content
FROM turns WHERE attempt_id = %s ORDER BY iteration, id LIMIT {most}
"""
# Bounded, for one item may have a hundred thousand attempts.
_NEAR = """
FROM (
    (SELECT id FROM attempts WHERE run_id = %(run)s AND item_id = %(item)s LIMIT 500)
    UNION
    (SELECT id FROM attempts WHERE item_id = %(item)s LIMIT 500)
) near JOIN attempts a USING (id)
WHERE a.id <> %(id)s
"""
_SIBLINGS = f"""
SELECT a.id, a.run_id, a.attempt_num, {WORD} {_NEAR}
ORDER BY a.run_id = %(run)s DESC, a.id DESC LIMIT 20
"""
_OTHER = f"""
SELECT a.id {_NEAR} AND {{condition}}
ORDER BY a.run_id = %(run)s DESC, abs(a.id - %(id)s) LIMIT 1
"""

TURNS = 200
"""Turns of an attempt that are read at most."""


@dataclass(frozen=True)
class WholeAttempt:
    """An attempt as the store has it.

    Args:
        facts: every column that is read, by name; and usd, by the stored prices, None where
            that is not known.
        turns: in order, at most TURNS.
        siblings: other attempts of the item, those of the same run first; at most 20.
    """

    facts: Mapping[str, Any]
    turns: Sequence[Mapping[str, Any]]
    siblings: Sequence[Mapping[str, Any]]


def attempt(connection: psycopg.Connection, number: int) -> WholeAttempt | None:
    """Return an attempt; None where there is none of this id."""
    with connection.cursor(row_factory=dict_row) as cursor:
        facts = cursor.execute(_ATTEMPT, [number]).fetchone()
        if facts is None:
            return None
        turns = [
            restored(turn)
            for turn in cursor.execute(_TURNS.replace("{most}", str(TURNS)), [number]).fetchall()
        ]
        _fill_requests(cursor, number, turns)
        cost = cursor.execute(_COST, [number]).fetchone()
        facts["usd"] = cost["usd"] if cost else None
        keys = {"item": facts["item_id"], "id": number, "run": facts["run_id"]}
        siblings = cursor.execute(_SIBLINGS, keys).fetchall()
    return WholeAttempt(restored(facts), turns, restored(siblings))


def _fill_requests(cursor: psycopg.Cursor, number: int, turns: Sequence[dict[str, Any]]) -> None:
    """Set the messages of turns that share theirs: each is read once, and the same object in all.

    Put together by the server, 200 turns of a long session would be 40 MB to read.
    """
    spans = [(turn, turn.pop("shared")) for turn in turns]
    if all(one is None for _, one in spans):
        return
    said = {
        row["place"]: restored(row["message"])
        for row in cursor.execute(
            "SELECT place, message FROM shared_messages WHERE attempt_id = %s", [number]
        )
    }
    for turn, ranges in spans:
        if ranges is not None:
            turn["messages"] = [
                said[place] for one in ranges for place in range(one.lower, one.upper)
            ]


def counterpart(connection: psycopg.Connection, one: Mapping[str, Any]) -> int | None:
    """Return the attempt of the same item with the other verdict: the nearest, of its run first.

    Args:
        one: an attempt's facts.
    """
    wanted = "failed" if one["verdict"] == "passed" else "passed"
    keys = {"item": escape(one["item_id"]), "id": one["id"], "run": escape(one["run_id"])}
    found = connection.execute(_OTHER.replace("{condition}", OUTCOMES[wanted]), keys).fetchone()
    return found[0] if found else None
