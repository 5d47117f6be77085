"""What happened in a skill day by day: counts and sums, never the rows themselves.

Evaluation runs and attempts that were made to fail count where they are asked for. No outcome
of a held-out item is read: seeing one would be a look at the holdout. Days are in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import psycopg

from harness_forge.store.escaping import restored

BINS = 5
"""Of a distribution of results, 0 to 1, all as wide."""

_FAMILIES = 300
"""Most families that are kept apart; the others are one."""


class SeriesKey(NamedTuple):
    """What a series is of: who answered, as what."""

    model: str
    adapter: str
    role: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The attempts of one series, family and day.

    Args:
        attempts: all of them; `judged` those with a verdict.
        passed: of those judged.
        value: sum of their outcome values.
        bins: how many of these values are in each fifth of 0 to 1.
        tokens, tokens_of: sum, and of how many attempts it is known.
        seconds: sum of the time that they took.
    """

    key: SeriesKey
    family: str
    day: date
    attempts: int
    judged: int
    passed: int
    value: float
    bins: tuple[int, ...]
    tokens: int
    tokens_of: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Recency:
    """When a skill was last used, of collect runs; and what of the days asked for is not counted.

    Args:
        attempts: up to now; `future` those whose time has not come yet.
        last: time of the last one up to now; None without any.
        furthest: the latest time of the future; None without any.
        within: all attempts within the days asked for, of every run.
        held_out: those of them that are of held-out items, which are never looked at.
        evaluated: of the others, those of evaluation runs.
        made_to_fail: of the others, those that were broken on purpose.
    """

    attempts: int
    last: datetime | None
    future: int
    furthest: datetime | None
    within: int
    held_out: int
    evaluated: int
    made_to_fail: int


_DAY = "(a.created_at AT TIME ZONE 'UTC')::date"
_SEEN = "s.split IS DISTINCT FROM 'holdout'"
_COLLECTED = "r.purpose = 'collect'"
_COUNTED = f"({_COLLECTED} AND a.origin <> 'mutated')"

# Which turn is decisive says whose attempt it is. Outcomes are grouped before families are
# counted, so that the many rows are read once.
_CELLS = f"""
WITH cells AS MATERIALIZED (
    SELECT coalesce(nullif(a.model, ''), r.policy) AS model, coalesce(a.adapter, '') AS adapter,
           coalesce(t.agent, '') AS role, coalesce(w.family, '') AS family, {_DAY} AS day,
           count(*) AS attempts, count(*) FILTER (WHERE NOT a.infrastructure) AS judged,
           count(*) FILTER (WHERE a.eval_passed AND NOT a.infrastructure) AS passed,
           coalesce(sum(a.outcome_value) FILTER (
               WHERE NOT a.infrastructure AND a.outcome_value BETWEEN 0 AND 1), 0) AS value,
           {
    ", ".join(
        f"count(*) FILTER (WHERE NOT a.infrastructure AND a.outcome_value >= {n / BINS}"
        + f" AND a.outcome_value {'<' if n < BINS - 1 else '<='} {(n + 1) / BINS})"
        + f" AS bin{n}"
        for n in range(BINS)
    )
},
           coalesce(sum(coalesce(a.prompt_tokens, 0) + coalesce(a.completion_tokens, 0)), 0)
               AS tokens,
           count(coalesce(a.prompt_tokens, a.completion_tokens)) AS tokens_of,
           coalesce(sum(a.wall_time_s), 0) AS seconds
    FROM attempts a
    JOIN runs r ON r.id = a.run_id
    JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
    LEFT JOIN splits s ON s.group_key = w.group_key
    LEFT JOIN turns t ON t.attempt_id = a.id AND t.decisive
    WHERE a.created_at >= %(since)s AND a.created_at <= %(until)s
      AND {_SEEN} AND (%(every)s OR {_COUNTED})
    GROUP BY 1, 2, 3, 4, 5
), ranked AS (
    SELECT family, row_number() OVER (ORDER BY sum(attempts) DESC, family) AS place
    FROM cells GROUP BY family
)
SELECT model, adapter, role, CASE WHEN place <= {_FAMILIES} THEN family ELSE '' END, day,
       sum(attempts), sum(judged), sum(passed), sum(value),
       {", ".join(f"sum(bin{n})" for n in range(BINS))},
       sum(tokens), sum(tokens_of), sum(seconds)
FROM cells JOIN ranked USING (family)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 5, 4
"""  # noqa: S608 - numbers of ours

