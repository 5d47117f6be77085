"""The holdout ledger: records each evaluation on a holdout (a look), and its share of alpha.

Enough looks at a holdout make some candidate win by luck. So each look is
recorded before the first item is attempted, and each candidate's look spends a
part of an error budget fixed in advance. Baselines are recorded but spend
nothing, because they are not promoted; lm-eval's scores spend nothing, because
no significance test uses them.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from harness_forge.config.budget import BudgetConfig, Schedule
from harness_forge.core.errors import EvalError
from harness_forge.core.files import add_line, finished, mend


@dataclass(frozen=True, slots=True)
class Look:
    """One run of one policy over items of a holdout.

    Args:
        label: the policy as stored with the run, such as `model:<name>`.
        candidate: digest of the adapter or model that might be promoted; None
            for a baseline.
        items: the evaluated items; looks that share an item share a budget.
        content_digest: digest of the content that judged.
        run_id: the run; skill and run id identify the look.
        time: UTC, set when the look is written.
        number: counts candidates' tested looks from 1; 0 for the others.
        alpha: significance level that it spends; 0 if nothing is tested.
        tested: a significance test uses it. A look that only feeds a margin, such
            as lm-eval's scores, spends nothing.
    """

    skill: str
    label: str
    candidate: str | None
    items: Sequence[str]
    content_digest: str
    run_id: str
    time: str = ""
    number: int = 0
    alpha: float = 0.0
    size: int = 0
    tested: bool = True

    @property
    def spends(self) -> bool:
        """Whether the look spends a part of the error budget."""
        return self.candidate is not None and self.tested


@dataclass(frozen=True, slots=True)
class Level:
    """Number and significance level of a candidate's look."""

    number: int
    alpha: float


class HoldoutLedger:
    """The ledger of one forge home, `ledger/looks.jsonl`; append-only.

    Args:
        home: forge's home.
        budget: how much all looks at a holdout may spend together.

    Raises:
        EvalError: the budget's values add up to more than its alpha.
    """

    def __init__(self, home: Path, budget: BudgetConfig | None = None) -> None:
        self.path = home / "ledger" / "looks.jsonl"
        self._budget = budget or BudgetConfig()
        _check(self._budget)

    def all(self) -> list[Look]:
        """Return every look, oldest first.

        A torn last line is ignored; a last line that lacks only its newline counts.

        Raises:
            EvalError: another line cannot be read.
        """
        try:
            return self._parsed(self.path.read_bytes())
        except FileNotFoundError:
            return []

    def of(self, skill: str, run_id: str) -> Look | None:
        """Return the look of a run, None if it has none."""
        return next((k for k in self.all() if (k.skill, k.run_id) == (skill, run_id)), None)

    def level(self, skill: str, items: Sequence[str], run_id: str | None = None) -> Level:
        """Return the level of a candidate's look at `items`.

        Args:
            run_id: if this run already has a look, that look's level is kept.
        """
        looks = self.all()
        known = next((k for k in looks if (k.skill, k.run_id) == (skill, run_id)), None)
        return Level(known.number, known.alpha) if known else self._next(looks, skill, items)

    def record(self, look: Look) -> Look:
        """Record a look, and return it with its number and level.

        The same run is the same look. The line is synced to disk on return.

        Raises:
            EvalError: the ledger cannot be read or written.
        """
        with self._locked() as file:
            # A torn line does not count: no item is attempted before the line is on the disk.
            looks = self._parsed(mend(file.fileno(), _is_look))
            for known in looks:
                if (known.skill, known.run_id) == (look.skill, look.run_id):
                    return known
            level = Level(0, 0.0)
            if look.spends:
                level = self._next(looks, look.skill, look.items)
            written = Look(
                **{
                    **asdict(look),
                    "items": sorted(look.items),
                    "size": len(look.items),
                    "time": datetime.now(UTC).isoformat(timespec="seconds"),
                    "number": level.number,
                    "alpha": level.alpha,
                }
            )
            line = json.dumps(asdict(written), ensure_ascii=False).encode()
            add_line(file.fileno(), line)
            os.fsync(file.fileno())
            return written

    def _next(self, looks: Sequence[Look], skill: str, items: Sequence[str]) -> Level:
        wanted = set(items)
        earlier = [
            look
            for look in looks
            if look.skill == skill and look.spends and wanted & set(look.items)
        ]
        left = max(self._budget.alpha - sum(look.alpha for look in earlier), 0.0)
        number = len(earlier) + 1
        return Level(number, min(planned(self._budget, number), left))

    def _parsed(self, text: bytes) -> list[Look]:
        found = []
        for number, line in enumerate(finished(text, _is_look).splitlines(), start=1):
            try:
                found.append(_look(line))
            except _NO_LOOK:
                raise EvalError(
                    f"{self.path}, line {number}",
                    "is no look at a holdout",
                    "put back what it said: without it nobody knows how often was looked",
                ) from None
        return found

    @contextmanager
    def _locked(self) -> Iterator:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
        except OSError as error:
            what = f"cannot be written: {error.strerror or error}"
            raise EvalError(
                str(self.path), what, "nothing was asked; make room and try again"
            ) from error


def planned(budget: BudgetConfig, number: int) -> float:
    """Return how much look `number`, from 1, spends by the schedule."""
    if budget.schedule is Schedule.halving:
        return budget.alpha * 2.0**-number
    if budget.schedule is Schedule.even:
        return budget.alpha / budget.looks if number <= budget.looks else 0.0
    return budget.values[number - 1] if number <= len(budget.values) else 0.0


def _check(budget: BudgetConfig) -> None:
    if not 0 < budget.alpha < 1:
        raise EvalError("budget.alpha", f"must lie between 0 and 1, not {budget.alpha}")
    if budget.schedule is Schedule.even and budget.looks < 1:
        raise EvalError("budget.looks", f"must be 1 or more, not {budget.looks}")
    # With a tolerance: 5 times 0.01 is not 0.05 in floats.
    unfit = min(budget.values, default=-1) < 0 or sum(budget.values) > budget.alpha + 1e-12
    if budget.schedule is Schedule.listed and unfit:
        what = f"must be positive and come to {budget.alpha} at most, not {budget.values}"
        raise EvalError("budget.values", what, "budget.values=[0.025,0.0125]")


def _look(line: bytes) -> Look:
    row, names = json.loads(line), {field.name for field in fields(Look)}
    return Look(**{key: row[key] for key in row if key in names})


_NO_LOOK = (ValueError, TypeError, RecursionError)


def _is_look(line: bytes) -> bool:
    try:
        return bool(_look(line))
    except _NO_LOOK:
        return False
