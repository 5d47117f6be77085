"""How model families write tool calls in an answer's text, and strict readers of each.

A reader finds calls and repairs nothing: a call that is not exactly in its form is found
with `body` None. What surrounds a call is judged by who asks. The file is copied beside
tasks of lm-eval, so it imports only `gemma_calls`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.core.chat import gemma_calls

Body = tuple[str, Any]
"""Name and arguments of a call; neither is checked against a schema."""

HERMES = "hermes"
END_OF_TURN = (
    *("<|im_end|>", "<|endoftext|>", "</s>", "<eos>", "<end_of_turn>", "<turn|>", "<|eot_id|>"),
    *("<|eom_id|>", "<|end_of_text|>", "<|tool_response>"),
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
)
"""Tokens that end an answer, of all families."""


@dataclass(frozen=True)
class FoundCall:
    """A call in a text: it is `text[start:end]`, and `body` is None if it cannot be read."""

    start: int
    end: int
    body: Body | None


@dataclass(frozen=True)
class CallForm:
    """One way to write calls.

    Args:
        blocks: finds the complete calls of an answer, in order.
        begun: counts the marks that begin a call, complete or not.
        vllm: vLLM's name of its parser.
    """

    blocks: Callable[[str], list[FoundCall]]
    begun: Callable[[str], int]
    vllm: str


def found(text: str, form: str, tools: Sequence[Mapping[str, Any]] = ()) -> list[FoundCall]:
    """Return the complete calls of an answer.

    Args:
        form: a name of `FORMS`.
        tools: those that were offered; a form that writes every value as plain text takes
            the types of values from their schemas.
    """
    calls = FORMS[form].blocks(text)
    if form != "qwen_xml":
        return calls
    schemas = dict(_schema(tool) for tool in tools)
    return [FoundCall(one.start, one.end, _typed(one.body, schemas)) for one in calls]


def _blocks(pattern: re.Pattern[str], body: Callable[[re.Match[str]], Body | None]):
    def blocks(text: str) -> list[FoundCall]:
        return [FoundCall(one.start(), one.end(), body(one)) for one in pattern.finditer(text)]

    return blocks


def _named(text: str, arguments: str) -> Body | None:
    """Return the body of a JSON object that has a name and arguments, and nothing else."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):  # RecursionError: thousands of nested brackets
        return None
    if not isinstance(body, dict) or set(body) != {"name", arguments}:
        return None
    return body["name"], body[arguments]


_HERMES = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)

# One call of Llama 3 is the whole answer: it has no mark that ends it, and often none that
# begins it. Answers that are JSON without a name are data.
_PYTHON_TAG = "<|python_tag|>"
_LLAMA_START = re.compile(r'\s*(?:<\|python_tag\|>\s*)?\{\s*"(?:name|type|function|parameters)"')


def _llama(text: str) -> list[FoundCall]:
    calls, at = [], 0
    while _LLAMA_START.match(text, at):
        start = text.index("{", at)
        try:
            _, end = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        calls.append((start, end))
        at = end
        if text[end:].lstrip().startswith(";"):
            at = text.index(";", end) + 1
    return [FoundCall(start, end, _named(text[start:end], "parameters")) for start, end in calls]


def _llama_begun(text: str) -> int:
    return max(text.count(_PYTHON_TAG), int(bool(_LLAMA_START.match(text))))


_MISTRAL = re.compile(r"\[TOOL_CALLS\]([^\[\]{}]*)\[ARGS\](.*?)(?=\[TOOL_CALLS\]|\Z)", re.DOTALL)


def _mistral(text: str) -> list[FoundCall]:
    calls = []
    for one in _MISTRAL.finditer(text):
        start, end, body = one.start(2), one.end(), None
        try:
            arguments, end = json.JSONDecoder().raw_decode(text, start)
            body = one[1], arguments
        except (ValueError, RecursionError):
            pass
        calls.append(FoundCall(one.start(), end, body))
    return calls


_XML = re.compile(r"<tool_call>\s*<function=([^<>\n]+)>(.*?)</function>\s*</tool_call>", re.DOTALL)
_XML_VALUE = re.compile(r"\s*<parameter=([^<>\n]+)>\n?(.*?)\n?</parameter>\s*", re.DOTALL)


def _xml(match: re.Match[str]) -> Body | None:
    values: dict[str, str] = {}
    at = 0
    while one := _XML_VALUE.match(match[2], at):
        if one[1] in values:
            return None
        values[one[1]] = one[2]
        at = one.end()
    return (match[1], values) if not match[2][at:].strip() else None


def _typed(body: Body | None, schemas: Mapping[str, Mapping[str, Any]]) -> Body | None:
    """Return a body with values of the types that its tool's schema names; texts are JSON."""
    if body is None:
        return None
    name, values = body
    known = schemas.get(name, {})
    return name, {key: _value(text, known.get(key) or {}) for key, text in values.items()}


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    if schema.get("type", "string") == "string":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _schema(tool: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    function = tool.get("function", tool)
    return function["name"], (function.get("parameters") or {}).get("properties") or {}


_GEMMA = re.compile(r"<\|tool_call>(.*?)<tool_call\|>", re.DOTALL)

FORMS: Mapping[str, CallForm] = {
    HERMES: CallForm(
        _blocks(_HERMES, lambda one: _named(one[1], "arguments")),
        lambda text: text.count("<tool_call>"),
        "hermes",
    ),
    "llama_json": CallForm(_llama, _llama_begun, "llama3_json"),
    "gemma": CallForm(
        _blocks(_GEMMA, lambda one: gemma_calls.body(one[1])),
        lambda text: text.count("<|tool_call>"),
        "gemma4",
    ),
    "mistral": CallForm(_mistral, lambda text: text.count("[TOOL_CALLS]"), "mistral"),
    "qwen_xml": CallForm(_blocks(_XML, _xml), lambda text: text.count("<tool_call>"), "qwen3_xml"),
}
