import json

import pytest

from harness_forge.collect.sources import openai_traffic
from harness_forge.collect.sources.records import LeftOut, RecordedAttempt
from harness_forge.config.compose.engine import compose

REQUEST = {
    "model": "asked",
    "messages": [{"role": "user", "content": "hi"}],
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {}}}],
    "temperature": 0.3,
    "stream": True,
}
RESPONSE = {
    "model": "answered",
    "created": 1_700_000_000,
    "choices": [
        {"message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop", "index": 0}
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}


@pytest.fixture(scope="module")
def config():
    return compose(None, ["source=openai_traffic", "skill=recorded"]).source


@pytest.fixture
def read(tmp_path, config):
    def ask(*records):
        path = tmp_path / "a.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return list(openai_traffic.read(path, config))

    return ask


def pair(request=REQUEST, response=RESPONSE, **more):
    return {"request": request, "response": response, **more}


@pytest.mark.parametrize(
    "layout",
    [
        pair(),
        pair({"body": REQUEST, "url": "/v1"}, {"status_code": 200, "body": RESPONSE}),
        pair(json.dumps(REQUEST), json.dumps(RESPONSE)),
        {"input": REQUEST, "output": RESPONSE},
    ],
    ids=["plain", "bodies", "texts", "input and output"],
)
def test_common_layouts_are_read(read, layout):
    [found] = read(layout)
    [turn] = found.attempt.turns
    assert (turn.messages, turn.tools) == (REQUEST["messages"], REQUEST["tools"])
    assert (turn.response["content"], turn.finish_reason) == ("hello", "stop")
    assert turn.sampling == {"temperature": 0.3}
    assert (turn.prompt_tokens, turn.completion_tokens) == (3, 2)
    assert (found.policy, turn.started_at.year) == ("model:answered", 2023)
    assert found.attempt.outcome.infrastructure


def test_an_outcome_beside_the_pair_is_its_verdict(read):
    good, bad = read(pair(outcome="passed"), pair(outcome=0.0))
    assert (good.attempt.outcome.passed, bad.attempt.outcome.passed) == (True, False)
    assert not bad.attempt.outcome.infrastructure


def test_every_choice_is_an_attempt(read):
    choices = [RESPONSE["choices"][0], {"message": {"content": "hey"}, "finish_reason": "length"}]
    found = read(pair(response=RESPONSE | {"choices": choices}))
    assert [one.attempt.variant for one in found] == [None, "choice 1"]
    assert [one.attempt.turns[0].finish_reason for one in found] == ["stop", "length"]
    # Usage is of all choices together.
    assert found[0].attempt.turns[0].completion_tokens is None


def test_turns_of_one_conversation_are_one_item(read):
    more = REQUEST | {"messages": [*REQUEST["messages"], {"role": "user", "content": "and?"}]}
    other = REQUEST | {"messages": [{"role": "user", "content": "bye"}]}
    first, second, third = (one.item.group_key for one in read(pair(), pair(more), pair(other)))
    assert first == second != third


def piece(delta, finish=None, **more):
    return {
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }


def test_a_streamed_answer_is_put_together(read):
    def part(arguments, **more):
        return {"index": 0, "function": {"arguments": arguments} | more}

    pieces = [
        piece({"role": "assistant", "content": "he"}),
        piece({"content": "llo"}),
        piece({"tool_calls": [part('{"q"', name="look")]}),
        piece({"tool_calls": [part(":1}")]}),
        piece({}, "tool_calls"),
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 9}},
    ]
    [found] = read(pair(response=pieces))
    [turn] = found.attempt.turns
    assert (turn.response["content"], turn.finish_reason) == ("hello", "tool_calls")
    assert found.attempt.tool_call.arguments == {"q": 1}
    assert turn.completion_tokens == 9


def test_a_stream_that_broke_off_counts_as_cut(read):
    [found] = read(pair(response=[piece({"content": "he"})]))
    assert found.attempt.turns[0].finish_reason == "length"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (pair(response=None), "no_response"),
        (pair(response={"error": {"message": "overloaded"}}), "error_response"),
        (pair({"input": "text", "model": "embed"}), "not_chat"),
        (pair(response={"object": "list", "data": []}), "not_chat"),
    ],
)
def test_what_is_no_answered_chat_is_left_out_with_its_reason(read, record, reason):
    [found] = read(record)
    assert isinstance(found, LeftOut)
    assert (found.reason, found.malformed) == (reason, False)


def test_a_line_without_a_request_is_malformed(read):
    [found] = read({"hello": 1})
    assert (found.reason, found.malformed) == ("misfit", True)


def test_clocks_that_go_backwards_change_nothing(read):
    found = read(pair(timestamp="2026-01-02T00:00:00Z"), pair(timestamp="2026-01-01T00:00:00Z"))
    assert [one.place for one in found if isinstance(one, RecordedAttempt)] == [1, 2]


ANTHROPIC = {
    "model": "asked",
    "system": "You mend jars.",
    "messages": [{"role": "user", "content": "hi"}],
    "tools": [{"name": "look", "input_schema": {"type": "object", "properties": {}}}],
    "max_tokens": 90,
}
SPOKEN = [
    {"type": "message_start", "message": {"model": "answered", "content": []}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]


def as_text(pieces):
    return "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in pieces)


@pytest.mark.parametrize("streamed", [list, as_text])
def test_traffic_of_anthropic_is_read_with_its_system_and_a_cut_stream_is_cut(read, streamed):
    for pieces, finish in ((SPOKEN, "stop"), (SPOKEN[:-1], "length")):
        [found] = read(pair(ANTHROPIC, streamed(pieces)))
        [turn] = found.attempt.turns
        assert [one["content"] for one in turn.messages] == ["You mend jars.", "hi"]
        assert turn.response["content"] == [{"type": "text", "text": "hello"}]
        assert (turn.finish_reason, turn.model, turn.completion_tokens) == (finish, "answered", 2)
        assert turn.sampling == {"max_tokens": 90}
        assert turn.tools[0]["function"]["name"] == "look"


def test_traffic_of_responses_is_read_with_its_instructions(read):
    request = {"model": "asked", "instructions": "You mend jars.", "input": "hi", "stream": True}
    item = {"type": "message", "role": "assistant"}
    text = [{"type": "output_text", "text": "hello"}]
    whole = {"model": "answered", "status": "completed", "output": [{**item, "content": text}]}
    pieces = [
        {"type": "response.created", "response": {"model": "answered"}},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "hello"},
        {"type": "response.completed", "response": whole},
    ]
    for response, finish in (
        *((whole, "stop"), (pieces, "stop")),
        *((as_text(pieces), "stop"), (pieces[:-1], "length")),
    ):
        [found] = read(pair(request, response))
        [turn] = found.attempt.turns
        assert [one["content"] for one in turn.messages] == ["You mend jars.", "hi"]
        assert (turn.response["content"], turn.finish_reason) == ("hello", finish)
        assert (turn.model, turn.sampling) == ("answered", {})


def test_what_a_server_keeps_is_not_guessed(read):
    whole = {"status": "completed", "output": []}
    [found] = read(pair({"input": "hi", "previous_response_id": "r1"}, whole))
    assert found.reason == "not_chat"
    assert "the server knows what was asked" in found.detail