_WITHIN = "a.created_at BETWEEN %(since)s AND %(until)s"
_RECENCY = f"""
SELECT count(*) FILTER (WHERE {_COLLECTED} AND a.created_at <= %(until)s),
       max(a.created_at) FILTER (WHERE {_COLLECTED} AND a.created_at <= %(until)s),
       count(*) FILTER (WHERE {_COLLECTED} AND a.created_at > %(until)s),
       max(a.created_at) FILTER (WHERE {_COLLECTED} AND a.created_at > %(until)s),
       count(*) FILTER (WHERE {_WITHIN}),
       count(*) FILTER (WHERE {_WITHIN} AND NOT {_SEEN}),
       count(*) FILTER (WHERE {_WITHIN} AND {_SEEN} AND NOT {_COLLECTED}),
       count(*) FILTER (WHERE {_WITHIN} AND {_SEEN} AND {_COLLECTED} AND a.origin = 'mutated')
FROM attempts a
JOIN runs r ON r.id = a.run_id
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
LEFT JOIN splits s ON s.group_key = w.group_key
"""  # noqa: S608 - as above

_OVERHEAD = """
SELECT coalesce(nullif(model, ''), model_sent), coalesce(agent, ''),
       (started_at AT TIME ZONE 'UTC')::date,
       count(*), sum(before_s), percentile_cont(0.95) WITHIN GROUP (ORDER BY before_s)
FROM captures
WHERE started_at >= %(since)s AND started_at <= %(until)s AND purpose = 'collect'
  AND before_s IS NOT NULL AND shadow_of IS NULL
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

_SCORED = f"""
SELECT t.id, coalesce(nullif(a.model, ''), r.policy), coalesce(a.adapter, ''),
       coalesce(t.agent, ''), coalesce(w.family, ''), {_DAY}, t.run_id
FROM turns t
JOIN attempts a ON a.id = t.attempt_id
JOIN runs r ON r.id = a.run_id
JOIN work_items w ON w.run_id = a.run_id AND w.item_id = a.item_id
LEFT JOIN splits s ON s.group_key = w.group_key
WHERE t.id = ANY(%(turns)s) AND a.created_at >= %(since)s AND a.created_at <= %(until)s
  AND {_SEEN} AND (%(every)s OR {_COUNTED})
"""  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Overhead:
    """The time that the proxy added to the requests of a model, agent and day, in seconds."""

    model: str
    role: str
    day: date
    requests: int
    total_s: float
    p95_s: float


@dataclass(frozen=True, slots=True)
class ScoredTurn:
    """A turn that a judge may have scored."""

    turn: int
    key: SeriesKey
    family: str
    day: date
    run: str


def cells(
    connection: psycopg.Connection, since: datetime, until: datetime, *, every: bool = False
) -> Iterator[Cell]:
    """Yield what was attempted between two times, both included, by series, family and day.

    Args:
        every: evaluation runs and attempts that were made to fail too.
    """
    for row in connection.execute(_CELLS, {"since": since, "until": until, "every": every}):
        model, adapter, role, family, day, *numbers = map(restored, row)
        attempts, judged, passed, value, *rest = numbers
        *bins, tokens, tokens_of, seconds = rest
        yield Cell(
            SeriesKey(model or "", adapter, role), family, day,
            int(attempts), int(judged), int(passed), float(value),
            tuple(map(int, bins)), int(tokens), int(tokens_of), float(seconds),
        )  # fmt: skip


def recency(connection: psycopg.Connection, since: datetime, until: datetime) -> Recency:
    """Return when the skill was last used; outcomes are not read."""
    row = connection.execute(_RECENCY, {"since": since, "until": until}).fetchone()
    return Recency(*row)


def overheads(
    connection: psycopg.Connection, since: datetime, until: datetime
) -> Iterator[Overhead]:
    """Yield what the proxy added between two times, by model, agent and day."""
    for row in connection.execute(_OVERHEAD, {"since": since, "until": until}):
        yield Overhead(*map(restored, row))


def scored_turns(
    connection: psycopg.Connection,
    turns: Sequence[int],
    since: datetime,
    until: datetime,
    *,
    every: bool = False,
) -> Iterator[ScoredTurn]:
    """Yield those of some turns whose attempt was made between two times.

    Args:
        every: evaluation runs too.
    """
    found = {"turns": list(turns), "since": since, "until": until, "every": every}
    for row in connection.execute(_SCORED, found):
        turn, model, adapter, role, family, day, run = map(restored, row)
        yield ScoredTurn(turn, SeriesKey(model or "", adapter, role), family, day, run)
