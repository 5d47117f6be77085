"""Training rows asked once more, as a choice of four: what a benchmark asks, without its words.

Only rows of files on the training side of the split are asked and offered; no item, question or
answer of a suite or of another side is read. The first call of a repository, which gives files
their sides, therefore makes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness_forge.collect.generators.context import Context, draw
from harness_forge.collect.generators.rows import QuestionRow

_LONGEST, _OPTIONS = 200, 4


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a choice for each short answer of the generators in `generate.weak`, or of all."""
    for generator, made in context.made.items():
        if context.config.weak and generator not in context.config.weak:
            continue
        mine = [row for row in made if f"{generator}:{row.name}" in context.trained]
        trained = [row for row in mine if _is_short(row)]
        for row in trained:
            wrong = _others(row, trained)
            if len(wrong) == _OPTIONS - 1:
                yield _choice(generator, row, wrong)


def _is_short(row: QuestionRow) -> bool:
    return bool(row.facts or "`" in row.text) and not row.absent and len(row.text) <= _LONGEST


def _others(row: QuestionRow, rows: Sequence[QuestionRow]) -> list[str]:
    """Return answers to other questions, of the same file first.

    Some part of each is in no quote of this row, so that it is wrong here.
    """
    quotes = "\n".join(citation.quote for citation in row.citations)
    texts: list[str] = []

    def nearest(other: QuestionRow) -> tuple[bool, int]:
        return other.group != row.group, draw(row.name, other.name)

    for other in sorted(rows, key=nearest):
        parts = [*other.facts, *other.text.replace("`", "").split("\n")]
        apart = any(part.strip("- ") not in quotes for part in parts if part.strip("- "))
        if apart and other.text not in (row.text, *texts):
            texts.append(other.text)
        if len(texts) == _OPTIONS - 1:
            break
    return texts


def _choice(generator: str, row: QuestionRow, wrong: Sequence[str]) -> QuestionRow:
    options = sorted([row.text, *wrong], key=lambda text: draw(row.name, text))
    listed = "\n\n".join(f"{'ABCD'[place]}:\n{text}" for place, text in enumerate(options))
    question = f"{row.question}\n\nWhich answer is right?\n\n{listed}"
    return QuestionRow(
        name=f"{generator}/{row.name}",
        group=row.group,
        messages=[*row.messages[:-1], {"role": "user", "content": question}],
        answer={
            "role": "assistant",
            "content": f"{'ABCD'[options.index(row.text)]}:\n{row.text}",
        },
        citations=row.citations,
        facts=row.facts,
    )
