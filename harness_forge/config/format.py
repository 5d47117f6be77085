"""Settings of a dataset's files: the shape of a line, and how the files end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Turns(Enum):
    """What a line of messages holds of a conversation with several turns."""

    each = "each"  # a line a turn, with all before it as context
    conversation = "conversation"  # a line a conversation, with all its turns that are kept


EXTENSIONS = ("jsonl", "jsonl.gz", "jsonl.zst", "parquet")
"""How a data file's name may end."""

ROWS = {name: name for name in ("dpo", "kto", "grpo")} | dict.fromkeys(
    ("sft", "prompt_completion", "sharegpt", "alpaca"), "sft"
)
"""Format to the export kind of its rows: four shapes of a line have the rows of sft."""


@dataclass(frozen=True)
class FormatConfig:
    """What a dataset's lines look like.

    Args:
        name: of one example a row: sft (messages with tools), sharegpt,
            prompt_completion or alpaca; dpo (chosen and rejected answers), kto
            (answers with a label) or grpo (prompts with a reference).
        extension: how the files end, and so what they are: jsonl, jsonl.gz,
            jsonl.zst or parquet.
        turns: what a line of sft or sharegpt holds of an agent's conversation: conversation,
            all its turns that are kept, each learned once; or each, a line a turn, with
            what was said before as context that is not learned.
    """

    name: str = "sft"
    extension: str = "jsonl"
    turns: Turns = Turns.conversation
