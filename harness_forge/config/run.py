"""Settings of a run: what is attempted, for what purpose, on how many cores."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from harness_forge.config.limits import between, limited, one_of
from harness_forge.core.errors import ConfigError
from harness_forge.core.records import Split


class Purpose(Enum):
    """What a run's rows may be used for."""

    collect = "collect"  # may be exported
    evaluate = "evaluate"  # never exported


_SPLIT = one_of(Split, "split")


@dataclass(frozen=True)
class RunConfig:
    """One run.

    Args:
        purpose: collect (its rows may become training data) or evaluate
            (never exported).
        workers: attempts judged at once; 0 takes every core.
        fresh: start a new run even if the same one is complete or unfinished.
        limit: at most this many work items; 0 takes all.
        items: only these item ids; empty takes all.
        split: only items of train, validation or holdout. None takes all,
            but a model that collects is kept to train.
    """

    purpose: Purpose = Purpose.collect
    workers: int = limited(0, between(0))
    fresh: bool = False
    limit: int = limited(0, between(0))
    items: list[str] = field(default_factory=list)
    split: str | None = limited(None, _SPLIT)


def split_of(run: RunConfig, otherwise: Split = Split.HOLDOUT) -> Split:
    """Return the split that a run names, or `otherwise`.

    Raises:
        ConfigError: there is no such split.
    """
    return named_split(run) or otherwise


def named_split(run: RunConfig) -> Split | None:
    """Return the split that a run names, None where it names none.

    Raises:
        ConfigError: there is no such split.
    """
    if run.split and (slip := _SPLIT(run.split)):
        raise ConfigError("run.split", *slip)
    return Split(run.split) if run.split else None
