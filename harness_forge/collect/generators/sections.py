"""What a section of a page is about: its first paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.markdown import sections
from harness_forge.collect.generators.rows import QuestionRow, asked

_FEWEST_WORDS, _MOST_WORDS = 12, 120
_NO_PROSE = re.compile(r"\s*([-*+>|]|\d+[.)]\s|```|~~~|!\[|<)|    ")


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each section that begins with a paragraph and goes on."""
    for file in context.repository.ending(".md"):
        for one in sections(file.lines):
            blocks = one.paragraphs()
            if len(blocks) < 2 or _NO_PROSE.match(blocks[0]) or blocks[0].rstrip()[-1] == ":":
                continue
            citation = context.cite(file, one.first, one.last)
            if citation and _FEWEST_WORDS <= len(blocks[0].split()) <= _MOST_WORDS:
                yield asked(
                    f"What is “{one.title}” about? Answer with the paragraph that says it.",
                    " ".join(line.strip() for line in blocks[0].split("\n")),
                    f"{file.path}::{one.title}",
                    citation,
                    facts=[line.strip() for line in blocks[0].split("\n")],
                )
