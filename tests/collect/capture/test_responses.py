"""Requests of `/v1/responses` and `/v1/completions` become turns, or are counted."""

import json

import pytest
from fake_models import Server

from harness_forge.collect.capture.turns import obstacle, turn_of

SKILL = ("skill=recorded", "skill.name=support")
FLAT = {"type": "function", "name": "apply_fix", "parameters": {"z": 1, "a": 2}, "strict": None}
TOOL = {"type": "function", "function": {"name": "apply_fix", "parameters": {"z": 1, "a": 2}}}
ITEM = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "apply_fix"}
CALL = {"id": "c1", "type": "function", "function": {"name": "apply_fix", "arguments": "{}"}}
SAID = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ok"}]}
DONE = {"object": "response", "status": "completed", "model": "m"}
USAGE = {"input_tokens": 7, "output_tokens": 2}


def capture(request, response, kind="response"):
    facts = ("agent", "model", "finish_reason", "prompt_tokens", "completion_tokens")
    made = dict.fromkeys((*facts, "started_at", "total_s"), None) | {"model_sent": "m"}
    return made | {"kind": kind, "request": request, "response": response}


def turn(items, output=(SAID,), **more):
    return turn_of(capture({"input": items, **more}, {**DONE, "output": list(output)}))


def test_instructions_and_a_text_are_system_and_user():
    made = turn("do it", instructions="be kind", temperature=0.5, tools=[FLAT])
    assert made.messages == [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "do it"},
    ]
    assert made.response == {"role": "assistant", "content": "ok"} and made.tools == [TOOL]
    assert made.sampling == {"temperature": 0.5} and made.finish_reason == "stop"


def test_calls_and_their_results_stand_where_a_chat_has_them():
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "do it"}]},
        SAID,
        {**ITEM, "arguments": "{}"},
        {**ITEM, "call_id": "c2", "arguments": "[]"},
        {"type": "function_call_output", "call_id": "c1", "output": "fine"},
    ]
    user, assistant, tool = turn(items).messages
    assert user == {"role": "user", "content": "do it"}
    assert assistant["content"] == "ok" and assistant["tool_calls"][0] == CALL
    assert [one["id"] for one in assistant["tool_calls"]] == ["c1", "c2"]
    assert tool == {"role": "tool", "tool_call_id": "c1", "content": "fine"}


def test_an_answer_with_reasoning_and_calls_is_one_message():
    thought = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "so"}]}
    made = turn("do it", [thought, SAID, {**ITEM, "arguments": "{}"}])
    answer = {"content": "ok", "reasoning_content": "so", "tool_calls": [CALL]}
    assert made.response == {"role": "assistant", **answer} and made.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "thought",
    [
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAAsealed"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "sealed, in short"}]},
    ],
)
def test_encrypted_reasoning_is_left_out_and_known_to_have_been_there(thought):
    items = [{"role": "user", "content": "do it"}, thought, {**ITEM, "arguments": "{}"}]
    items += [{"type": "function_call_output", "call_id": "c1", "output": "fine"}]
    made = turn(items, [thought, thought, SAID])
    sealed = {"reasoning_details": [{"type": "reasoning.encrypted"}]}
    assert made.messages[1] == {
        "role": "assistant", "content": None, "tool_calls": [CALL], **sealed,
    }  # fmt: skip
    assert made.response == {"role": "assistant", "content": "ok", **sealed}
    assert "sealed" not in json.dumps(made.messages)


def test_images_stay_parts():
    image = {"type": "input_image", "image_url": "data:x", "detail": "low"}
    (asked,) = turn([{"role": "user", "content": [image]}]).messages
    assert asked["content"] == [
        {"type": "image_url", "image_url": {"url": "data:x", "detail": "low"}}
    ]


def test_an_answer_cut_at_its_tokens_says_so():
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    made = turn_of(capture({"input": "x"}, {**DONE, **cut, "output": [SAID]}))
    assert made.finish_reason == "length"


