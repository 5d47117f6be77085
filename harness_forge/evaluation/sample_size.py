"""The sample sizes of a skill's splits, known before anything is trained or judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.budget import BudgetConfig, Schedule
from harness_forge.config.run import split_of
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.config.skill import filling_command
from harness_forge.core.errors import EvalError
from harness_forge.core.records import Split, WorkItem
from harness_forge.evaluation.units import units
from harness_forge.rollouts.runs.known_looks import known_looks
from harness_forge.store.opening import has_store, opened_skill
from harness_forge.store.splits.assign import parts
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.levels import LookLevel
from harness_forge.store.splits.looks import Look, item_keys


@dataclass(frozen=True)
class SampleSize:
    """The items that two policies would be compared on.

    Args:
        look: number of the next candidate's look; 0 on a split that costs none.
        alpha: level of that look; that of a plain test on a split that costs none.
        clusters: items of each cluster, largest first.
    """

    skill: str
    part: str
    items: int
    clusters: tuple[int, ...]
    look: int
    alpha: float


def sample_sizes(config: ForgeConfig) -> list[SampleSize]:
    """Return the sample sizes of every skill's holdout, or of `run.split`.

    Raises:
        EvalError: no item is in that split yet.
    """
    split = split_of(config.run)
    found: list[SampleSize] = []
    held: list[tuple[str, str, WorkItem]] = []
    for one in skills_of(config) if has_store(config) else ():
        with opened_skill(one) as store:
            by_part = _parts(store.items(), store.splits(), split)
            found += _sizes(store, one, split, by_part)
            held += [(store.name, part, item) for part, some in by_part.items() for item in some]
    found += _together(config.skill.name, found, held)
    if not found:
        what = f"no item of {config.skill.name} is in the {split.value} split"
        hint = f"items get a split with the first `{filling_command(config.skill)}`"
        raise EvalError("run.split", what, hint)
    return found


def sample_sizes_of(store, config: ForgeConfig, split: Split) -> list[SampleSize]:
    """Return the sample sizes of one skill's split by part; parts without items are left out."""
    return _sizes(store, config, split, _parts(store.items(), store.splits(), split))


def _sizes(
    store, config: ForgeConfig, split: Split, by_part: Mapping[str, Sequence[WorkItem]]
) -> list[SampleSize]:
    home, found = Path(config.forge_home), []
    ledger = HoldoutLedger(config.budget, home)
    known = known_looks(store, home, config.model) if split is Split.HOLDOUT else ()
    for part, chosen in by_part.items():
        level = LookLevel(0, config.budget.alpha)
        if split is Split.HOLDOUT:
            level = ledger.level(_next_look(store.name, chosen), known)
        sizes = Counter(item.unit for item in chosen)
        found.append(
            SampleSize(
                skill=store.name,
                part=part,
                items=len(chosen),
                clusters=tuple(sorted(sizes.values(), reverse=True)),
                look=level.number,
                alpha=level.alpha,
            )
        )
    return found


def _together(
    name: str, found: Sequence[SampleSize], held: Sequence[tuple[str, str, WorkItem]]
) -> list[SampleSize]:
    """Return what a rule compares on in several skills together, by part; [] for one skill."""
    if len({one.skill for one in found}) < 2:
        return []
    together = []
    for part in dict.fromkeys(one.part for one in found):
        items = [(skill, item) for skill, of, item in held if of == part]
        unit = units(items)
        sizes = Counter(unit[skill, item.unit] for skill, item in items)
        # The later look is the one that a decision is tested at.
        last = max((one for one in found if one.part == part), key=lambda one: one.look)
        clusters = tuple(sorted(sizes.values(), reverse=True))
        together.append(SampleSize(name, part, len(items), clusters, last.look, last.alpha))
    return together


def _next_look(skill: str, items: Sequence[WorkItem]) -> Look:
    """Return the look that a candidate that was not scored yet would have."""
    names = [item.item_id for item in items]
    return Look(skill, "", "a new candidate", names, "", "", item_keys(items))


def describe_level(look: int, alpha: float, budget: BudgetConfig) -> str:
    """Return in one sentence why a look is tested at its level and not at the budget's alpha."""
    how = {
        Schedule.halving: "and each look has half of what the one before it had",
        Schedule.even: f"{budget.looks} looks share it evenly",
        Schedule.listed: "shared as budget.values lists it",
    }
    return (
        f"why {100 * alpha:g}%: all looks at a holdout together may err with a chance of "
        f"{100 * budget.alpha:g}% (budget.alpha), {how[budget.schedule]}; the next is look {look}"
    )


def _parts(
    items: Sequence[WorkItem], splits: Mapping[str, Split], split: Split
) -> dict[str, list[WorkItem]]:
    held = parts(items, splits) if split is Split.HOLDOUT else {}
    found: dict[str, list[WorkItem]] = {}
    for item in items:
        if item.full_cycle is not False and splits.get(item.group_key) is split:
            found.setdefault(held.get(item.item_id, split.value), []).append(item)
    return dict(sorted(found.items(), reverse=True))
