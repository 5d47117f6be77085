"""Chooses vLLM's tool-call parser for a chat template.

Each model family has its own format of tool calls. What the template writes decides; for
formats that forge has no parser of, a mark in the template; if it has no tools, the family.
"""

from __future__ import annotations

import json
from pathlib import Path

from harness_forge.core.chat.call_forms import FORMS, HERMES

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
"""A format's mark in a template, and vLLM's name of it; the first match is used."""

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


def tool_parser(template: str, model: Path, form: str | None) -> str:
    """Return vLLM's name of a model's tool-call format.

    Args:
        template: the chat template's text.
        model: folder of the base model.
        form: in which the template writes calls; None if forge has no parser of it.
    """
    if form:
        return FORMS[form].vllm
    for mark, name in _MARKS:
        if mark in template:
            return name
    try:
        kind = json.loads((model / "config.json").read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError):
        return FORMS[HERMES].vllm
    return _FAMILIES.get(str(kind), FORMS[HERMES].vllm)
