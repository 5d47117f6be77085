"""Simulated live traffic: two arms of known rates and speeds, so many requests at a time."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from harness_forge.evaluation.drawing import ArmAssignment, in_order
from harness_forge.evaluation.sequential import SequentialTest

ARMS = ("plain", "tuned")
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Traffic:
    """What requests meet.

    Args:
        rates: of A and of B.
        speed: how much faster B answers than A.
        at_once: requests under way at any time.
        slow_failures: how much longer a failed attempt takes.
        lost: share of requests that never get a verdict.
        requests: until the end.
    """

    rates: tuple[float, float] = (0.5, 0.5)
    speed: float = 1.0
    at_once: int = 1
    slow_failures: float = 1.0
    lost: float = 0.0
    requests: int = 400


def drawn(traffic: Traffic, seed: int) -> list[ArmAssignment]:
    """Return all requests in the order of drawing, each with the time of its verdict."""
    draw = random.Random(seed).random
    busy, made = [0.0] * traffic.at_once, []
    for _ in range(traffic.requests):
        begun = heapq.heappop(busy)
        second = draw() < 0.5
        passed, lost = draw() < traffic.rates[second], draw() < traffic.lost
        takes = (0.5 + draw()) * (1 if passed else traffic.slow_failures)
        done = begun + takes / (traffic.speed if second else 1)
        heapq.heappush(busy, done)
        verdict = (None, None) if lost else (passed, START + timedelta(seconds=done))
        made.append(ArmAssignment(START + timedelta(seconds=begun), ARMS[second], 0.5, *verdict))
    return made


def lowest_p_by_arrival(requests: list[ArmAssignment]) -> tuple[float, float]:
    """Return the lowest p of a test that reads outcomes as they arrive, and the difference then."""
    test, lowest = SequentialTest(), (1.0, 0.0)
    for one in sorted((r for r in requests if r.judged_at), key=lambda r: r.judged_at):
        reading = test.add(one.arm == ARMS[1], bool(one.passed))
        lowest = min(lowest, (reading.p, reading.difference))
    return lowest


def lowest_p_by_draw(requests: list[ArmAssignment], deadline_s: float = 60.0) -> float:
    """Return the lowest p of a test that reads outcomes in the order of drawing.

    Every look reads the outcomes from the first on, so the last look's p, which is the lowest
    over all outcomes read, is the lowest of all looks.
    """
    end = max(r.judged_at or r.at for r in requests) + timedelta(seconds=deadline_s)
    return in_order(requests, ARMS, end, deadline_s).reading.p
