"""Names that are made of what other harnesses recorded: ids of runs and of conversations.

An id goes into ledgers, manifests and lines of datasets, where a name that was
slugged or cut is no longer known for a secret. So a name is looked at as it
came, and lends its words to the id only where nothing is found in it.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache

_WORDS = 40
"""Characters of a name that are shown."""
_MARK = 4
_KEYED_MARK = 8
"""Digits; longer where the words of the name do not tell two runs apart."""


def run_id(source: str, key: str, name: str, policy: str) -> str:
    """Return the id of a run: which source and file, what it was called, and a mark.

    Args:
        key: of the file's note; it holds a digest of the whole file.
        name: what the records call the run.
    """
    digest = key.rpartition("/")[2]
    hashed = f"{name}\x1f{policy}".encode("utf-8", "surrogatepass")
    if _finds_nothing(name):
        words = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-")[:_WORDS]
        mark = hashlib.sha256(hashed).hexdigest()[:_MARK]
    else:
        # A plain hash of a name can be tried against guesses; this one wants the file.
        words = ""
        mark = hashlib.blake2b(hashed, key=digest.encode(), digest_size=16).hexdigest()[
            :_KEYED_MARK
        ]
    return "-".join(part for part in (source, digest[:8], words, mark) if part)


def plain(text: str) -> str:
    """Return a text without what redaction finds in it: nothing hashed rests on a secret.

    What is found is cut out rather than replaced, for a pseudonym is a hash too.
    """
    pieces, at = [], 0
    for one in _redactor().findings(text):
        pieces.append(text[at : one.start])
        at = one.end
    return "".join([*pieces, text[at:]]) if pieces else text


def _finds_nothing(name: str) -> bool:
    return not _redactor().value(name)[1]


@cache
def _redactor():
    """Return all rules; loaded with the first name, for they take a second."""
    from harness_forge.config.redaction import RedactionConfig
    from harness_forge.datasets.redaction.redactor import Redactor

    return Redactor(RedactionConfig(), bytes(32))
