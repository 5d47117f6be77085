"""Builds the filters of a config, in order; they can be sent to worker processes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from harness_forge.config.filters import FiltersConfig
from harness_forge.datasets.filters import (
    banned,
    coherence,
    empty,
    label_flags,
    markup,
    repetition,
    reward_hacking,
    score_range,
    tool_calls,
    truncation,
)
from harness_forge.datasets.filters.candidate import Candidate, Filter
from harness_forge.datasets.filters.length import Length
from harness_forge.datasets.filters.row_too_long import RowTooLong

JUDGES = {
    "label_flags": label_flags.judge,
    "score_range": score_range.judge,
    "empty": empty.judge,
    "truncation": truncation.judge,
    "markup": markup.judge,
    "repetition": repetition.judge,
    "tool_calls": tool_calls.judge,
    "banned": banned.judge,
    "reward_hacking": reward_hacking.judge,
    "coherence": coherence.judge,
}
"""A filter's name in `FiltersConfig` to what judges by its settings. A new filter is a line here.

`length` and `row_too_long` need the base model's tokenizer besides, so `build` makes them.
"""

_OF_REJECTED = ("label_flags", "empty", "truncation", "length", "row_too_long")
"""Filters that the worse answer of a pair must pass too; the others find what makes it worse."""


def build(
    config: FiltersConfig,
    *,
    tokenizer: Path | None = None,
    model: str = "",
    rejected_side: bool = False,
) -> list[tuple[str, Filter]]:
    """Return the active filters by the name that switches each, in the order of `FiltersConfig`.

    They can be pickled, and read no file before their first batch. Send each
    only what those before it kept, as `judge` does.

    Args:
        tokenizer: the base model's tokenizer.json, or its folder;
            it need not be there (see `Length`).
        model: the base model's name, for faults.
        rejected_side: for the worse answers of preference pairs. Their faults
            are what a pair teaches, so they must only be complete.

    Raises:
        ExportError: an embedding model is named and not there.
    """
    file = tokenizer / "tokenizer.json" if tokenizer and tokenizer.is_dir() else tokenizer
    steps: dict[str, Filter] = {
        name: partial(judge, config=getattr(config, name)) for name, judge in JUDGES.items()
    }
    steps["length"] = Length(config.length, file, model)
    steps["row_too_long"] = RowTooLong(config.row_too_long, file.parent if file else None, model)
    wanted = [name for name, one in vars(config).items() if name in steps and one.enabled]
    if config.coherence.enabled and config.coherence.model is None:
        wanted.remove("coherence")
    elif "coherence" in wanted:
        # Loaded here once, so that a wrong folder is a fault before any row is read.
        coherence.load(str(config.coherence.model))
    return [(name, steps[name]) for name in wanted if name in _OF_REJECTED or not rejected_side]


def judge(steps: Sequence[tuple[str, Filter]], candidates: Sequence[Candidate]) -> list[str | None]:
    """Return for each candidate the reason of the first filter that rejects it, or None."""
    reasons: list[str | None] = [None] * len(candidates)
    left = list(range(len(candidates)))
    for _, step in steps:
        if not left:
            break
        found = step([candidates[number] for number in left])
        for number, reason in zip(left, found, strict=True):
            reasons[number] = reason
        left = [number for number, reason in zip(left, found, strict=True) if reason is None]
    return reasons


def tallies(steps: Sequence[tuple[str, Filter]]) -> dict[str, dict[str, int]]:
    """Return the counts of each filter's own work since the last call.

    `length` and `row_too_long` count rows decided `by_bounds` and `counted`. Counts of several
    processes add up.
    """
    found = {}
    for name, step in steps:
        tally = getattr(step, "tally", None)
        if tally:
            found[name] = dict(tally)
            tally.clear()
    return found


def notes(config: FiltersConfig) -> list[str]:
    """Return notes for the dataset's card about filters that could not act."""
    if config.coherence.enabled and config.coherence.model is None:
        return ["coherence was not judged: no embedding model is given (filters.coherence.model)"]
    return []
