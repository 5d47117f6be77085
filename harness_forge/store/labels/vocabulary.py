"""Words that harnesses use for the outcome of a work item, mapped to verdicts.

gemma-forge's database says `completed` where its run log says `remediated`;
other sources say true, false, null or a reward. A word that is not in the
table is unknown; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What an outcome says about the answers before it."""

    PASSED = "passed"
    FAILED = "failed"
    DEFERRED = "deferred"  # the answer waits for a later check: no verdict yet
    SKIPPED = "skipped"  # nothing was tried: no verdict
    NONE = "none"  # not judged, or not finished


WORDS: Mapping[str, Verdict] = {
    "completed": Verdict.PASSED,
    "remediated": Verdict.PASSED,
    "passed": Verdict.PASSED,
    "pass": Verdict.PASSED,
    "success": Verdict.PASSED,
    "true": Verdict.PASSED,
    "escalated": Verdict.FAILED,
    "failed": Verdict.FAILED,
    "fail": Verdict.FAILED,
    "failure": Verdict.FAILED,
    "false": Verdict.FAILED,
    "deferred": Verdict.DEFERRED,
    "skipped": Verdict.SKIPPED,
    "skip": Verdict.SKIPPED,
    "running": Verdict.NONE,
    "null": Verdict.NONE,
    "": Verdict.NONE,
}
"""Word, in small letters, to its verdict."""


def verdict_of(said: Any) -> Verdict | None:
    """Return the verdict for a word, a boolean or None; None if it is unknown.

    A number has no verdict here: each source decides when a reward is a pass.
    """
    if said is None:
        return Verdict.NONE
    if isinstance(said, bool):
        return Verdict.PASSED if said else Verdict.FAILED
    if isinstance(said, str):
        return WORDS.get(said.strip().lower())
    return None
