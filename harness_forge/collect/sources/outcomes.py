"""Reads outcomes as other harnesses write them: rewards, truth values, words."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

from harness_forge.collect.sources.templates import Misfit
from harness_forge.core.records import Outcome

NO_OUTCOME = "is no outcome"
CONTRADICTORY = "contradictory_outcomes"
"""Reason of an item's second outcome: the attempt itself comes in, without a verdict."""
VERDICTS = (
    *("passed", "success", "successful", "resolved", "solved", "is_correct", "correct"),
    *("is_resolved", "is_solved", "is_success", "fixed", "is_fixed", "succeeded", "pass"),
    *("is_passed", "accepted"),
)
"""Names of fields that say whether a try passed."""
COMPLETED, ESCALATED = "completed", "escalated"

_ITEMS = {
    "completed": COMPLETED,
    "remediated": COMPLETED,
    "escalated": ESCALATED,
    "deferred": "deferred",
    "skipped": "skipped",
    "skip": "skipped",
}
_TRUE = frozenset(
    (
        "true",
        "yes",
        "pass",
        "passed",
        "success",
        "succeeded",
        "solved",
        "resolved",
        "correct",
        "good",
    )
) | frozenset("\u2713\u2714\u2705")
_FALSE = frozenset(
    (
        "false",
        "no",
        "fail",
        "failed",
        "failure",
        "error",
        "unsolved",
        "unresolved",
        "incorrect",
        "bad",
    )
) | frozenset("\u2717\u2718\u274c\u2716")
_NO_VERDICT = frozenset(
    (
        "",
        "null",
        "none",
        "unknown",
        "deferred",
        "skipped",
        "skip",
        "n/a",
        "na",
        "not applicable",
        "not_applicable",
        "inconclusive",
        "pending",
    )
)
"""Words that say of an attempt that nobody judged it."""
_BIT = 1e-9
"""Difference of two rewards that is none: what adding up parts leaves."""
_SHARE = re.compile(r"(\d{1,9})\s?/\s?(\d{1,9})|(\d{1,3}(?:\.\d{1,9})?)\s?%")


def of_item(word: str | None) -> str | None:
    """Return what became of an item in the store's words; None for a word not known.

    gemma-forge's database says `completed` where its log says `remediated`.
    """
    return _ITEMS.get((word or "").strip().lower())


def reward(
    raw: Any, low: float, high: float, passes_from: float, lower_is_better: bool = False
) -> tuple[bool, float] | None:
    """Return whether a reward passes and what it is worth, 0 to 1; None for no verdict.

    `3/4` and `75%` are shares, whatever `low` and `high` are.

    Args:
        raw: a number between `low` and `high`, a truth value or a word.
        passes_from: least worth that passes.
        lower_is_better: `low` is worth 1 and `high` 0; truth values and words mean what they say.

    Raises:
        Misfit: a number outside, or a word that is not known.
    """
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return None
    if isinstance(raw, str):
        if (part := share(raw)) is not None:
            part = 1 - part if lower_is_better else part
            return part >= passes_from, part
        raw = _spoken(raw)
        if raw is None:
            return None
    if isinstance(raw, bool):
        return raw, float(raw)
    if not isinstance(raw, int | float):
        raise Misfit(f"outcome is a {type(raw).__name__}, not a number, truth value or word")
    try:
        worth = (raw - low) / (high - low)
    except OverflowError:
        worth = math.inf
    # A sum such as 0.7 + 0.2 + 0.1 misses its whole by the last bit.
    worth = next((end for end in (0.0, 1.0) if math.isclose(worth, end, abs_tol=_BIT)), worth)
    if not 0 <= worth <= 1:
        raise Misfit(f"outcome {str(raw)[:40]} is outside reward_min {low} to reward_max {high}")
    worth = 1 - worth if lower_is_better else worth
    return worth >= passes_from - _BIT, worth


def share(said: str) -> float | None:
    """Return a part of a whole, 0 to 1; None for any other text."""
    found = _SHARE.fullmatch(said.strip())
    if not found:
        return None
    part, whole = (float(found[3]), 100.0) if found[3] else (float(found[1]), float(found[2]))
    return part / whole if part <= whole and whole else None


def is_word(said: str) -> bool:
    """Return whether a text is an outcome in words that are known, a number or a share."""
    try:
        if share(said) is None:
            _spoken(said)
    except Misfit:
        return False
    return True


def _spoken(word: str) -> bool | float | None:
    said = word.strip().lower().rstrip("\ufe0f")  # an emoji's way of showing
    if said.startswith(("not ", "not_")) and said[4:] in _TRUE:
        return False
    if said in _TRUE or of_item(said) == COMPLETED:
        return True
    if said in _FALSE or of_item(said) == ESCALATED:
        return False
    if said in _NO_VERDICT:
        return None
    try:
        number = float(said)
        return None if math.isnan(number) else number
    except ValueError:
        raise Misfit(f"outcome {word[:40]!r} {NO_OUTCOME}") from None


def same(one: Any, other: Any) -> bool:
    """Return whether two outcomes say the same: 1, true and "yes" do."""
    return _plain(one) == _plain(other)


def _plain(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    part = share(raw)
    try:
        return _spoken(raw) if part is None else part
    except Misfit:
        return raw


def outcome(
    verdict: tuple[bool, float] | None, confidence: float, evaluator: str, signals: dict[str, Any]
) -> Outcome:
    """Return the record; without a verdict it is one that no exporter trusts."""
    passed, value = verdict or (False, 0.0)
    failure = None if passed else "not_passed" if verdict else "no_verdict"
    return Outcome(
        passed=passed,
        value=value,
        confidence=confidence if verdict else 0.0,
        failure_mode=failure,
        summary="",
        evaluator=evaluator,
        evaluator_version="recorded",
        infrastructure=verdict is None,
        signals=signals,
    )


def moment(raw: Any) -> datetime | None:
    """Return a time in UTC; None where it is none, or in no year from 1 to 9999.

    Without a zone it is taken as UTC. A number is in seconds, or in thousandths, millionths or
    billionths of them, by its size.
    """
    try:
        if isinstance(raw, str) and not raw.replace(".", "", 1).isdecimal():
            when = datetime.fromisoformat(raw)
            return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
        if raw is None or isinstance(raw, bool):
            return None
        seconds = float(raw)
        for _ in range(3):
            seconds = seconds / 1000 if seconds > 1e11 else seconds
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
