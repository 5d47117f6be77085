"""Reads the contents of a line in any format."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from harness_forge.core import jsontext
from harness_forge.datasets.formats.common import WEIGHT
from harness_forge.datasets.formats.conversation import FORMS as TURNS
from harness_forge.datasets.formats.conversation import learned

ORIGIN = ("source", "run_id", "item_id", "family", "split", "policy", "origin", "evaluator")


@dataclass(frozen=True, slots=True)
class View:
    """The contents of one line.

    Args:
        question: the prompt without system messages.
        prompt: the whole prompt.
        learned, unlearned: the answers to learn and to avoid, as texts; '' for none.
        messages: the prompt as role and content; none where the format has it as one text.
    """

    question: str
    prompt: str
    learned: str = ""
    unlearned: str = ""
    messages: Sequence[Mapping[str, Any]] = ()


def view(line: Mapping[str, Any], form: str) -> View:
    """Return the contents of a line of a format."""
    return _VIEWS[form](line)


def fault(line: Any, form: str) -> str:
    """Return what is wrong with the schema of a line; '' for nothing."""
    if not isinstance(line, dict):
        return "is no JSON object"
    for key in ("id", *ORIGIN):
        if not isinstance(line.get(key), str):
            return f"'{key}' is no text"
    for key, holds in _SHAPES[form].items():
        if not holds(line.get(key)):
            return f"'{key}' is not what {form} has there"
    return next((f"'{key}' is null" for key, value in line.items() if value is None), "")


def turns_of(line: Mapping[str, Any], form: str) -> list[bytes]:
    """Return a digest of each turn that a line teaches, over it and all messages before it."""
    where = TURNS[form]
    hasher = hashlib.blake2b(line["tools"].encode("utf-8", "surrogatepass"), digest_size=16)
    marked, found = set(learned(line, where)), []
    for place, message in enumerate(line[where.messages]):
        # What is context here may be learned elsewhere: the mark is no part of the words.
        words = {key: value for key, value in message.items() if key != WEIGHT}
        hasher.update(jsontext.dumps(words, option=orjson.OPT_SORT_KEYS))
        if place in marked:
            found.append(hasher.digest())
    return found


def texts(value: Any) -> list[str]:
    """Return every string in a value; strings that hold JSON are parsed."""
    if isinstance(value, str):
        if value[:1] in "{[":
            try:
                inner = jsontext.loads(value)
            except ValueError:
                return [value]
            return texts(inner) if isinstance(inner, dict | list) else [value]
        return [value]
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in texts(inner)]
    return [text for inner in value for text in texts(inner)] if isinstance(value, list) else []


def text_of(message: Mapping[str, Any]) -> str:
    """Return a message's text: reasoning, content, and the strings of its calls' arguments."""
    parts = [message.get("reasoning_content") or "", message.get("content") or ""]
    for call in message.get("tool_calls") or ():
        parts += texts((call.get("function") or {}).get("arguments"))
    return "\n".join(part for part in parts if part)


def _chat(messages: list[Mapping[str, Any]], *answers: list[Mapping[str, Any]]) -> View:
    asked = [text_of(one) for one in messages if one["role"] not in ("system", "developer")]
    prompt = [f"{one['role']}: {text_of(one)}" for one in messages]
    learned, unlearned = ["\n".join(map(text_of, one)) for one in (*answers, [], [])][:2]
    return View("\n".join(asked), "\n".join(prompt), learned, unlearned, messages)


def _sft(line: Mapping[str, Any]) -> View:
    return _chat(line["messages"][:-1], line["messages"][-1:])


def _dpo(line: Mapping[str, Any]) -> View:
    return _chat(line["prompt"], line["chosen"], line["rejected"])


def _kto(line: Mapping[str, Any]) -> View:
    answers = (line["completion"], []) if line["label"] else ([], line["completion"])
    return _chat(line["prompt"], *answers)


_ROLES = {"human": "user", "gpt": "assistant"}


def _sharegpt(line: Mapping[str, Any]) -> View:
    *asked, answer = line["conversations"]
    questions = [one["value"] for one in asked if one["from"] != "system"]
    prompt = [f"{one['from']}: {one['value']}" for one in asked]
    messages = [{"role": _ROLES.get(one["from"]), "content": one["value"]} for one in asked]
    return View("\n".join(questions), "\n".join(prompt), answer["value"], "", messages)


_VIEWS: Mapping[str, Callable[[Mapping[str, Any]], View]] = {
    "sft": _sft,
    "dpo": _dpo,
    "kto": _kto,
    "grpo": lambda line: _chat(line["prompt"]),
    "sharegpt": _sharegpt,
    "prompt_completion": lambda line: View(line["prompt"], line["prompt"], line["completion"]),
    "alpaca": lambda line: View(
        line["instruction"],
        f"{line['system']}\n{line['instruction']}",
        line["output"],
        "",
        [{"role": "user", "content": line["instruction"]}],
    ),
}
FORMS = tuple(_VIEWS)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _tools(value: Any) -> bool:
    try:
        return isinstance(jsontext.loads(value), list)
    except (ValueError, TypeError):
        return False


def _message(value: Any) -> bool:
    if not isinstance(value, dict) or not _filled(value.get("role")):
        return False
    if WEIGHT in value and not _weight(value, value["role"] == "assistant"):
        return False
    return isinstance(value.get("content"), str) and all(map(_call, value.get("tool_calls") or ()))


def _weight(message: Mapping[str, Any], answers: bool) -> bool:
    return answers and message[WEIGHT] in (0, 1)


def _call(value: Any) -> bool:
    function = value.get("function") if isinstance(value, dict) else None
    if not isinstance(function, dict) or not _filled(function.get("name")):
        return False
    try:
        return isinstance(jsontext.loads(function.get("arguments")), dict)
    except (ValueError, TypeError):
        return False


def _messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_message, value))


def _answer(value: Any) -> bool:
    if not _messages(value) or value[-1]["role"] != "assistant":
        return False
    if value[-1].get(WEIGHT) == 0:
        return False
    return bool(value[-1]["content"].strip() or value[-1].get("tool_calls"))


def _conversation(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(one, dict) and _text(one.get("from")) for one in value)
        and all(_text(one.get("value")) for one in value)
        and all(_weight(one, one["from"] == "gpt") for one in value if WEIGHT in one)
        and value[-1]["from"] == "gpt"
        and value[-1].get(WEIGHT) != 0
    )


_SHAPES: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "sft": {"messages": lambda v: _answer(v) and len(v) > 1, "tools": _tools},
    "dpo": {"prompt": _messages, "chosen": _answer, "rejected": _answer, "tools": _tools},
    "kto": {
        "prompt": _messages,
        "completion": _answer,
        "label": lambda value: isinstance(value, bool),
        "tools": _tools,
    },
    "grpo": {"prompt": _messages, "reference": _text, "tools": _tools},
    "sharegpt": {"conversations": _conversation, "tools": _tools},
    "prompt_completion": {"prompt": _filled, "completion": _filled, "tools": _tools},
    "alpaca": {"system": _text, "instruction": _filled, "input": _text, "output": _filled},
}
