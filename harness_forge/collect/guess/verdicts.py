"""Which field says what became of a record, and what its words are worth.

Words that an ingestion does not know are guessed here, where a person sees the table, and
not there: no two harnesses mean the same by them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness_forge.collect.guess.fields import Field
from harness_forge.collect.sources import outcomes
from harness_forge.collect.sources.mapping import Misfit

NAMES = (
    *("outcome", "reward", "score", "passed", "success", "successful", "resolved", "solved"),
    *("is_correct", "correct", "is_resolved", "is_solved", "is_success", "verdict", "grade"),
    *("fixed", "is_fixed", "succeeded", "pass", "is_passed", "accepted"),
)
_IF_JUDGED = ("result", "label", "target", "rating", "ok", "evaluation", "test_result", "tests")
"""Names of outcomes where they hold truth values or words of verdicts; of gold answers else."""
_IF_BOTH = ("status", "state", "final_status", "end_state", "resolution", "conclusion", "ending")
"""Names of outcomes where passes and failures are among the words; often they say that it ended."""
OTHER_NAMES = (*_IF_JUDGED, *_IF_BOTH)
_ENOUGH = 0.5
_MOST = 6
"""Words of one field."""

_WORTH = dict.fromkeys(
    (
        *("fixed", "ok", "okay", "green", "passing", "accepted", "accept", "approved", "right"),
        *("valid", "win", "won", "achieved", "all green", "all passed", "successful", "works"),
    ),
    1.0,
) | dict.fromkeys(
    (
        *("broken", "red", "failing", "rejected", "reject", "wrong", "invalid", "crashed"),
        *("crash", "lose", "lost", "unfixed", "unsuccessful", "gave up", "exception", "denied"),
    ),
    0.0,
)
"""Words of verdicts. Not here, because some harnesses judge by them and some do not: done,
completed with nothing beside it, timeout, aborted, cancelled, partial."""


def chosen(places: Sequence[Field]) -> tuple[Field, str] | None:
    """Return the field that says what became of a record, and what to ask about it or ''."""
    for name in NAMES:
        if one := _named([one for one in places if _may_be(one)], name):
            return one, ""
    for name in _IF_JUDGED:
        if one := _named([one for one in places if _is_judged(one)], name):
            return one, ""
    for name in _IF_BOTH:
        one = _named([one for one in places if _is_judged(one)], name)
        if one and {0.0, 1.0} <= {worth(value) for value in one.values}:
            return one, f"does '{one.path}' say whether a try was right, or only that it ended?"
    return None


def perhaps(places: Sequence[Field]) -> list[str]:
    """Return fields that are called like an outcome and hold few short words or numbers."""
    return [one.path for one in places if one.key in (*NAMES, *OTHER_NAMES) and _may_be(one)]


def is_known(word: str) -> bool:
    """Return whether an ingestion knows a word."""
    try:
        outcomes.reward(word, 0, 1, 1)
    except Misfit:
        return False
    return True


def guessed(word: str) -> float | None:
    """Return what a word that no ingestion knows is likely to be worth; None for no idea."""
    said = re.sub(r"[\s_-]+", " ", word.strip().lower()).rstrip("!.")
    if said.startswith(("not ", "un")):
        base = said.removeprefix("not ").removeprefix("un")
        if _WORTH.get(base) == 1:
            return 0.0
    return _WORTH.get(said)


def worth(value: Any) -> float | None:
    """Return what a value is worth by ingestion or guess; None for no verdict or no idea."""
    if isinstance(value, str) and not is_known(value):
        return guessed(value)
    try:
        found = outcomes.reward(value, 0, 1, 1)
    except Misfit:
        return None
    return None if found is None else found[1]


def _named(places: Sequence[Field], name: str) -> Field | None:
    found = [one for one in places if one.key == name]
    return min(found, key=lambda one: (-one.share, one.depth), default=None)


def _may_be(one: Field) -> bool:
    kinds = (bool, int, float, str)
    if not all(isinstance(value, kinds) for value in one.values):
        return False
    texts = [value for value in one.values if isinstance(value, str)]
    few = len(set(texts)) <= _MOST and all(len(text) <= 20 for text in texts)
    return one.share >= _ENOUGH and few


def _is_judged(one: Field) -> bool:
    """Return whether a field holds truth values, or words that mean a verdict, one at least."""
    if all(isinstance(value, bool) for value in one.values):
        return True
    if not all(isinstance(value, str) for value in one.values) or not _may_be(one):
        return False
    words = set(one.values)
    numbers = any(word.replace(".", "").isdecimal() for word in words)
    meant = [is_known(word) or guessed(word) is not None for word in words]
    return not numbers and 2 * sum(meant) >= len(words)
