"""Which of vLLM's tool-call readers goes with a chat template.

A model family calls tools in a form of its own. The template shows that form to
the model, so the template decides; a template without tools leaves it to the family.
"""

from __future__ import annotations

import json
from pathlib import Path

_MARKS = (
    ("<|tool_call>", "gemma4"),
    ("<start_function_call>", "functiongemma"),
    ("<function=", "qwen3_xml"),
    ("<arg_key>", "glm45"),
    ("[TOOL_CALLS]", "mistral"),
    ("<|tool_calls_section_begin|>", "kimi_k2"),
    ("<|channel|>", "openai"),
    ("<tool_call>", "hermes"),
    ("<|python_tag|>", "llama3_json"),
)
"""A mark of a form in a template, and vLLM's name for it; the first that is found counts."""

_FAMILIES = {
    "gemma4": "gemma4",
    "gemma4_text": "gemma4",
    "mistral": "mistral",
    "mistral3": "mistral",
    "llama4": "llama4_pythonic",
    "gpt_oss": "openai",
    "granite": "granite",
    "phi3": "phi4_mini_json",
}
"""Base models by `model_type` of their config.json."""


def tool_parser(template: str, model: Path, otherwise: str) -> str:
    """Return vLLM's name of the form in which a model calls tools.

    Args:
        template: the chat template's text.
        model: folder of the base model.
        otherwise: where neither template nor family tells.
    """
    for mark, name in _MARKS:
        if mark in template:
            return name
    try:
        kind = json.loads((model / "config.json").read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError):
        return otherwise
    return _FAMILIES.get(str(kind), otherwise)
