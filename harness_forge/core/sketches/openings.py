"""Extracts a task's text: the opening of a conversation, before the first answer.

What groups items, what an export protects and what an audit compares must
agree on which words are the task's, so it is below all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

TELLING = 8
"""Words below which a text is a greeting rather than a task."""

_STOCK, _MANY, _SLOTS = 0.9, 10, 10
"""Words that so many texts share, as a share and at least in number, are stock; a text with
fewer runs of its own than `_SLOTS` differs from others in what fills a blank."""
_VALUE, _WHOLE_SET = 6, 100
"""A text with fewer runs of its own differs in one value: it is the same question, even
where up to so many texts are all that there is."""

_RULES = ("system", "developer")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def telling(text: str) -> bool:
    """Return whether a text has enough words to identify a task."""
    return len([*islice(_WORD.finditer(text), TELLING)]) >= TELLING


def opening(messages: Iterable[Any]) -> str:
    """Return the user's text before the first answer; a greeting with the text after it.

    System messages are the same for every task. They are used only for a
    conversation without a user message.
    """
    return _opening(messages)[0]


def task_of(messages: Iterable[Any]) -> str:
    """Return the opening of a conversation that has enough words to identify a task; else ''."""
    text, enough = _opening(messages)
    return text if enough else ""


def _opening(messages: Iterable[Any]) -> tuple[str, bool]:
    """Return the opening, and whether it is telling."""
    said: list[str] = []
    rules: list[str] = []
    enough = False
    for message in messages:
        if not isinstance(message, Mapping):
            continue
        role, text = message.get("role"), words_of(message.get("content"))
        if role == "user":
            said.append(text)
            enough = enough or telling("\n".join(said))
        elif role in _RULES:
            rules.append(text)
        elif enough:
            break
    if any(said):
        return "\n".join(said), enough
    text = "\n".join(rules)
    return text, telling(text)


def first_question(messages: Iterable[Any]) -> str:
    """Return the first message of the user; '' where there is none."""
    for message in messages:
        if isinstance(message, Mapping) and message.get("role") == "user":
            return words_of(message.get("content"))
    return ""


def words_of(content: Any) -> str:
    """Return the text of a message's content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [one.get("text") if isinstance(one, Mapping) else one for one in content]
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def plain(text: str) -> str:
    """Return a text normalised: without layout and capitals."""
    return " ".join(text.casefold().split())


def groups(texts: Iterable[str]) -> np.ndarray:
    """Return for each text the first text that is the same task, or nearly so, int64 (n,).

    Texts are the same question word for word, whatever others ask; or nearly
    the same by `clusters`, which leaves templates out. A text that is a
    template but for a blank is compared whole: a question with another name in
    it is the same question. Only where nine in ten share the template, and more
    than some hundred where a single value is all that differs, what fills the
    blank is the task.
    """
    import numpy as np

    from harness_forge.core.disjoint_sets import DisjointPlaces
    from harness_forge.core.sketches.clusters import first_places, join_clusters, own_runs
    from harness_forge.core.sketches.runs import HashedTexts
    from harness_forge.core.sketches.spooled import SpooledTexts, distinct

    several, of = distinct(SpooledTexts(map(plain, texts)))
    joined = DisjointPlaces(len(several))
    hashed = HashedTexts(several)
    join_clusters(joined, hashed)
    own = own_runs(hashed)
    for few, least in ((_SLOTS, _MANY), (_VALUE, _WHOLE_SET)):
        places = np.flatnonzero(own < few)
        if len(places) > 1:
            most = max(least, int(_STOCK * len(several)))
            join_clusters(joined, hashed, most=most, among=places)
    return first_places(joined, of)
