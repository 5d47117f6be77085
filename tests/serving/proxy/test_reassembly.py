"""Streamed answers come out as the server would have said them unstreamed."""

import gzip
import json
import zlib

import pytest
from fake_models import DONE, USAGE, pieces, usage

from harness_forge.serving.proxy import reassembly
from harness_forge.serving.proxy.reassembly import assembled, decoded

SSE = "text/event-stream; charset=utf-8"


def stream(*chunks):
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)


def delta(**fields):
    finish = fields.pop("finish_reason", None)
    index = fields.pop("index", 0)
    return {"choices": [{"index": index, "delta": fields, "finish_reason": finish}]}


def message(*chunks, end="stop"):
    made = assembled("chat", SSE, stream(*chunks, delta(finish_reason=end)) + DONE)
    assert made.whole
    return made.value["choices"][0]["message"]


def test_text_calls_and_counts_come_together():
    made = assembled("chat", SSE, b"".join(pieces("m")) + usage("m") + DONE)
    (choice,) = made.value["choices"]
    assert made.whole and made.value["object"] == "chat.completion"
    assert made.value["usage"] == USAGE and choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "one two three"
    (call,) = choice["message"]["tool_calls"]
    assert call["function"] == {"name": "apply_fix", "arguments": '{"fix_script": "good"}'}
    assert call["id"] == "call_1"


def test_parallel_calls_stay_apart_however_their_pieces_come():
    def piece(index, text, **more):
        return delta(tool_calls=[{"index": index, "function": {"arguments": text}, **more}])

    made = message(piece(0, "{", id="a"), piece(1, "[", id="b"), piece(0, "}"), piece(1, "]"))
    assert [(c["id"], c["function"]["arguments"]) for c in made["tool_calls"]] == [
        ("a", "{}"), ("b", "[]"),
    ]  # fmt: skip


def test_a_name_that_is_said_again_with_every_piece_is_said_once():
    def named(text):
        return delta(tool_calls=[{"index": 0, "function": {"name": "f", "arguments": text}}])

    (call,) = message(named("{"), named("}"))["tool_calls"]
    assert call["function"] == {"name": "f", "arguments": "{}"}


def test_reasoning_and_fields_nobody_knows_are_kept():
    made = message(delta(reasoning_content="so "), delta(reasoning_content="it is", odd=[1]))
    assert made["reasoning_content"] == "so it is" and made["odd"] == [1]


def test_several_answers_stay_apart():
    chunks = [delta(content=str(n), index=n, finish_reason="stop") for n in (1, 0)]
    made = assembled("chat", SSE, stream(*chunks) + DONE)
    assert [one["message"]["content"] for one in made.value["choices"]] == ["0", "1"]


def test_a_stream_without_its_end_is_not_whole():
    assert not assembled("chat", SSE, b"".join(pieces("m")[:-1])).whole
    assert not assembled("chat", SSE, b"").whole


def test_a_stream_that_tells_of_an_error_is_not_whole():
    made = assembled("chat", SSE, stream(delta(content="a"), {"error": {"message": "out"}}) + DONE)
    assert not made.whole and made.value == {"error": {"message": "out"}}


def test_completions_and_responses_are_put_together_too():
    texts = [
        {"choices": [{"index": 0, "text": t, "finish_reason": f}]}
        for t, f in (("a", None), ("b", "stop"))
    ]
    made = assembled("completion", SSE, stream(*texts) + DONE)
    assert made.whole and made.value["choices"][0]["text"] == "ab"
    ends = {"type": "response.completed", "response": {"id": "r", "output": []}}
    made = assembled("response", SSE, stream({"type": "response.created"}, ends))
    assert made.whole and made.value == ends["response"]
    assert not assembled("response", SSE, stream({"type": "response.created"})).whole


def test_ollamas_own_form_is_put_together():
    lines = [{"message": {"role": "assistant", "content": word}, "done": False} for word in "ab"]
    lines.append({"message": {"content": ""}, "done": True, "eval_count": 2})
    raw = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    made = assembled("ollama_chat", "application/x-ndjson", raw)
    assert made.whole and made.value["message"]["content"] == "ab"
    assert made.value["eval_count"] == 2
    assert not assembled("ollama_chat", "application/x-ndjson", raw.splitlines()[0]).whole


def test_a_packed_answer_is_read_and_a_broken_one_told():
    assert decoded("gzip", gzip.compress(b"x")) == b"x"
    for encoding, raw in (("gzip", b"x"), ("br", b"x")):
        with pytest.raises(ValueError, match=r"packed|unpacked"):
            decoded(encoding, raw)


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_an_answer_that_unpacks_to_too_much_is_told_and_not_cut(monkeypatch, encoding, pack):
    monkeypatch.setattr(reassembly, "_MOST", 1 << 20)
    whole = b" " * (1 << 20)
    assert decoded(encoding, pack(whole)) == whole
    with pytest.raises(ValueError, match="is more than 1 MB unpacked"):
        decoded(encoding, pack(whole + b" "))
