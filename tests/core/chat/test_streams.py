"""Pieces of calls go where they belong: by index, then by id, else to the call before."""

import pytest

from harness_forge.core.chat.streams import joined, pieces_of


def piece(text=None, name=None, **more):
    function = {"name": name, "arguments": text}
    return {"function": {key: one for key, one in function.items() if one is not None}, **more}


def calls(*deltas):
    chunks = [{"choices": [{"index": 0, "delta": {"tool_calls": [one]}}]} for one in deltas]
    said = joined(chunks)["choices"][0]["message"]["tool_calls"]
    return [(one.get("id"), one["function"]["name"], one["function"]["arguments"]) for one in said]


@pytest.mark.parametrize(
    ("deltas", "made"),
    [
        (
            [piece('{"at": 1}', "look", id="a"), piece('{"at": 2}', "look", id="b")],
            [("a", "look", '{"at": 1}'), ("b", "look", '{"at": 2}')],
        ),
        (
            [piece('{"at"', "look", id="a"), piece(": 1}")],
            [("a", "look", '{"at": 1}')],
        ),
        (
            [piece('{"at"', "look", id="a"), piece('{"at"', "see", id="b"), piece(":1}", id="a")],
            [("a", "look", '{"at":1}'), ("b", "see", '{"at"')],
        ),
        (
            [piece('{"at": 1}', "look"), piece('{"at": 2}', "look")],
            [(None, "look", '{"at": 1}'), (None, "look", '{"at": 2}')],
        ),
        (
            [piece('{"at"', "look"), piece(": 1}", "look")],
            [(None, "look", '{"at": 1}')],
        ),
        (
            [piece("{}", "b", index=1, id="b"), piece("{}", "a", index=0, id="a")],
            [("a", "a", "{}"), ("b", "b", "{}")],
        ),
        (
            [piece("{", "look", index=0, id="x1"), piece("}", index=0, id="x2")],
            [("x1", "look", "{}")],
        ),
        (
            [piece("{}", "look", index=0, id="a"), piece("{}", "see", index=0, id="b")],
            [("a", "look", "{}"), ("b", "see", "{}")],
        ),
        (
            [piece('{"at"', "look", index=0, id="a"), piece(": 1}", "look", index=0, id="a")],
            [("a", "look", '{"at": 1}')],
        ),
    ],
    ids=[
        "ids tell calls apart",
        "a piece without both goes on",
        "a known id finds its call again",
        "a name behind a whole call begins another",
        "a name said again begins none",
        "index orders them",
        "an id made up for every piece",
        "one index for every call",
        "name and id said again",
    ],
)
def test_a_piece_goes_to_its_call(deltas, made):
    assert calls(*deltas) == made


def test_a_reason_that_is_empty_is_none_yet_and_the_last_one_stays():
    said = [{"choices": [{"delta": {"content": "a"}, "finish_reason": ""}]}]
    ends = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    assert joined(said)["choices"][0]["finish_reason"] is None
    assert joined([*said, ends, *said])["choices"][0]["finish_reason"] == "stop"


def test_pieces_without_choices_change_nothing():
    chunks = [{"choices": [{"delta": {"content": "a"}}]}, {"choices": None}, {"usage": {"n": 1}}]
    made = joined(chunks)
    assert (made["choices"][0]["message"]["content"], made["usage"]) == ("a", {"n": 1})


def test_text_beside_parts_is_a_part():
    thought = {"type": "thinking", "thinking": "hm"}
    deltas = [{"content": "a"}, {"content": [thought]}, {"content": "b"}]
    made = joined([{"choices": [{"delta": one}]} for one in deltas])
    text = [{"type": "text", "text": word} for word in "ab"]
    assert made["choices"][0]["message"]["content"] == [text[0], thought, text[1]]


def test_events_become_pieces_and_broken_ones_are_counted():
    raw = b': hello\n\ndata: {"a": 1}\n\ndata: {"a"\n\ndata: [DONE]\n\n'
    assert pieces_of(raw) == ([{"a": 1}], 1, True)


def test_arguments_in_pieces_of_objects_and_indexes_that_are_texts_lose_nothing():
    calls = [{"index": 0, "function": {"name": "w", "arguments": {key: 1}}} for key in "ab"]
    pieces = [{"choices": [{"index": "0", "delta": {"tool_calls": [one]}}]} for one in calls]
    other = {"choices": [{"index": "1", "delta": {"content": "x"}}]}
    first, second = joined([*pieces, other])["choices"]
    assert first["message"]["tool_calls"][0]["function"]["arguments"] == {"a": 1, "b": 1}
    assert second["message"]["content"] == "x"


@pytest.mark.parametrize(
    ("key", "part", "words"),
    [
        ("reasoning_details", {"type": "reasoning.text", "index": 0}, "text"),
        ("thinking_blocks", {"type": "thinking"}, "thinking"),
        ("content", {"type": "thinking"}, "thinking"),
    ],
)
def test_a_thought_in_pieces_is_one_thought(key, part, words):
    deltas = [{key: [{**part, words: word}]} for word in ("First ", "I ", "think.")]
    message = joined([{"choices": [{"delta": one}]} for one in deltas])["choices"][0]["message"]
    assert message[key] == [{**part, words: "First I think."}]


def test_thoughts_of_other_places_stay_apart():
    deltas = [
        {"reasoning_details": [{"type": "reasoning.text", "text": word, "index": at}]}
        for at, word in ((0, "a"), (1, "b"), (1, "c"))
    ]
    message = joined([{"choices": [{"delta": one}]} for one in deltas])["choices"][0]["message"]
    assert [one["text"] for one in message["reasoning_details"]] == ["a", "bc"]


def test_a_call_in_the_old_form_keeps_its_name():
    pieces = [("get", ""), ("", '{"a"'), ("", ": 1}")]
    deltas = [{"function_call": {"name": name, "arguments": said}} for name, said in pieces]
    message = joined([{"choices": [{"delta": one}]} for one in deltas])["choices"][0]["message"]
    assert message["function_call"] == {"name": "get", "arguments": '{"a": 1}'}
