"""Puts the outcomes of drawn requests in the order of drawing, for a test of live traffic.

A test that reads outcomes as they arrive sees the faster arm first: of two equal arms
the faster one has more passes early on, and a test that may stop then calls it better.
In the order of drawing speed has no say: which arm comes next was decided by the draw
alone. So an outcome is read only when those of all requests drawn before it are known.

One that never comes would block the rest for ever. It counts as failed once `deadline_s`
have passed since its draw, in either arm. The limit rests on the clock and the draw, not
on the arm and not on what the outcome might be, and a verdict that comes later changes
nothing: each request has one outcome, "passed within the deadline", whenever it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from harness_forge.evaluation.sequential import SequentialResult, SequentialTest


@dataclass(frozen=True, slots=True)
class ArmAssignment:
    """A request that was drawn, or a run or an item that stays with its arm.

    Args:
        at: when it was drawn.
        arm: that was drawn.
        probability: the chance that this arm had.
        passed: its verdict; None while none is known.
        judged_at: when the verdict came.
        infrastructure: the judge itself failed, so there will be no verdict.
    """

    at: datetime
    arm: str
    probability: float
    passed: bool | None = None
    judged_at: datetime | None = None
    infrastructure: bool = False


@dataclass(frozen=True)
class InOrder:
    """What can be read of the draws so far.

    Args:
        reading: of the test; None without outcomes.
        pending: by arm: requests without an outcome whose deadline is to come.
        since: when the oldest of them was drawn.
        held_back: outcomes that are known and wait for one drawn earlier.
        overdue: by arm: read as failed because no verdict came in time.
        left_out: by arm: without a verdict because the judge failed.
    """

    reading: SequentialResult | None
    pending: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None
    held_back: int = 0
    overdue: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


def in_order(
    drawn: Iterable[ArmAssignment], arms: tuple[str, str], now: datetime, deadline_s: float
) -> InOrder:
    """Read outcomes in the order of drawing, up to the first that is not known.

    Args:
        drawn: the oldest first.
        arms: A and B; draws of other arms are not read.
        now: after this moment nothing is known.
        deadline_s: seconds from a draw after which a missing verdict is a failure.
    """
    test, reading, since, held_back = SequentialTest(), None, None, 0
    pending, overdue, left_out = Counter[str](), Counter[str](), Counter[str]()
    for one in (one for one in drawn if one.arm in arms):
        last = one.at + timedelta(seconds=deadline_s)
        known = one.passed is not None and (one.judged_at is None or one.judged_at <= last)
        if not known and now < last:
            pending[one.arm] += 1
            since = since or one.at
        elif since is not None:
            held_back += 1
        elif known and one.infrastructure:
            left_out[one.arm] += 1
        else:
            overdue[one.arm] += not known
            second = one.arm == arms[1]
            weight = one.probability if second else 1 - one.probability
            reading = test.add(second, known and bool(one.passed), weight)
    return InOrder(reading, dict(pending), since, held_back, dict(overdue), dict(left_out))
