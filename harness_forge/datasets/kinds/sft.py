"""SFT: one example per row, the prompt and the answer that passed."""

from __future__ import annotations

from harness_forge.core.records import Example
from harness_forge.datasets.sql.rows import Answer, Prompt, Row, joint, source_of


def example(row: Row, prompt: Prompt, answer: Answer, mark: bytes = b"") -> Example:
    """Return the example of one row; the same words have the same id everywhere.

    Args:
        mark: the joint digest of prompt and answer, where it is known.
    """
    mark = mark or joint(prompt.digest, answer.digest)
    return Example(mark.hex(), prompt.messages, prompt.tools, answer.message, source_of(row))
