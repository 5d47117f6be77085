"""Secrets that were recognised somewhere, and where they stand without anything that tells.

`echo $PGPASSWORD` prints a password bare; only `postgres://admin:…@db`, many turns later or in
another attempt, shows what it is. So what is recognised in one row is replaced in every row.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from harness_forge.datasets.redaction.names import SECRET_LENGTH, is_secret, occurrences
from harness_forge.datasets.redaction.rule import RedactionSpan

_WORDS_ALONE = bytes(
    code if code < 128 and (chr(code).isalnum() or code == ord("_")) else ord(" ")
    for code in range(256)
)
"""Of UTF-8, all but letters and digits of ASCII as blanks."""
_ESCAPED = re.compile(rb"(?<=\\)[nrtbf](\w+)")
"""A word right after an escape such as \\n, whose letter seems to be the word's first."""


class RecognisedSecrets:
    """Secrets by what they say, and a quick way to see whether any of them is in a text.

    Args:
        kinds: kind and form by value; see `collectable` for which values may be in it.
    """

    def __init__(self, kinds: Mapping[str, tuple[str, str]] | None = None) -> None:
        self._kinds = dict(sorted((kinds or {}).items()))
        # A text that holds a value holds the value's longest word as a word: its hash is looked
        # up, for a hundred thousand values would be too many to search for one by one.
        self._by_word: dict[bytes, list[str]] = defaultdict(list)
        for value in self._kinds:
            self._by_word[
                max(_words(value.encode("utf-8", "surrogatepass")), key=len, default=b"")
            ].append(value)

    def __reduce__(self):
        return (RecognisedSecrets, (self._kinds,))

    def __len__(self) -> int:
        return len(self._kinds)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecognisedSecrets) and self._kinds == other._kinds

    __hash__ = None

    def may_stand_in(self, text: str) -> bool:
        """Return whether a secret may be in `text`, or in JSON inside it."""
        if not self._kinds:
            return False
        return "\\u" in text or b"" in self._by_word or bool(self._words_in(text))

    def find(self, text: str) -> Iterator[RedactionSpan]:
        """Yield the secrets in `text`, in order."""
        if not self._kinds:
            return
        values = {value for word in self._words_in(text) for value in self._by_word[word]}
        for match in occurrences([value for value in values if value in text], text):
            kind, form = self._kinds[match[0]]
            yield RedactionSpan(*match.span(), kind, match[0], form)

    def _words_in(self, text: str) -> set[bytes]:
        raw = text.encode("utf-8", "surrogatepass")
        words = _words(raw)
        if b"\\" in raw:
            words += _ESCAPED.findall(raw)
        return self._by_word.keys() & (*words, b"")


NONE = RecognisedSecrets()


def _words(raw: bytes) -> list[bytes]:
    # A quarter of the time that a regular expression takes.
    return raw.translate(_WORDS_ALONE).split()


def collectable(finding: RedactionSpan) -> bool:
    """Return whether a finding's value says enough by itself to be looked for in other rows.

    Names of machines and people are words too often: `deploy` is a user in one row only.
    """
    return is_secret(finding.kind) and len(finding.value) >= SECRET_LENGTH
