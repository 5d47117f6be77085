"""The shapes of a dataset line, as plain dicts ready for JSON.

`tools` and the arguments of a call are JSON strings. As nested objects they
come back from Arrow, which `datasets` reads into, padded with the null fields
of every other tool of the file, and those nulls end up in prompts. Axolotl and
TRL parse the strings. No value is ever null, for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from harness_forge.records import Example, PreferencePair, RowSource


def sft_line(example: Example) -> dict[str, Any]:
    """Return messages with tools: the prompt, then the answer to learn."""
    return {
        "id": example.id,
        "messages": [*example.prompt, example.answer],
        "tools": _json(example.tools),
        **_origin(example.origin),
    }


def preference_line(pair: PreferencePair) -> dict[str, Any]:
    """Return prompt, chosen and rejected: each a list of messages, as TRL has it."""
    good, bad = pair.chosen_origin, pair.rejected_origin
    return {
        "id": pair.id,
        "prompt": list(pair.prompt),
        "tools": _json(pair.tools),
        "chosen": [pair.chosen],
        "rejected": [pair.rejected],
        **_origin(good),
        "rejected_source": bad.source,
        "rejected_run_id": bad.run_id,
        "rejected_policy": bad.policy,
        "rejected_origin": bad.origin,
        "rejected_evaluator": bad.evaluator,
    }


def _origin(origin: RowSource) -> dict[str, str]:
    return {
        "source": origin.source,
        "run_id": origin.run_id,
        "item_id": origin.item_id,
        "family": origin.family,
        "split": origin.split,
        "policy": origin.policy,
        "origin": origin.origin,
        "evaluator": origin.evaluator,
    }


def _json(tools: Any) -> str:
    return orjson.dumps(list(tools)).decode()


FORMATS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "sft": sft_line,
    "dpo": preference_line,
}
