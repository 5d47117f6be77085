"""Streams of Anthropic's Messages and of Responses become the answer that they give unstreamed."""

import json

import pytest

from harness_forge.core.chat import exchanges, forms
from harness_forge.core.chat.exchanges import BrokenStream, assembled, completion, pieces_of


def delta(place, kind, **more):
    return {"type": "content_block_delta", "index": place, "delta": {"type": kind, **more}}


def block(place, *deltas, **start):
    return [
        {"type": "content_block_start", "index": place, "content_block": start},
        *deltas,
        {"type": "content_block_stop", "index": place},
    ]


START = {
    "type": "message_start",
    "message": {
        **{"id": "msg", "type": "message", "role": "assistant", "model": "m", "content": []},
        **{"stop_reason": None, "usage": {"input_tokens": 9, "cache_read_input_tokens": 4}},
    },
}
THOUGHT = block(
    0,
    delta(0, "thinking_delta", thinking="The plum "),
    delta(0, "thinking_delta", thinking="jar."),
    delta(0, "signature_delta", signature="s"),
    type="thinking",
    thinking="",
)
WORDS = block(
    1, delta(1, "text_delta", text="I "), delta(1, "text_delta", text="look."), type="text", text=""
)
PING = {"type": "ping"}


def use(place, *parts, name="open_jar"):
    parts = [delta(place, "input_json_delta", partial_json=part) for part in parts]
    return block(place, *parts, type="tool_use", id=f"t{place}", name=name, input={})


def end(reason):
    return [
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]


CALLS = [START, PING, *THOUGHT, *WORDS, *use(2, "", '{"jar": "pl', 'um"}'), *use(3, name="wait")]


def only(pieces):
    [choice] = completion(assembled(pieces))["choices"]
    return forms.message(choice["message"]), choice["finish_reason"]


def calls(message):
    return [
        (one["id"], one["function"]["name"], one["function"]["arguments"])
        for one in message["tool_calls"]
    ]


def test_thoughts_words_and_calls_of_a_message_are_put_together():
    message, finish = only([*CALLS, *end("tool_use")])
    assert calls(message) == [("t2", "open_jar", '{"jar": "plum"}'), ("t3", "wait", "{}")]
    assert message["content"] == [
        {"type": "thinking", "thinking": "The plum jar.", "signature": "s"},
        {"type": "text", "text": "I look."},
    ]
    assert finish == "tool_calls"


def test_tokens_are_counted_with_those_that_were_cached():
    usage = completion(assembled([*CALLS, *end("tool_use")]))["usage"]
    known = {"prompt_tokens": 13, "completion_tokens": 5}
    assert usage == known | {"prompt_tokens_details": {"cached_tokens": 4}}


@pytest.mark.parametrize(
    ("said", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("pause_turn", "length"),
        ("refusal", "content_filter"),
    ],
)
def test_reasons_of_messages_have_their_name_in_a_chat(said, finish):
    assert only([START, *WORDS, *end(said)])[1] == finish


@pytest.mark.parametrize("kept", range(4, len(CALLS) + 2))
def test_a_message_without_its_last_event_is_cut_wherever_it_broke_off(kept):
    assert only([*CALLS, *end("tool_use")][:kept])[1] == "length"


def test_arguments_that_broke_off_stay_as_they_came():
    message, _ = only(CALLS[: CALLS.index(delta(2, "input_json_delta", partial_json='um"}'))])
    assert calls(message) == [("t2", "open_jar", '{"jar": "pl')]


def test_a_message_that_was_not_streamed_is_the_same():
    whole = assembled([*CALLS, *end("tool_use")])
    assert completion(json.loads(json.dumps(whole))) == completion(whole)
    assert completion({"role": "assistant", "type": "message", "content": []})["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": []}, "finish_reason": None}
    ]


ITEM = {"type": "function_call", "id": "f", "call_id": "c1", "name": "open_jar", "arguments": ""}
MESSAGE = {"type": "message", "id": "i", "role": "assistant", "content": []}


def event(kind, **more):
    return {"type": f"response.{kind}", **more}


