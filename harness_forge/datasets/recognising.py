"""Looks through the store for secrets, which every row is then rid of.

A row is redacted by itself, in any process. What another turn or attempt tells of a text in it
must be known before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from harness_forge.core import jsontext
from harness_forge.core.digest_set import DigestSet
from harness_forge.datasets.cleaning import redactor_of
from harness_forge.datasets.request import Treatment
from harness_forge.datasets.sql import reading

if TYPE_CHECKING:
    import psycopg

    from harness_forge.datasets.redaction.recognised import RecognisedSecrets
    from harness_forge.datasets.redaction.redactor import Redactor

_TOGETHER = 4
"""Texts that arrive at once; each may be of many megabytes."""

# Each message of a conversation once, where they are stored so. Rejected attempts tell as well.
_TEXTS = """
SELECT m.message::text FROM shared_messages m
JOIN runs r ON r.id = m.run_id AND r.purpose = 'collect'
UNION ALL
SELECT u.text FROM turns t
JOIN runs r ON r.id = t.run_id AND r.purpose = 'collect'
CROSS JOIN LATERAL (VALUES (t.messages::text), (t.response::text)) u (text)
WHERE u.text IS NOT NULL
"""


def recognised(
    connection: psycopg.Connection, skills: Sequence[str], treatment: Treatment
) -> RecognisedSecrets | None:
    """Return the secrets in any request or answer of the skills; None where none is looked for.

    Args:
        connection: sees the moment of the store that rows are read at.
    """
    redactor = redactor_of(treatment)
    if redactor is None:
        return None
    from harness_forge.datasets.redaction.recognised import RecognisedSecrets

    kinds: dict[str, tuple[str, str]] = {}
    for text in _suspicious(connection, skills, redactor):
        for one in redactor.secrets(_parsed(text)):
            # A value may be found as several kinds: which is the same in any order of texts.
            found = one.kind, one.form
            kinds[one.value] = min(kinds.get(one.value, found), found)
    return RecognisedSecrets(kinds)


def _suspicious(
    connection: psycopg.Connection, skills: Sequence[str], redactor: Redactor
) -> Iterator[str]:
    """Yield each text once in which there may be a secret."""
    seen = DigestSet()
    for skill in skills:
        reading.enter(connection, skill)
        for (text,) in connection.cursor().stream(_TEXTS, size=_TOGETHER):
            if redactor.may_find(text):
                mark = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
                if mark not in seen:
                    seen.add(mark)
                    yield text


def _parsed(text: str) -> Any:
    try:
        return jsontext.loads(text)
    except ValueError:  # too deep, perhaps; it is looked through as it stands
        return text
