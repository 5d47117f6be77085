"""One row of an export's SQL, and how its prompt and its answer are read.

What cannot be shown whole is not repaired: it raises `Unusable` with the
reason that goes to the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
import xxhash

from harness_forge import jsontext
from harness_forge.exporters.config import AnswerKind
from harness_forge.records import RowSource

Json = str | bytes
"""A JSON text; bytes where the server has no encoding, or forge wrote it."""


class Row(NamedTuple):
    """A row as the statement returns it; JSON columns are text, not yet parsed.

    `reason` is None for a row that met every condition; a rejected row comes
    without its JSON, so that the server need not send what nobody reads.
    `finish_reason`, `flag_reasons`, `attempt_id` and `evidence` are None where the
    recipe's SQL does not return them; rows of one attempt are turns of one conversation;
    `evidence` is what the verdict rests on, or is to be made by. `prompt` and `answer`
    stand in place of the JSON once they were read and filtered; `redacted` counts by
    kind what was taken out of them.
    """

    source: str
    run_id: str
    item_id: str
    family: str
    split: str | None
    policy: str
    origin: str
    evaluator: str
    eval_passed: bool
    outcome_value: float
    reason: str | None
    messages: Json | None
    tools: Json | None
    response: Json | None
    tool_call: Json | None
    finish_reason: str | None = None
    flag_reasons: Sequence[str] | None = None
    evidence: Json | None = None
    attempt_id: int | None = None
    prompt: Prompt | None = None
    answer: Answer | None = None
    redacted: Mapping[str, int] | None = None


PAYLOAD = ("messages", "tools", "response", "tool_call")
OPTIONAL = ("finish_reason", "flag_reasons", "attempt_id")
"""Columns that are read where the recipe's SQL returns them."""

_OURS = ("reason", "evidence", "prompt", "answer", "redacted")
_ORIGIN = len(RowSource._fields)
assert Row._fields[:_ORIGIN] == RowSource._fields

COLUMNS = tuple(name for name in Row._fields if name not in (*_OURS, *PAYLOAD, *OPTIONAL))
"""Columns that the recipe's SQL must return, besides those of `PAYLOAD`."""


_ESCAPED = "\u241b"
"""How the store marks a character that PostgreSQL cannot hold, such as NUL."""


class Unusable(Exception):
    """A row that cannot become an example; `args[0]` is the ledger's reason."""


class Prompt(NamedTuple):
    """What was sent to the agent, and a digest that is equal where the words are."""

    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    digest: bytes


class Answer(NamedTuple):
    """What the agent said, as one assistant message."""

    message: dict[str, Any]
    digest: bytes


def source_of(row: Row) -> RowSource:
    """Return where the row comes from; never null, for Arrow types a null column as null."""
    values = row[:_ORIGIN]
    return RowSource._make(values if all(values) else [value or "" for value in values])


def read_prompt(row: Row) -> Prompt:
    """Return the row's prompt and tools.

    Raises:
        Unusable: `no_prompt`: empty, or not a list of role and text;
            `unknown_role`: a message is of a role that no chat template has;
            `unstorable_text`: it held characters that the store had to escape.
    """
    if row.prompt is not None:
        return row.prompt
    _refuse_escaped(row.messages)
    _refuse_escaped(row.tools)
    shown = [_message(message) for message in _list(row.messages)]
    for message in shown:
        if message["content"]:
            return _prompt(shown, *_tools(row.tools or "[]"))
    raise Unusable("no_prompt")


