"""Shares and salt of the split."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SplitConfig:
    """How work items are divided.

    The salt is fixed: another salt is another division, and a store that
    already holds one keeps it.

    Args:
        salt: mixed into every draw.
        validation: share of items, 0 to 1.
        holdout: share of items, both parts together.
        new_family: share of items in whole families held out, each with all families that
            share a form of answer with it; part of `holdout`.
        one_task_per_template: recorded prompts that share nearly all of their words are one
            task, up to 100 of them, and stay in one split. false: what fills the blank of a
            template of more than ten prompts is the task; a skill that is divided so stays so.
    """

    salt: str = "forge-1"
    validation: float = 0.15
    holdout: float = 0.25
    new_family: float = 0.05
    one_task_per_template: bool = True
