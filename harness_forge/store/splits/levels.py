"""The significance level of a look at a holdout: what is left of the error budget.

Whoever sees a candidate's scores on held-out items has looked: choosing the best
of ten by their lm-eval scores errs as often as ten tests. So a candidate spends at
its first look, scored or tested, and the test of a scored candidate has the level
that its scoring took. The union bound then holds whatever is chosen, and whenever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness_forge.config.budget import BudgetConfig, Schedule
from harness_forge.core.errors import EvalError
from harness_forge.store.splits.looks import Look, covers, share

_PLAN = ("alpha", "schedule", "looks", "values")
"""The keys of a budget that say how much each look may spend."""

TOLERANCE = 1e-12
"""5 times 0.01 is not 0.05 in floats."""


@dataclass(frozen=True, slots=True)
class LookLevel:
    """Number and significance level of a candidate's look.

    Args:
        same_as: run id of the candidate's earlier look that has them already.
    """

    number: int
    alpha: float
    same_as: str = ""


def next_level(
    looks: Sequence[Look], look: Look, budget: BudgetConfig, *, refuse: bool = True
) -> LookLevel:
    """Return the level of a candidate's new look.

    Args:
        refuse: a budget that was raised; a look that was made already is planned by
            the first one instead.

    Raises:
        EvalError: the budget was changed since the first look at these items, and
            would now give this look more.
    """
    if look.candidate is None:
        return LookLevel(0, 0.0)
    earlier = [one for one in looks if one.candidate is not None and share(one, look)]
    if own := _already_spent(earlier, look):
        return LookLevel(own.number, own.alpha, own.run_id)
    spent = _spent(earlier)
    number = max([len(spent), *(one.number for one in spent)]) + 1
    first = _first_budget(spent)
    if first and refuse:
        _refuse_more(budget, first, number, spent[0])
    budgets = [budget] if first is None else [first, budget] if refuse else [first]
    alpha = min(planned(one, number) for one in budgets)
    left = min(one.alpha for one in budgets) - sum(one.alpha for one in spent)
    return LookLevel(number, min(alpha, max(left, 0.0)))


def same_look(looks: Sequence[Look], look: Look) -> str:
    """Return the run id of the look that a look with number and level is; '' if it is one more.

    A decision names number and level of a candidate's test and not that its scoring
    took them. They are one look only where both agree.
    """
    earlier = [one for one in looks if one.candidate is not None and share(one, look)]
    own = _already_spent(earlier, look)
    return own.run_id if own and (own.number, own.alpha) == (look.number, look.alpha) else ""


def planned(budget: BudgetConfig, number: int) -> float:
    """Return how much look `number`, from 1, spends by the schedule."""
    if budget.schedule is Schedule.halving:
        return budget.alpha * 2.0**-number
    if budget.schedule is Schedule.even:
        return budget.alpha / budget.looks if number <= budget.looks else 0.0
    return budget.values[number - 1] if number <= len(budget.values) else 0.0


def check(budget: BudgetConfig) -> None:
    """Refuse a budget that is none.

    Raises:
        EvalError: its values add up to more than its alpha.
    """
    if not 0 < budget.alpha < 1:
        raise EvalError("budget.alpha", f"must lie between 0 and 1, not {budget.alpha}")
    if budget.schedule is Schedule.even and budget.looks < 1:
        raise EvalError("budget.looks", f"must be 1 or more, not {budget.looks}")
    unfit = min(budget.values, default=-1) < 0 or sum(budget.values) > budget.alpha + TOLERANCE
    if budget.schedule is Schedule.listed and unfit:
        what = f"must be positive and come to {budget.alpha} at most, not {budget.values}"
        raise EvalError("budget.values", what, "budget.values=[0.025,0.0125]")


def plan(budget: BudgetConfig) -> dict[str, Any]:
    """Return what a line holds of the budget it was planned by."""
    facts = asdict(budget)
    return {key: facts[key] for key in _PLAN} | {"schedule": budget.schedule.value}


def _already_spent(earlier: Sequence[Look], look: Look) -> Look | None:
    """Return the candidate's own look that this one belongs to.

    A scoring belongs to any look at the same items. A test belongs to a scoring
    that no other test belongs to: a second test is a second chance. The first test of an
    adapter belongs to that of another one of its recipe, where it was said before the first
    look that all of them would be judged; a scoring of one alone is such a first look.
    """
    own = [one for one in earlier if one.candidate == look.candidate and one.number]
    used = {one.same_as for one in own if one.tested}
    for one in own:
        free = not (one.tested or one.same_as or one.run_id in used)
        if covers(one, look) and (free or not look.tested):
            return one
    if look.recipe and look.tested and not any(one.tested for one in own):
        mates = (one for one in earlier if one.recipe == look.recipe and one.number and one.spends)
        return next((one for one in mates if covers(one, look)), None)
    return None


def _spent(earlier: Sequence[Look]) -> list[Look]:
    """Return the looks that count, each candidate's scoring and its test as one.

    Ledgers from before scorings counted have them without a number. Such a candidate
    counts as one look, unless it was tested too.
    """
    counted = [one for one in earlier if one.number and not one.same_as]
    known, old = {one.candidate for one in counted}, {}
    for one in earlier:
        if not one.number and one.candidate not in known:
            old.setdefault(one.candidate, one)
    kept = {id(one) for one in (*counted, *old.values())}
    return [one for one in earlier if id(one) in kept]


def _first_budget(spent: Sequence[Look]) -> BudgetConfig | None:
    """Return the budget of the first look; None if it is unknown.

    A line from before budgets were recorded was planned by the default one, if that
    gives its level.
    """
    numbered = [one for one in spent if one.number]
    if not numbered:
        return None
    first = numbered[0]
    if first.budget:
        return _budget(first.budget)
    default = BudgetConfig()
    fits = abs(planned(default, first.number) - first.alpha) < TOLERANCE
    return default if fits else None


def _budget(facts: Mapping[str, Any]) -> BudgetConfig:
    return BudgetConfig(**{**facts, "schedule": Schedule(facts["schedule"])})


def _refuse_more(budget: BudgetConfig, first: BudgetConfig, number: int, look: Look) -> None:
    """Refuse to give a look more than the budget of the first look gives it."""
    now, then = planned(budget, number), planned(first, number)
    if now <= then + TOLERANCE:
        return
    facts, before = plan(budget), plan(first)
    changed = [key for key in _PLAN if facts[key] != before[key]]
    was = ", ".join(f"budget.{key}={before[key]}" for key in changed)
    what = (
        f"would give look {number} a level of {now:g}; by the budget of the first look at "
        f"these items ({look.time}) it has {then:g}"
    )
    hint = f"put it back ({was}): a budget is fixed before anybody looked"
    raise EvalError(f"budget.{changed[0]}", what, hint)