def prompt_of(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Prompt:
    """Return a prompt with its digest."""
    return _prompt(messages, tools, jsontext.dumps(tools, option=orjson.OPT_SORT_KEYS))


def _prompt(messages: list, tools: list, canonical_tools: bytes) -> Prompt:
    canonical = jsontext.dumps(messages, option=orjson.OPT_SORT_KEYS)
    return Prompt(messages, tools, _digest(b"[%b,%b]" % (canonical, canonical_tools)))


@lru_cache(maxsize=64)
def _tools(raw: Json) -> tuple[list[dict[str, Any]], bytes]:
    """Return tools and their canonical bytes: a harness offers the same ones all day."""
    tools = _list(raw)
    return tools, jsontext.dumps(tools, option=orjson.OPT_SORT_KEYS)


def answer_of(message: dict[str, Any]) -> Answer:
    """Return an answer that was read before, with the digest of what it says now."""
    text, calls = message.get("content") or "", message.get("tool_calls")
    if not calls:
        return Answer(message, _digest(text.encode()))
    function = calls[0]["function"]
    meaning = _parsed(function["arguments"])
    canonical = jsontext.dumps((text, function["name"], meaning), option=orjson.OPT_SORT_KEYS)
    return Answer(message, _digest(canonical))


def read_answer(row: Row, prompt: Prompt, kind: AnswerKind) -> Answer:
    """Return the row's answer.

    Raises:
        Unusable: `no_tool_call`, `several_calls`, `unknown_tool`,
            `broken_arguments`, `unstorable_text` or, where text is wanted,
            `no_answer`.
    """
    if row.answer is not None:
        return row.answer
    _refuse_escaped(row.response)
    _refuse_escaped(row.tool_call)
    response = _parsed(row.response)
    if not isinstance(response, dict):
        response = {}
    if kind is AnswerKind.message:
        kind = AnswerKind.tool_call if response.get("tool_calls") else AnswerKind.text
    if kind is AnswerKind.text:
        return _text_answer(response)
    if kind is AnswerKind.none:
        return Answer({"role": "assistant", "content": ""}, b"")
    calls = response.get("tool_calls")
    if calls:
        text = _text(response.get("content")) or ""
    else:
        # A server that parses no calls leaves them in the text; the strict
        # parser's reading of that text is the call, so the text goes.
        calls, text = _parsed_call(row.tool_call), ""
    name, arguments, meaning = _one_call(calls, prompt.tools)
    call = {"type": "function", "function": {"name": name, "arguments": arguments}}
    canonical = jsontext.dumps((text, name, meaning), option=orjson.OPT_SORT_KEYS)
    return Answer({"role": "assistant", "content": text, "tool_calls": [call]}, _digest(canonical))


def evidence_text(row: Row) -> str:
    """Return what the row's verdict rests on, as a JSON text; '' for nothing of its own."""
    return jsontext.dumps(_parsed(row.evidence)).decode() if row.evidence else ""


def measured_on(row: Row) -> str:
    """Return the item that the row's verdict was measured on; '' for the row's own."""
    evidence = _parsed(row.evidence)
    return str(evidence.get("measured_on") or "") if isinstance(evidence, dict) else ""


def joint(*digests: bytes) -> bytes:
    """Return the digest of several digests in order, 16 bytes."""
    return _digest(b"".join(digests))


def _refuse_escaped(raw: Json | None) -> None:
    # Most is ASCII, which a text knows of itself.
    if raw is not None and not raw.isascii():
        escaped = _ESCAPED if isinstance(raw, str) else _ESCAPED.encode()
        if escaped in raw:
            raise Unusable("unstorable_text")


def _text_answer(response: Mapping[str, Any]) -> Answer:
    text = _text(response.get("content"))
    if not text or not text.strip():
        raise Unusable("no_answer")
    return Answer({"role": "assistant", "content": text}, _digest(text.encode()))


def _parsed_call(raw: Json | None) -> list[dict[str, Any]]:
    call = _parsed(raw)
    return [{"function": call}] if isinstance(call, dict) else []


def _one_call(calls: Any, tools: list[dict[str, Any]]) -> tuple[str, str, Mapping[str, Any]]:
    """Return name, arguments as the JSON string that was sent, and their meaning."""
    if not isinstance(calls, list) or not calls:
        raise Unusable("no_tool_call")
    if len(calls) > 1:
        raise Unusable("several_calls")
    function = calls[0].get("function") if isinstance(calls[0], dict) else None
    if not isinstance(function, dict):
        raise Unusable("no_tool_call")
    name, arguments = function.get("name"), function.get("arguments")
    if not any(name == _tool_name(tool) for tool in tools):
        raise Unusable("unknown_tool")
    if isinstance(arguments, dict):
        return name, jsontext.dumps(arguments).decode(), arguments
    meaning = _parsed(arguments) if isinstance(arguments, str) else None
    if not isinstance(meaning, dict):
        raise Unusable("broken_arguments")
    return name, arguments, meaning


def _tool_name(tool: Any) -> str | None:
    function = tool.get("function") if isinstance(tool, dict) else None
    return function.get("name") if isinstance(function, dict) else None


_ROLES = frozenset(("system", "developer", "user", "assistant", "tool", "function"))
"""Roles of chat messages; a template raises at others, or writes words nobody will say."""


def _message(message: Any) -> dict[str, Any]:
    """Return role and text of one message, and its tool fields where it has any."""
    if isinstance(message, dict) and len(message) == 2:  # most: these two, and as they should be
        role, content = message.get("role"), message.get("content")
        if isinstance(role, str) and isinstance(content, str) and role in _ROLES:
            return {"role": role, "content": content}
    role = message.get("role") if isinstance(message, dict) else None
    text = _text(message.get("content")) if role else None
    calls = message.get("tool_calls") if role else None
    if not isinstance(role, str) or (text is None and not calls):
        raise Unusable("no_prompt")
    if role not in _ROLES:
        raise Unusable("unknown_role")
    # "" for null: a chat template would print None, and Arrow would type the column so.
    shown: dict[str, Any] = {"role": role, "content": text or ""}
    for key in ("tool_calls", "tool_call_id", "name"):
        if message.get(key):
            shown[key] = message[key]
    return shown


def _text(content: Any) -> str | None:
    """Return message content as one text; None where it is no text at all."""
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) else None for part in content]
        return "".join(parts) if all(isinstance(part, str) for part in parts) else None
    return content if isinstance(content, str) else None


def _list(raw: Json | None) -> list[Any]:
    value = _parsed(raw)
    return value if isinstance(value, list) else []


def _parsed(raw: Json | None) -> Any:
    try:
        return None if raw is None else jsontext.loads(raw)
    except ValueError:
        return None


def _digest(canonical: bytes) -> bytes:
    # Not a secret's hash, but of 128 bits: of a billion texts no two collide by chance (1e-21),
    # and it takes a thirtieth of the time of a cryptographic one.
    return xxhash.xxh3_128_digest(canonical)
