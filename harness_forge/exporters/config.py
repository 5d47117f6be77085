"""Settings of an export: which rows are read, which are kept, and as what.

The SQL is part of the recipe and stays in sight: it is printed by `--cfg` and
copied into the manifest of every dataset it made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class ExportKind(Enum):
    """What rows become."""

    sft = "sft"  # one example a row
    dpo = "dpo"  # pairs of a passing and a failing answer to the same prompt


class AnswerKind(Enum):
    """What an answer must be to be learned from."""

    tool_call = "tool_call"  # exactly one call of an offered tool
    text = "text"


@dataclass(frozen=True)
class ExportConfig:
    """One export.

    Every row that `sql` reads ends in the ledger: kept, or rejected with the
    name of the first entry of `require` that is not true for it.

    Args:
        name: the dataset's folder under `data_dir`.
        kind: sft or dpo.
        answer: tool_call or text.
        sql: one SELECT over the documented views; docs/datasets.md lists the
            columns it must return. Values come in as `%(name)s`.
        params: values bound to the names in `sql` and `require`.
        order_by: what fixes the order of the rows, such as `turn_id`; for dpo
            it must begin with `item_id`.
        require: reason to SQL condition, asked in this order. null or true
            switches an entry off.
        include_fallback: keep rows whose answer is the content's own
            remediation.
        max_pairs_per_item: dpo only: at most this many pairs of one item.
    """

    name: str = "???"
    kind: ExportKind = ExportKind.sft
    answer: AnswerKind = AnswerKind.tool_call
    sql: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    order_by: str = ""
    require: dict[str, str | None] = field(default_factory=dict)
    include_fallback: bool = False
    max_pairs_per_item: int = 4
