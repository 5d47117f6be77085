"""A store in which tips were shown or held back by the toss of a coin, written in bulk."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import psycopg

from harness_forge.core.records import Origin, Tip

POLICY = "model:small"
_RUNS = "COPY runs (id, policy, purpose) FROM STDIN"
_WORK = "COPY work_items (run_id, item_id, family, group_key) FROM STDIN"
_ATTEMPTS = (
    "COPY attempts (id, run_id, item_id, attempt_num, eval_passed, outcome_value,"
    " outcome_confidence, origin) FROM STDIN"
)
_RETRIEVALS = (
    "COPY tip_retrievals (run_id, attempt_id, tip_id, rule_id, rank, outcome_value, included,"
    " probability) FROM STDIN"
)


class Draw(NamedTuple):
    """One run's toss for one tip, and how each of the run's attempts went."""

    included: bool
    outcomes: Sequence[float]
    probability: float = 0.5


class Tossed:
    """Writes reflections with their tips, and what became of attempts that considered them."""

    def __init__(self, harness, url: str) -> None:
        self.harness, self.url = harness, url
        self._numbers = itertools.count(1_000_000)

    def reflection(self, item, text: str, prompt: str = "") -> int:
        """Record a failed attempt of a model whose reflector drew one tip; return the tip's id."""
        reflector = {
            "agent": "reflector",
            "messages": [
                {"role": "system", "content": "You are the reflector."},
                {"role": "user", "content": prompt or f"Rule: {item.item_id}\nVerdict: {text}"},
            ],
            "tools": (),
            "response": {"role": "assistant", "content": f"REFLECTION:\n{text}"},
            "finish_reason": "stop",
        }
        attempt_id = self.harness.attempt(
            item,
            passed=False,
            policy=POLICY,
            origin=Origin.MODEL,
            reflector=reflector,
            tips=[Tip(text, "recovery", "it matters")],
        )
        with psycopg.connect(self.url) as connection:
            found = connection.execute(
                "SELECT id FROM stig.tips WHERE source_attempt_id = %s", [attempt_id]
            )
            return found.fetchone()[0]

    def bare(self, count: int) -> list[int]:
        """Write tips that nobody's reflection is stored of; return their ids."""
        numbers = [next(self._numbers) for _ in range(count)]
        with psycopg.connect(self.url) as connection:
            _copy(connection, "COPY stig.tips (id, text) FROM STDIN", [(n, "x") for n in numbers])
        return numbers

    def observe(self, tip: int, item, shown: Sequence[bool], outcomes, **settings) -> None:
        """Write a run for each toss of one tip, with one attempt."""
        draws = zip(shown, outcomes, strict=True)
        self.write([(item, {tip: Draw(seen, [value], **settings)}) for seen, value in draws])

    def write(
        self,
        runs: Sequence[tuple[object, Mapping[int, Draw]]],
        policy: str = POLICY,
        origin: str = "model",
        purpose: str = "collect",
    ) -> None:
        """Write runs, each an item and the draw of every tip that was considered."""
        numbered = [(f"tossed-{next(self._numbers)}", item, draws) for item, draws in runs]
        attempts, retrievals = [], []
        for run_id, item, draws in numbered:
            for place, outcome in enumerate(next(iter(draws.values())).outcomes, start=1):
                number, name = next(self._numbers), item.item_id
                attempts.append((number, run_id, name, place, outcome == 1, outcome, 1, origin))
                retrievals += [
                    (run_id, number, tip, name, rank, outcome, draw.included, draw.probability)
                    for rank, (tip, draw) in enumerate(draws.items(), start=1)
                ]
        works = [(run_id, it.item_id, it.family, it.group_key) for run_id, it, _ in numbered]
        with psycopg.connect(self.url) as connection:
            connection.execute("SET search_path = stig")
            _copy(connection, _RUNS, [(run_id, policy, purpose) for run_id, *_ in numbered])
            _copy(connection, _WORK, works)
            _copy(connection, _ATTEMPTS, attempts)
            _copy(connection, _RETRIEVALS, retrievals)


def _copy(connection, statement: str, rows) -> None:
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
