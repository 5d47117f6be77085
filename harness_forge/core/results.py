"""What became of one work item in a run: what comparisons and figures count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Episode(NamedTuple):
    """The outcome of one work item in one run.

    Args:
        category: what the harness files the item under.
        cluster: `WorkItem.unit`, which is drawn as a whole.
        first_try, solved: None where the evaluator gave no verdict.
        escalated: it was given up on.
        attempts: how many there were.
        tokens: prompts and answers of all attempts; None where they were not counted.
        seconds: all attempts together; None where they were not timed.
        usd: what all attempts cost by the stored prices; None where that is not known.
    """

    skill: str
    item_id: str
    title: str
    family: str
    category: str
    first_try: bool | None
    solved: bool | None
    escalated: bool
    attempts: int
    tokens: int | None
    seconds: float | None
    cluster: str = ""
    usd: float | None = None

    @property
    def unit(self) -> str:
        """The cluster, or the family of an item without one."""
        return self.cluster or self.family


@dataclass(frozen=True, slots=True)
class EvalResult:
    """The outcome of an evaluated policy's first attempt at one work item.

    Args:
        part: `new_rule` or `new_family` for a held-out item, else its split.
        infrastructure: no verdict, through no fault of the model: left out in pairs.
        failure_mode: None where it passed.
        answer: the raw text of the model's answer, whole.
        script: the fix script it called for; None where no valid call was read.
        cluster: the work item's, as it is known today.
    """

    skill: str
    item_id: str
    title: str
    family: str
    group_key: str
    part: str
    passed: bool
    infrastructure: bool
    failure_mode: str | None
    answer: str
    script: str | None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cluster: str = ""

    @property
    def unit(self) -> str:
        """The cluster, or the family of an item without one."""
        return self.cluster or self.family
