"""Rejects rows that are too long for training: prompt, tools and answer as rendered.

A trainer cuts or drops what exceeds its sequence length, often without a word. Counted here
is the very text that training shows: rendered by the base model's chat template, cut into
tokens by its tokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness_forge.config.filters import LengthConfig, RowTooLongConfig
from harness_forge.core.chat.template import ChatTemplate, Unrenderable, read_template
from harness_forge.core.errors import ExportError
from harness_forge.datasets.filters.candidate import Candidate
from harness_forge.datasets.filters.length import Length

REASON = "row_too_long"
UNRENDERABLE = "row_not_renderable"


class RowTooLong:
    """Checks the token count of the rendered row.

    Args:
        folder: the base model's; it is read at the first row. None is one that is not known.
        model: the base model's name, for faults.

    Attributes:
        tally: rows by how they were decided, `by_bounds` or `counted`.
    """

    def __init__(self, config: RowTooLongConfig, folder: Path | None, model: str = "") -> None:
        self.folder, self.model = folder, model
        limits = LengthConfig(max_tokens=config.max_tokens)
        file = folder / "tokenizer.json" if folder else None
        self._length = Length(limits, file, model, key=f"filters.{REASON}")
        self.tally = self._length.tally

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        """Return `row_too_long` for each row with too many tokens.

        One that the template refuses, such as with a system message in the middle, is
        `row_not_renderable`: no trainer could show it either.

        Raises:
            ExportError: the base model's folder is not there.
        """
        template = self._template()
        texts = [_text(template, row) for row in candidates]
        fitting = iter(self._length.fits([text for text in texts if text is not None]))
        return [
            UNRENDERABLE if text is None else None if next(fitting) else REASON for text in texts
        ]

    def _template(self) -> ChatTemplate:
        found = read_template(self.folder) if self.folder else None
        if found is None:
            name = self.model or "NAME"
            raise ExportError(
                f"filters.{REASON}",
                f"the base model's chat template is needed and not there: {self.folder or name}",
                f"run `forge model fetch {name}` (or give model.path=DIR),"
                f" or filters.{REASON}.enabled=false",
            )
        return found


def _text(template: ChatTemplate, row: Candidate) -> str | None:
    try:
        return template.render([*row.messages, row.answer], row.tools)
    except Unrenderable:
        return None
