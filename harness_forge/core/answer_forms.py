"""Groups items whose answers have one form: they are not independent of each other.

A form is what is left of an answer when the item's own words and numbers are masked:
`echo 'net.ipv4.conf.all.rp_filter = 1' > …` and `echo 'kernel.randomize_va_space = 2' > …`
are one form. Who learned the form passes both; a test must count them as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

from harness_forge.core.disjoint_sets import DisjointSets

ALIKE = 0.8
"""Share of equal tokens from which two forms are one; it was fixed before any result was seen."""

_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"[^\W_]+|\S")
_MASK, _JOINTS = "_", frozenset("_.-/")


def answer_form(words: str, answer: str) -> tuple[str, ...]:
    """Return the tokens of `answer` with the item's own words and all numbers masked.

    Masked neighbours, and what joins words of a name (`_ . - /`), count as one mask:
    a form does not depend on how many words a name has.

    Args:
        words: the item's id and title.
    """
    own = {word.lower() for word in _WORD.findall(words)}
    form: list[str] = []
    for token in _TOKEN.findall(answer):
        hidden = token in _JOINTS or token.isdigit() or token.lower() in own
        if not (hidden and form and form[-1] == _MASK):
            form.append(_MASK if hidden else token)
    return tuple(form)


def clusters(forms: Mapping[str, tuple[str, ...]], alike: float = ALIKE) -> dict[str, str]:
    """Return the cluster of each item: the smallest id among items of its form.

    Single linkage: forms of which a share `alike` of the tokens is equal, in order,
    are one, directly or through others.

    Args:
        forms: item id to `answer_form`.
    """
    first: dict[tuple[str, ...], str] = {}
    for item in sorted(forms):
        first.setdefault(forms[item], item)
    joined = DisjointSets[str]()
    for one, other in _alike(list(first), alike):
        joined.join(first[one], first[other])
    return {item: joined.leader(first[form]) for item, form in forms.items()}


def _alike(
    forms: list[tuple[str, ...]], alike: float
) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield every pair with a ratio of 2 * equal / (tokens of both) of at least `alike`."""
    matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False)
    for number, form in enumerate(forms):
        matcher.set_seq2(form)  # its index is kept while the first one changes
        for other in forms[:number]:
            matcher.set_seq1(other)
            # The quick ratios are upper bounds.
            if (
                matcher.real_quick_ratio() >= alike
                and matcher.quick_ratio() >= alike
                and matcher.ratio() >= alike
            ):
                yield other, form
