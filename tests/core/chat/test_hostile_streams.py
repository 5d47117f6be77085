"""A server may say anything under any key of a stream: it is put together, or refused by name."""

import copy
import json
import random

import pytest

from harness_forge.core.chat import forms, streams
from harness_forge.core.chat.exchanges import BrokenStream, assembled, completion
from harness_forge.core.chat.faults import Malformed
from harness_forge.core.chat.responses import IncompleteCapture

ODD = [
    *(None, 0, -1, 1.5, True, "", "x", "7", [], {}, [None], {"a": None}, "{", 10**30, ["a", {}]),
    *({"type": "text", "text": 3}, {"name": 3, "arguments": 4}, [{"function": "f"}]),
]


def chat(**delta):
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}


def call(**function):
    return chat(tool_calls=[{"index": 0, "id": "c", "function": function}])


CHAT = [
    *(chat(role="assistant", content="I "), chat(content="look.", reasoning_content="Hm.")),
    *(call(name="open", arguments='{"jar": '), call(name="open", arguments='"plum"}')),
    {"choices": [{"index": 0, "text": "a", "logprobs": {"tokens": ["a"]}}]},
    {"choices": [{"index": 0, "text": "b", "logprobs": {"tokens": ["b"]}, "finish_reason": "x"}]},
    {"choices": [{"index": 1, "delta": {"function_call": {"name": "f", "arguments": "{}"}}}]},
]
ANTHROPIC = [
    {"type": "message_start", "message": {"role": "assistant", "content": [], "usage": {}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "t", "name": "open", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": "{}"},
    },
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]
CALL_ITEM = {"type": "function_call", "call_id": "c", "name": "open", "arguments": ""}
RESPONSES = [
    {"type": "response.created", "response": {"id": "r", "output": [], "status": "in_progress"}},
    {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
    {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "a"},
    {"type": "response.output_item.added", "output_index": 1, "item": CALL_ITEM},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{}"},
    {"type": "response.output_item.done", "output_index": 1, "item": CALL_ITEM},
]
OLLAMA = [
    {"message": {"role": "assistant", "content": "a", "thinking": "t"}},
    {"message": {"content": "b", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}},
    {"message": {"content": ""}, "done": True, "eval_count": 3},
]


def places(value, path=()):
    if path:
        yield path
    listed = enumerate(value) if isinstance(value, list) else ()
    for key, one in value.items() if isinstance(value, dict) else listed:
        yield from places(one, (*path, key))


def spoilt(pieces, draw):
    """Return pieces of which some hold something else than they should."""
    made = copy.deepcopy(pieces)
    for _ in range(draw.choice([1, 1, 2, 4])):
        path = draw.choice([path for path in places(made) if len(path) > 1])
        inner = made
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = copy.deepcopy(draw.choice(ODD))
    return made


@pytest.mark.parametrize("pieces", [CHAT, ANTHROPIC, RESPONSES], ids=["chat", "messages", "items"])
def test_pieces_with_anything_in_them_are_no_crash(pieces):
    draw, read = random.Random(6), 0
    for _ in range(2500):
        found = spoilt(pieces, draw)
        try:
            for choice in completion(assembled(found)).get("choices") or ():
                json.dumps(choice)
                if isinstance(choice.get("message"), dict):
                    forms.message(choice["message"])
            read += 1
        except (Malformed, IncompleteCapture, BrokenStream):
            continue
        except Exception as error:
            raise AssertionError(found) from error
    assert read > 1000


def test_neither_are_ollamas():
    draw = random.Random(6)
    for _ in range(2500):
        json.dumps(streams.ollama(spoilt(OLLAMA, draw)))


def test_a_name_that_is_no_text_is_none_and_the_call_is_kept():
    made = assembled([call(name=3, arguments="{}"), call(name="open")])
    [found] = made["choices"][0]["message"]["tool_calls"]
    assert found["function"] == {"name": "open", "arguments": "{}"}
