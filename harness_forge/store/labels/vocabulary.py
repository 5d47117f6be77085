"""Words that harnesses use for the outcome of a work item, mapped to verdicts.

gemma-forge's database says `completed` where its run log says `remediated`;
other sources say true, false, null or a reward. A word that is not in the
table is unknown; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class OutcomeMeaning(StrEnum):
    """What an outcome says about the answers before it."""

    PASSED = "passed"
    FAILED = "failed"
    DEFERRED = "deferred"  # the answer waits for a later check: no verdict yet
    SKIPPED = "skipped"  # nothing was tried: no verdict
    NONE = "none"  # not judged, or not finished


WORDS: Mapping[str, OutcomeMeaning] = {
    "completed": OutcomeMeaning.PASSED,
    "remediated": OutcomeMeaning.PASSED,
    "passed": OutcomeMeaning.PASSED,
    "pass": OutcomeMeaning.PASSED,
    "success": OutcomeMeaning.PASSED,
    "true": OutcomeMeaning.PASSED,
    "escalated": OutcomeMeaning.FAILED,
    "failed": OutcomeMeaning.FAILED,
    "fail": OutcomeMeaning.FAILED,
    "failure": OutcomeMeaning.FAILED,
    "false": OutcomeMeaning.FAILED,
    "deferred": OutcomeMeaning.DEFERRED,
    "skipped": OutcomeMeaning.SKIPPED,
    "skip": OutcomeMeaning.SKIPPED,
    "running": OutcomeMeaning.NONE,
    "null": OutcomeMeaning.NONE,
    "": OutcomeMeaning.NONE,
}
"""Word, in small letters, to its verdict."""


def verdict_of(said: Any) -> OutcomeMeaning | None:
    """Return the verdict for a word, a boolean or None; None if it is unknown.

    A number has no verdict here: each source decides when a reward is a pass.
    """
    if said is None:
        return OutcomeMeaning.NONE
    if isinstance(said, bool):
        return OutcomeMeaning.PASSED if said else OutcomeMeaning.FAILED
    if isinstance(said, str):
        return WORDS.get(said.strip().lower())
    return None
