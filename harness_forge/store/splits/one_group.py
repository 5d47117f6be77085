"""Finds that nearly all recorded items of a skill are one group, which no split divides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice, takewhile

import psycopg

from harness_forge.core.numbers import count, counted
from harness_forge.store import catalogue
from harness_forge.store.escaping import unescape

_FEW, _NEARLY_ALL = 10, 0.9
"""Items below which nothing is said, and the share of them that is nearly all."""
_READ = 200
"""Prompts that are compared to say what they differ in."""
_AHEAD = 200
"""Words in which the difference ends."""
_LONG = 40
"""Characters of an example."""
APART = "split.one_task_per_template=false"
"""What makes a task of each that fills a template."""

_LARGEST = """
SELECT group_key, count(*), (sum(count(*)) OVER ())::bigint FROM items WHERE full_cycle IS NULL
GROUP BY group_key ORDER BY 2 DESC, 1 LIMIT 1
"""
_SPLIT = "SELECT split FROM splits WHERE group_key = %s"
_MEMBERS = """
SELECT number FROM (
    SELECT group_key, row_number() OVER (ORDER BY item_id) - 1 AS number FROM items
) numbered WHERE group_key = %s
"""


@dataclass(frozen=True)
class OneGroup:
    """A group that holds nearly all recorded items of a skill.

    Args:
        items: recorded items of the skill.
        together: those of the group.
        split: where all of these are.
        pair: what two of their prompts differ in; two empty texts where nothing is found.
        template: they differ in what fills the blank of a template.
    """

    items: int
    together: int
    split: str
    pair: tuple[str, str] = ("", "")
    template: bool = False


def one_group(store) -> OneGroup | None:
    """Return the group that holds nearly all recorded items; None where there is no such group."""
    with closing(store.connect_read_only()) as connection:
        found = connection.execute(_LARGEST).fetchone()
        if found is None or found[2] < _FEW or found[1] < _NEARLY_ALL * found[2]:
            return None
        name, together, items = found
        split = connection.execute(_SPLIT, [name]).fetchone()
        texts = [*islice(_prompts(connection, name), _READ)]
    side = unescape(split[0]) if split else ""
    return OneGroup(items, together, side, _difference(texts), _is_template(texts))


def described(found: OneGroup, again: str) -> str:
    """Return a sentence about such a group, with what can be done.

    Args:
        again: the command that takes the records in again, each as a task of its own.
    """
    whole = found.together == found.items
    which = "all" if whole else f"{count(found.together)} of"
    where = f" and are all in {found.split}" if found.split else ""
    one, other = found.pair
    alike = "their prompts say the same"
    if one or other:
        alike = f"their prompts differ in little, such as {one!r} and {other!r}"
    remedy = "what can be divided is records of several tasks"
    if found.template:
        remedy = f"if each is a task of its own: {again}"
    return f"{which} {counted(found.items, 'item')} count as one task{where}: {alike}; {remedy}"


def _prompts(connection: psycopg.Connection, group: str) -> Iterator[str]:
    members = {number for (number,) in connection.execute(_MEMBERS, [group])}
    for item, text in catalogue.prompts(connection):
        if item in members:
            yield text


def _is_template(texts: Sequence[str]) -> bool:
    """Return whether the texts are not one task where what fills a blank is the task.

    What differs in dates, sessions and the like is one task that was asked again.
    """
    from harness_forge.core.sketches.openings import nearly_same, plain, telling, unstamped

    told = [*{unstamped(plain(text)): text for text in texts if telling(text)}.values()]
    if not told:
        return False
    largest = Counter(nearly_same(told).tolist()).most_common(1)[0][1]
    return largest < _NEARLY_ALL * len(told)


def _difference(texts: Sequence[str]) -> tuple[str, str]:
    """Return the words that the first text has in place of the next other one's."""
    words = [text.split() for text in texts]
    other = next((one for one in words if one != words[0]), None)
    if other is None:
        return "", ""
    # Comparing takes the square of the words: only those from the first that differs on.
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(words[0], other, strict=False))
    same = len([*alike])
    first, other = words[0][same : same + _AHEAD], other[same : same + _AHEAD]
    for kind, a, b, c, d in SequenceMatcher(None, first, other, autojunk=False).get_opcodes():
        if kind != "equal":
            return _cut(first[a:b]), _cut(other[c:d])
    return "", ""


def _cut(words: Sequence[str]) -> str:
    text = " ".join(words).strip(".,;:?!\"'()")
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