@pytest.mark.parametrize(
    ("request_", "output", "why"),
    [
        ({"input": "x", "previous_response_id": "r"}, [SAID], "previous_response_id"),
        ({"input": [{"type": "item_reference", "id": "i"}]}, [SAID], "item_reference"),
        ({"input": "x", "tools": [{"type": "web_search"}]}, [SAID], "web_search"),
        ({"input": "x"}, [{"type": "web_search_call"}, SAID], "web_search_call"),
        ({"input": "x"}, [SAID, SAID], "2 messages"),
        ({"input": "x"}, [], "0 messages"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, [SAID], "input_file"),
    ],
)
def test_what_only_the_server_knows_is_no_turn(request_, output, why):
    one = capture(request_, {**DONE, "output": output})
    assert turn_of(one) is None and why in obstacle(one)


def test_a_failed_response_is_no_turn():
    one = capture({"input": "x"}, {"status": "failed", "output": [SAID]})
    assert obstacle(one) == "the response is failed"


def test_a_text_prompt_and_what_followed_are_question_and_answer():
    answer = {"choices": [{"index": 0, "text": "four", "finish_reason": "stop"}]}
    made = turn_of(capture({"prompt": ["two and two"], "top_p": 1}, answer, "completion"))
    assert made.messages == [{"role": "user", "content": "two and two"}]
    assert made.response["content"] == "four" and made.sampling == {"top_p": 1}


@pytest.mark.parametrize(
    "request_",
    [
        {"prompt": [1, 2, 3]},
        {"prompt": ["a", "b"]},
        {"prompt": "a", "suffix": "b"},
        {"prompt": "<|im_start|>user\nhello"},
    ],
)
def test_prompts_that_are_not_one_message_are_no_turn(request_):
    answer = {"choices": [{"index": 0, "text": "x", "finish_reason": "stop"}]}
    one = capture(request_, answer, "completion")
    assert turn_of(one) is None and obstacle(one)


class Responding(Server):
    """Answers `/v1/responses` with one call, streamed where that was asked."""

    async def answer(self, asked, writer):
        output = [{**ITEM, "arguments": "{}", "status": "completed"}]
        whole = {**DONE, "id": "r", "output": output, "usage": USAGE}
        if not asked.get("stream"):
            await self.send(writer, json.dumps(whole).encode())
            return
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
        events = [{"type": "response.created"}, {"type": "response.completed", "response": whole}]
        for one in events:
            head += b"event: %b\ndata: %b\n\n" % (one["type"].encode(), json.dumps(one).encode())
        writer.write(head)
        await writer.drain()
        raise ConnectionError


@pytest.mark.parametrize("stream", [False, True])
def test_outcomes_make_attempts_of_responses(captured, stream):
    proxy = captured(Responding(), *SKILL)
    body = {"model": "m", "input": "do it", "tools": [FLAT], "stream": stream}
    for item, more in (("a", {}), ("b", {"previous_response_id": "r0"})):
        headers = {"x-forge-item": item, "x-forge-run": "r1", "x-forge-role": "worker"}
        reply = proxy.client.post("/v1/responses", json=body | more, headers=headers)
        assert reply.status_code == 200
        proxy.client.post("/outcomes", json={"run": "r1", "item": item, "passed": True})
    joined = proxy.drain().joined
    assert (joined.made, joined.turns, joined.unread) == (1, 1, 1)
    (row,) = proxy.rows(
        "SELECT item_id, agent, messages, tools, response, finish_reason, prompt_tokens,"
        " completion_tokens FROM support.turn_examples"
    )
    answer = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    question = [{"role": "user", "content": "do it"}]
    assert row == ("a", "worker", question, [TOOL], answer, "tool_calls", 7, 2)
    query = "SELECT whole, fault LIKE 'no turn: previous_response_id%%' FROM support.captures"
    assert proxy.rows(f"{query} ORDER BY id") == [(True, False), (True, True)]
    code, out = proxy.forge("proxy", "drain")
    assert code == 0 and "captures" in out
