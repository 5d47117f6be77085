"""Settings of a suite: what is scored, how many answers at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Dtype(Enum):
    """Number format that the model computes in."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


@dataclass(frozen=True)
class SuiteConfig:
    """One lm-eval suite over the work items of a split; every answer is greedy.

    Args:
        name: of the suite; its lm-eval task is called so.
        version: count it up when the same answer would be scored otherwise.
        metrics: of valid_call, right_tool, script_parses and names_target.
        max_tokens: longest answer; a longer one counts as cut off.
        batch_size: answers made at once.
        limit: at most so many work items of each skill; 0 takes all.
        dtype: auto takes bfloat16 on a GPU and float32 on a CPU, as
            `forge serve` and the local policy do.
    """

    name: str = "tool_call"
    version: int = 1
    metrics: list[str] = field(
        default_factory=lambda: ["valid_call", "right_tool", "script_parses", "names_target"]
    )
    max_tokens: int = 256
    batch_size: int = 16
    limit: int = 0
    dtype: Dtype = Dtype.auto