CREATED = event("created", response={"id": "r", "object": "response", "status": "in_progress"})
SPOKEN = [
    CREATED,
    event("output_item.added", output_index=0, item=MESSAGE),
    event("content_part.added", output_index=0, content_index=0, part={}),
    event("output_text.delta", output_index=0, content_index=0, delta="I "),
    event("output_text.delta", output_index=0, content_index=0, delta="look."),
    event("output_item.added", output_index=1, item=ITEM),
    event("function_call_arguments.delta", output_index=1, delta='{"jar": '),
    event("function_call_arguments.delta", output_index=1, delta='"plum"}'),
]
DONE = [
    event("output_text.done", output_index=0, content_index=0, text="I look."),
    event("function_call_arguments.done", output_index=1, arguments='{"jar": "plum"}'),
    event("output_item.done", output_index=1, item={**ITEM, "arguments": '{"jar": "plum"}'}),
]
OUTPUT = [
    {**MESSAGE, "content": [{"type": "output_text", "text": "I look."}]},
    {**ITEM, "arguments": '{"jar": "plum"}'},
]


def completed(output):
    usage = {"input_tokens": 3, "output_tokens": 2}
    said = {"object": "response", "status": "completed", "output": output, "usage": usage}
    return event("completed", response=said)


@pytest.mark.parametrize(
    "pieces",
    [
        [*SPOKEN, *DONE, completed(OUTPUT)],
        [*SPOKEN, *DONE, completed([])],
        [*SPOKEN, completed([])],
        [CREATED, completed(OUTPUT)],
    ],
    ids=["as it is", "an end without output", "deltas alone", "the end alone"],
)
def test_words_and_calls_of_a_response_are_put_together(pieces):
    message, finish = only(pieces)
    assert calls(message) == [("c1", "open_jar", '{"jar": "plum"}')]
    assert (message["content"], finish) == ("I look.", "tool_calls")
    usage = completion(assembled(pieces))["usage"]
    assert usage == {"prompt_tokens": 3, "completion_tokens": 2}


@pytest.mark.parametrize("kept", range(4, len(SPOKEN) + len(DONE) + 1))
def test_a_response_without_its_last_event_is_cut_wherever_it_broke_off(kept):
    assert only([*SPOKEN, *DONE][:kept])[1] == "length"


def test_reasoning_of_a_response_is_kept_apart():
    thought = {"type": "reasoning", "id": "s", "summary": []}
    pieces = [
        CREATED,
        event("output_item.added", output_index=0, item=thought),
        event("reasoning_text.delta", output_index=0, content_index=0, delta="The plum "),
        event("reasoning_text.delta", output_index=0, content_index=0, delta="jar."),
        event("output_text.delta", output_index=1, content_index=0, delta="Plum."),
        completed([]),
    ]
    message, finish = only(pieces)
    assert (message["reasoning_content"], message["content"]) == ("The plum jar.", "Plum.")
    assert finish == "stop"


@pytest.mark.parametrize(
    "failed",
    [
        {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
        {"type": "error", "code": "server_error", "message": "busy"},
        {"type": "response.failed", "response": {"status": "failed", "error": {"message": "busy"}}},
    ],
)
def test_a_stream_that_tells_of_an_error_is_one(failed):
    assert assembled([CREATED, failed])["error"]["message"] == "busy"


PIECES = [*CALLS, *end("tool_use")]
TEXT = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in PIECES)


@pytest.mark.parametrize(
    "raw",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        ": begun\n\n" + TEXT,
        PIECES,
        [{"event": one["type"], "data": one} for one in PIECES],
        [{"event": one["type"], "data": json.dumps(one)} for one in PIECES],
        [f"data: {json.dumps(one)}" for one in PIECES],
    ],
    ids=["text", "line ends", "comment", "list", "events", "data as text", "lines"],
)
def test_a_stream_may_be_a_text_or_a_list_of_events(raw):
    assert pieces_of(raw) == PIECES


def test_what_is_no_stream_is_none_and_broken_events_are_counted():
    assert [pieces_of(one) for one in ("words", {"a": 1}, [], None)] == [None] * 4
    with pytest.raises(BrokenStream, match="1 broken events"):
        pieces_of('data: {"type"\n\n')
    parts = [{"type": "text", "text": "data"}]
    assert [exchanges.is_stream(one) for one in (TEXT, PIECES, "data: oak", parts)] == [
        *(True, True),
        *(False, False),
    ]
