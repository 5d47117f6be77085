"""What was found in messages, by what they say: a conversation's rows repeat them.

Row n of a conversation holds all messages of row n - 1. Looking through each again would take
time with the square of its turns.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from harness_forge.datasets.redaction.rule import RedactionSpan

_MOST = 32 << 20
"""Bytes of messages after which all is looked through anew."""
_EACH = 1000
"""Bytes that a result takes besides, so that many short messages fill no memory."""


class Findings(NamedTuple):
    """What was found in one part of a value.

    Args:
        found: the findings by text, in the order of the texts.
        keyed: texts whose findings were told by their key.
        worthy: every text that contains findings or may, also as JSON.
    """

    found: Mapping[str, Sequence[RedactionSpan]]
    keyed: frozenset[str]
    worthy: frozenset[str]


class Changed(NamedTuple):
    """A part with its findings replaced, and the counts by kind."""

    part: Any
    counts: Mapping[str, int]


class Remembered:
    """Results by what a part says. What comes out is what would come out without it."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._findings: dict[bytes, Findings] = {}
        self._changed: dict[bytes, tuple[Hashable, Changed]] = {}
        self._states: dict[Hashable, Hashable] = {}
        self._bytes = 0

    def key(self, part: Any) -> bytes | None:
        """Return what names a part's content; None for what is no plain JSON."""
        try:
            text = orjson.dumps(part)
        except (TypeError, ValueError, RecursionError):
            return None
        # Of two texts with one key the second's secrets would stay: no quicker hash.
        key = blake2b(text, digest_size=16).digest()
        if key not in self._findings:
            self._bytes += len(text) + _EACH
            if self._bytes > _MOST:
                self._clear()
        return key

    def findings(self, key: bytes | None, look: Callable[[], Findings]) -> Findings:
        """Return the findings in a part, which depend on nothing else."""
        if key is None:
            return look()
        known = self._findings.get(key)
        if known is None:
            known = self._findings[key] = look()
        return known

    def state(self, state: Hashable) -> Hashable:
        """Return the very object that an equal state was before."""
        return self._states.setdefault(state, state)

    def changed(self, key: bytes | None, state: Hashable, change: Callable[[], Changed]) -> Changed:
        """Return a part changed.

        Args:
            state: all that the change depends on, besides the part; see `state`.
        """
        if key is None:
            return change()
        known = self._changed.get(key)
        if known is None or known[0] is not state:
            known = self._changed[key] = (state, change())
        return known[1]
