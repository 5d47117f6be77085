"""A generated row: a question, an answer, and the quotes that the answer is in.

Nothing here is guessed and no model writes anything: a row is refused unless every quote is
found again where its citation says, and every part of the answer in a quote.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.core.records import Message

EVALUATOR, VERSION = "quote_reread", "1"
"""Who vouches for a row: quotes read again and compared, no harness and no judge."""

_TICKED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True, slots=True)
class Citation:
    """Some lines as they stand in one version of a file.

    Args:
        kind: `file`, `commit` for a file as a commit left or found it, `session`.
        revision: the commit, or the digest of a session's file.
        first, last: lines, from 1, both included.
    """

    kind: str
    path: str
    revision: str
    first: int
    last: int
    quote: str

    def signals(self) -> dict[str, Any]:
        """Return it as an outcome's signals hold it."""
        return {
            "kind": self.kind,
            "path": self.path,
            "revision": self.revision,
            "lines": [self.first, self.last],
            "sha256": hashlib.sha256(self.quote.encode()).hexdigest(),
            "quote": self.quote,
        }


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question with its answer.

    Args:
        name: unique within its generator, and the same while the row means the same.
        group: rows of one group are never on two sides of a split: the file's path.
        messages: what is asked, the quotes in it.
        answer: the assistant's message.
        citations: what it rests on, the main one first.
        facts: parts of the answer that must stand in a quote, besides what has backticks.
        absent: what no quote may hold.
    """

    name: str
    group: str
    messages: Sequence[Message]
    answer: Message
    citations: Sequence[Citation]
    facts: Sequence[str] = ()
    absent: Sequence[str] = ()
    tools: Sequence[Mapping[str, Any]] = ()

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.answer.get("content") or ""

    @property
    def question(self) -> str:
        """The last thing asked."""
        return self.messages[-1]["content"]

    def digest(self) -> str:
        """Return a digest of what is learned; where the lines stand does not count."""
        learned = repr((list(self.messages), self.answer, list(self.tools)))
        return hashlib.sha256(learned.encode()).hexdigest()[:16]


def asked(question: str, answer: str, name: str, citation: Citation, **more: Any) -> QuestionRow:
    """Return a row that shows one quote and asks about it."""
    return QuestionRow(
        name=name,
        group=citation.path,
        messages=[{"role": "user", "content": f"{shown(citation)}\n\n{question}"}],
        answer={"role": "assistant", "content": answer},
        citations=[citation],
        **more,
    )


def shown(citation: Citation) -> str:
    """Return a quote as a prompt shows it; the fence is longer than any in it."""
    runs = re.findall(r"`{3,}", citation.quote)
    fence = "`" * max(3, *(len(run) + 1 for run in runs), 3)
    return f"From `{citation.path}`:\n\n{fence}\n{citation.quote}\n{fence}"


def fault(row: QuestionRow, read: Callable[[Citation], str | None]) -> str | None:
    """Return why a row is not grounded, or None.

    Args:
        read: reads again what a citation names; None where it is not there.
    """
    if any(read(citation) != citation.quote for citation in row.citations):
        return "quote_not_found"
    quotes = "\n".join(citation.quote for citation in row.citations)
    ticked = [text for text in _TICKED.findall(row.text) if text not in row.question]
    if not all(text in quotes for text in (*row.facts, *ticked)):
        return "answer_not_in_quote"
    if any(text in quotes for text in row.absent):
        return "absent_name_in_quote"
    return None
