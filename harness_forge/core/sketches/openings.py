"""Extracts a task's text: the opening of a conversation, before the first answer.

What groups items, what an export protects and what an audit compares must
agree on which words are the task's, so it is below all of them.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from harness_forge.core.disjoint_sets import DisjointPlaces
    from harness_forge.core.sketches.runs import HashedTexts

TELLING = 8
"""Words below which a text is a greeting rather than a task."""

_STOCK, _MANY, _SLOTS = 0.9, 10, 10
"""Words that so many texts share, as a share and at least in number, are stock; a text with
fewer runs of its own than `_SLOTS` differs from others in what fills a blank."""
_VALUE, _WHOLE_SET = 6, 100
"""A text with fewer runs of its own differs in one value: it is the same question, even
where up to so many texts are all that there is."""

_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_CLOCK = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[ap]m)?(?: ?(?:z|utc|gmt|[+-]\d\d:?\d\d))?"
# What may begin anew at every sign is bounded: a prompt of a million dashes takes no longer.
_STAMP = re.compile(
    r"(?<![0-9a-z])(?:"
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"  # a UUID
    r"|[\w.+-]{1,64}@[\w-]+\.[a-z.]{2,}"  # an e-mail address
    r"|(?:[0-9a-f]{0,4}:){4,7}[0-9a-f]{1,4}"  # an address, version 6
    r"|\d{1,3}(?:\.\d{1,3}){3}"
    rf"|\d{{4}}-\d\d-\d\d(?:[t ]{_CLOCK})?"
    r"|\d{8}t\d{6}z?"
    rf"|(?:\d{{4}}[/.]\d\d?[/.]\d\d?|\d\d?[/.]\d\d?[/.]\d{{4}})(?:,? {_CLOCK})?"
    rf"|(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?"
    rf"(?:{_MONTH} \d\d?(?:st|nd|rd|th)?,? \d{{4}}|\d\d?(?:st|nd|rd|th)? {_MONTH},? \d{{4}})"
    rf"(?:,? {_CLOCK})?"
    rf"|{_CLOCK}"
    r"|(?:req|run|sess|session|trace|span|job|msg|call|chatcmpl)[_-](?=[a-z_-]{0,128}\d)[0-9a-z_-]{8,128}"
    r"|0x[0-9a-f]{6,}"
    r"|(?=[a-z]*\d)[0-9a-hjkmnp-tv-z]{26}"  # a ULID
    # Numbers of tickets, hashes of commits, seconds since 1970; not a part of RHEL-08-010030.
    r"|(?<![-_.])(?=[a-f]*\d)[0-9a-f]{6,}(?![-_.][0-9a-z])"
    r")(?![0-9a-z])"
)
"""What a harness puts beside a task, and which differs from one asking to the next."""
_STAMPED = "0"
_CONTAINED = 0.9
"""Share of a task's runs of words that another one has as well, from which they are the same."""
_NOT_A_PART = 0.65
"""Similarity that they must have: the other is at most about half as long again. What is more
begins with the same instructions."""
_MUCH = 0.15
"""Share of all texts: what would be one task of more of them, but for stamps, are tasks that
differ in what looks like a stamp."""
_TOGETHER = 1000
"""Texts read from a file at once."""

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


def unstamped(text: str) -> str:
    """Return a plain text with one sign for every date, time, address, hash and long number."""
    return _STAMP.sub(_STAMPED, text)


def groups(texts: Iterable[str]) -> np.ndarray:
    """Return for each text the first text that is the same task, or nearly so, int64 (n,).

    Texts are the same question word for word, whatever others ask; or nearly
    the same by `join_clusters`, which leaves templates out. A text that is a
    template but for a blank is compared whole: a question with another name in
    it is the same question. Only where nine in ten share the template, and more
    than some hundred where a single value is all that differs, what fills the
    blank is the task.

    A harness may put a date, a ticket or a session before a task: texts of several words
    of their own that are the same but for that, or one of which holds nearly all of the
    other, are the same task.
    """
    return _grouped(texts, _join_same_tasks)


def nearly_same(texts: Iterable[str]) -> np.ndarray:
    """Return for each text the first text that is nearly the same, int64 (n,).

    As `groups`, but of any number of texts: what fills the blank of a template is the task.
    """
    return _grouped(texts, _join_alike)


def _grouped(texts: Iterable[str], join: Callable[..., Any]) -> np.ndarray:
    """Return for each text the first text that `join` joins it with, stamps aside."""
    import numpy as np

    from harness_forge.core.disjoint_sets import DisjointPlaces
    from harness_forge.core.sketches.clusters import first_places
    from harness_forge.core.sketches.runs import HashedTexts
    from harness_forge.core.sketches.spooled import SpooledTexts, distinct

    several, of = distinct(SpooledTexts(map(plain, texts)))
    joined = DisjointPlaces(len(several))
    join(joined, HashedTexts(several))
    # Not made distinct: how many differ in a stamp alone says whether it is the task.
    bare = SpooledTexts(map(unstamped, _each(several)))
    if any(map(operator.ne, _each(several), _each(bare))):
        same = DisjointPlaces(len(several))
        join(same, HashedTexts(bare), least=_SLOTS)
        leaders = np.asarray(same.leaders(), np.int64)
        sizes = np.bincount(leaders, minlength=len(leaders))
        few = sizes[leaders] <= max(_MANY, _MUCH * len(leaders))
        for place in np.flatnonzero(few & (leaders != np.arange(len(leaders)))).tolist():
            joined.join(place, int(leaders[place]))
    return first_places(joined, of)


def _each(texts: Sequence[str]) -> Iterator[str]:
    """Yield texts that lie in a file, read many at a time."""
    for first in range(0, len(texts), _TOGETHER):
        yield from texts[first : first + _TOGETHER]


def _join_alike(joined: DisjointPlaces, hashed: HashedTexts, least: int = 0) -> np.ndarray:
    """Join the places of texts that are nearly the same, and return the places compared.

    Args:
        least: runs that a text must have to be compared.
    """
    import numpy as np

    from harness_forge.core.sketches.clusters import join_clusters

    places = np.flatnonzero(hashed.counts() >= least)
    join_clusters(joined, hashed, contained=(_CONTAINED, _SLOTS, _NOT_A_PART), among=places)
    return places


def _join_same_tasks(joined: DisjointPlaces, hashed: HashedTexts, least: int = 0) -> None:
    """Join the places of texts that ask the same, templates with a blank as well."""
    from harness_forge.core.sketches.clusters import join_clusters, own_runs

    compared = _join_alike(joined, hashed, least)
    own = own_runs(hashed)[compared]
    for few, stock in ((_SLOTS, _MANY), (_VALUE, _WHOLE_SET)):
        places = compared[own < few]
        if len(places) > 1:
            most = max(stock, int(_STOCK * len(hashed)))
            join_clusters(joined, hashed, most=most, among=places)
