"""The table of formats: by name, the function that makes a line of an example.

A line is a plain dict ready for JSON. What a format has no room for raises
`Unrepresentable` and goes to the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness_forge.datasets.formats.messages import grpo_line, kto_line, preference_line, sft_line
from harness_forge.datasets.formats.plain import alpaca_line, prompt_completion_line
from harness_forge.datasets.formats.sharegpt import sharegpt_line

FORMATS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "sft": sft_line,
    "prompt_completion": prompt_completion_line,
    "sharegpt": sharegpt_line,
    "alpaca": alpaca_line,
    "dpo": preference_line,
    "kto": kto_line,
    "grpo": grpo_line,
}
