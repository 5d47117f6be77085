"""Generated chat traffic for measuring: what a proxy writes in months, in minutes.

Agents replay their whole conversation with each request, so a conversation of
six requests is six lines, each longer than the one before. Now and then an
endpoint answers with a fault, a writer is cut off in the middle of a line, a
response is streamed, or a body is kept as text. Every line is drawn from one seed.

    python tests/bench/traffic.py traffic.jsonl 5000
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from attempts import NOUNS, PLACES, SYSTEM, TOOLS, VERBS

REQUESTS = 6
"""Requests of one conversation."""
FAULTY, TORN, STREAMED, AS_TEXT = 97, 4099, 5, 7
"""Every so-manieth line is such a one."""


@dataclass
class Written:
    """What a file holds: lines by what becomes of them, and conversations."""

    lines: int = 0
    answered: int = 0
    faulty: int = 0
    torn: int = 0
    conversations: int = 0


def write(path: Path, megabytes: int, seed: int = 20261121) -> Written:
    """Write lines until the file has so many MiB, and return what they are."""
    draw, told, size = random.Random(seed), Written(), 0
    stock = [_sentence(draw) for _ in range(50_000)]
    with path.open("wb") as file:
        while size < megabytes << 20:
            told.conversations += 1
            for record in _conversation(draw, stock, told.conversations):
                told.lines += 1
                size += file.write(_line(record, told))
    return told


def _line(record: dict[str, Any], told: Written) -> bytes:
    if told.lines % TORN == 0:
        told.torn += 1
        return orjson.dumps(record)[: 400 + told.lines % 900] + b"\n"
    if told.lines % FAULTY == 0:
        told.faulty += 1
        record["response"] = {"error": {"message": "the model is overloaded", "code": 503}}
    else:
        told.answered += 1
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _conversation(draw: random.Random, stock: list[str], number: int):
    task = f"Ticket {number}. " + " ".join(draw.choices(stock, k=6))
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": task}]
    for turn in range(REQUESTS):
        answer = _answer(draw, stock, number, turn)
        body = {"model": f"served-{number % 3}", "messages": messages, "tools": TOOLS}
        yield {
            "conversation_id": f"ticket-{number}",
            "run_id": f"week-{number // 2000}",
            "timestamp": 1_760_000_000 + number * 60 + turn,
            "request": orjson.dumps(body).decode() if (number + turn) % AS_TEXT == 0 else body,
            "response": _streamed(answer) if (number + turn) % STREAMED == 0 else _whole(answer),
            "reward": float(number % 4 != 0),
        }
        log = "\n".join(draw.choices(stock, k=24))
        told = {"role": "tool", "tool_call_id": f"call_{turn}", "content": log}
        messages = [*messages, answer, told]


def _answer(draw: random.Random, stock: list[str], number: int, turn: int) -> dict[str, Any]:
    script = "\n".join(draw.choices(stock, k=8))
    arguments = {"fix_script": script, "revert_script": "true", "description": f"{number}/{turn}"}
    function = {"name": "apply_fix", "arguments": orjson.dumps(arguments).decode()}
    call = {"id": f"call_{turn}", "type": "function", "function": function}
    return {"role": "assistant", "content": draw.choice(stock), "tool_calls": [call]}


def _whole(answer: dict[str, Any]) -> dict[str, Any]:
    usage = {"prompt_tokens": 900, "completion_tokens": 250}
    return {"choices": [{"message": answer, "finish_reason": "tool_calls"}], "usage": usage}


def _streamed(answer: dict[str, Any]) -> list[dict[str, Any]]:
    call = answer["tool_calls"][0]
    name, arguments = call["function"]["name"], call["function"]["arguments"]
    opening = {**call, "index": 0, "function": {"name": name, "arguments": ""}}
    pieces = [{"content": answer["content"]}, {"tool_calls": [opening]}]
    pieces += [
        {"tool_calls": [{"index": 0, "function": {"arguments": arguments[at : at + 200]}}]}
        for at in range(0, len(arguments), 200)
    ]
    ends = [None] * len(pieces) + ["tool_calls"]
    return [
        {"choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
        for delta, end in zip([*pieces, {}], ends, strict=True)
    ]


def _sentence(draw: random.Random) -> str:
    words = " ".join(f"{draw.choice(NOUNS)}{draw.randrange(10_000)}" for _ in range(4))
    return f"{draw.choice(VERBS)} '{words}' {draw.choice(PLACES)} || echo {draw.randrange(10**6)}"


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), int(sys.argv[2])))
