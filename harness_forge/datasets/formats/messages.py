"""Formats of chat messages with tools, which keep everything in an example."""

from __future__ import annotations

from typing import Any

from harness_forge.core.examples import Example, LabelledExample, PreferencePair, PromptExample
from harness_forge.datasets.formats.common import context, origin_keys, tools_text


def sft_line(example: Example) -> dict[str, Any]:
    """Return messages with tools: the prompt, its answers with weight 0, then the answer."""
    return {
        "id": example.id,
        "messages": [*context(example.prompt), example.answer],
        "tools": tools_text(example.tools),
        **origin_keys(example.origin),
    }


def preference_line(pair: PreferencePair) -> dict[str, Any]:
    """Return prompt, chosen and rejected: each a list of messages, as TRL has it."""
    bad = pair.rejected_origin
    return {
        "id": pair.id,
        "prompt": list(pair.prompt),
        "tools": tools_text(pair.tools),
        "chosen": [pair.chosen],
        "rejected": [pair.rejected],
        **origin_keys(pair.chosen_origin),
        **_if_any(evidence=pair.chosen_evidence),
        "rejected_source": bad.source,
        "rejected_run_id": bad.run_id,
        "rejected_policy": bad.policy,
        "rejected_origin": bad.origin,
        "rejected_evaluator": bad.evaluator,
        **_if_any(rejected_evidence=pair.rejected_evidence),
    }


def kto_line(example: LabelledExample) -> dict[str, Any]:
    """Return prompt, completion and label, as TRL's KTO has it."""
    return {
        "id": example.id,
        "prompt": list(example.prompt),
        "tools": tools_text(example.tools),
        "completion": [example.answer],
        "label": example.label,
        **origin_keys(example.origin),
        **_if_any(evidence=example.evidence),
    }


def grpo_line(example: PromptExample) -> dict[str, Any]:
    """Return a prompt, and a JSON string of what a reward function passes to the evaluator.

    TRL hands every key but `prompt` to reward functions, by name.
    """
    return {
        "id": example.id,
        "prompt": list(example.prompt),
        "tools": tools_text(example.tools),
        "reference": example.reference,
        **origin_keys(example.origin),
    }


def _if_any(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
