"""What a commit changed in some lines, as a diff of the two versions."""

from __future__ import annotations

from collections.abc import Iterator

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.repository import Hunk
from harness_forge.collect.generators.rows import Citation, QuestionRow, shown

_MOST_CHANGED = 16


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each small change that has lines on both sides."""
    for hunk in context.repository.hunks(context.config.commits):
        signs = [line[:1] for line in hunk.lines]
        changed = len(signs) - signs.count(" ")
        if not ("-" in signs and "+" in signs and changed <= _MOST_CHANGED):
            continue
        before = _cited(hunk, hunk.parent, hunk.before, hunk.side("+"))
        after = _cited(hunk, hunk.commit, hunk.after, hunk.side("-"))
        if context.fits(before) and context.fits(after):
            yield _row(hunk, before, after)


def _cited(hunk: Hunk, revision: str, first: int, lines: list[str]) -> Citation:
    return Citation("commit", hunk.path, revision, first, first + len(lines) - 1, "\n".join(lines))


def _row(hunk: Hunk, before: Citation, after: Citation) -> QuestionRow:
    question = (
        f"Before:\n\n{shown(before)}\n\nAfter:\n\n{shown(after)}\n\n"
        f"The change is described as “{hunk.subject}”. Write it as a diff: lines that stay begin"
        " with a space, removed ones with -, added ones with +."
    )
    return QuestionRow(
        name=f"{hunk.path}::{hunk.commit[:12]}:{hunk.after}",
        group=hunk.path,
        messages=[{"role": "user", "content": question}],
        answer={"role": "assistant", "content": "```diff\n" + "\n".join(hunk.lines) + "\n```"},
        citations=[before, after],
        facts=[line[1:] for line in hunk.lines],
    )
