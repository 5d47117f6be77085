"""Messages that several turns of an attempt have in their requests: each is kept once.

A turn's request holds everything said before it. Written whole, a conversation of 600 turns and
2 MB would take half a gigabyte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import is_
from typing import Any

from psycopg.types.json import Json
from psycopg.types.range import Int4Range

from harness_forge.core.records import Attempt
from harness_forge.store.json_texts import JsonTexts

_LEAST = 4_096
"""Characters of requests that must be spared: below it, rows of their own cost more."""

Spans = list[Int4Range]
"""Places in `shared_messages`, in the order of the request."""


@dataclass(frozen=True)
class SharedMessages:
    """The messages of an attempt.

    Args:
        texts: each different message as JSON; its place is its index.
        spans: of each turn's request.
    """

    texts: Sequence[str]
    spans: Sequence[Spans]

    def rows(self, run_id: str, attempt_id: int) -> list[dict[str, Any]]:
        """Return the rows of `shared_messages`."""
        return [
            {
                "attempt_id": attempt_id,
                "place": place,
                "run_id": run_id,
                "message": Json(text, dumps=str),
            }
            for place, text in enumerate(self.texts)
        ]


def shared_messages(attempt: Attempt, texts: JsonTexts) -> SharedMessages | None:
    """Return the messages of an attempt once each; None where that spares next to nothing.

    Args:
        texts: of the attempt's values.

    Raises:
        RecursionError: a message is nested too deeply.
    """
    if len(attempt.turns) < 2:
        return None
    places: dict[str, int] = {}
    spans: list[Spans] = []
    whole = said = 0
    before: Sequence[Any] = ()
    for turn in attempt.turns:
        messages = turn.messages
        # Most requests begin with the one before: its very objects need no other look.
        goes_on = len(messages) >= len(before) and all(map(is_, before, messages))
        own = list(spans[-1]) if goes_on and spans else []
        said = said if goes_on else 0
        for message in messages[len(before) if goes_on else 0 :]:
            text = texts.of(message)
            said += len(text)
            place = places.setdefault(text, len(places))
            if own and own[-1].upper == place:
                own[-1] = Int4Range(own[-1].lower, place + 1)
            else:
                own.append(Int4Range(place, place + 1))
        whole += said
        spans.append(own)
        before = messages
    if whole - sum(map(len, places)) < _LEAST:
        return None
    return SharedMessages(list(places), spans)
