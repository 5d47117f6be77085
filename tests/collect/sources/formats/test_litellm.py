import json

import pytest
from tracing import (
    ANSWER,
    CALL,
    RESULT,
    SYSTEM,
    TOOL,
    USER,
    attempts,
    demand_whole_session,
    read,
    reasons,
)


def payload(number, messages, said, finish, **more):
    return {
        "id": f"chatcmpl-{number}",
        "litellm_call_id": f"call-{number}",
        "trace_id": "t1",
        "session_id": "",
        "call_type": "acompletion",
        "status": "success",
        "model": "m1",
        "startTime": 1767225600.0 + number,
        "prompt_tokens": 11,
        "completion_tokens": 5,
        "messages": messages,
        "model_parameters": {"tools": [TOOL], "temperature": 0},
        "response": {"choices": [{"index": 0, "message": said, "finish_reason": finish}]},
        "metadata": {"requester_metadata": {"reward": 1}},
        "error_str": None,
        **more,
    }


FIRST = payload(1, [SYSTEM, USER], CALL, "tool_calls")
SECOND = payload(2, [SYSTEM, USER, CALL, RESULT], ANSWER, "stop")


def test_payloads_of_one_trace_are_one_attempt(tmp_path):
    attempt = demand_whole_session(read(tmp_path, "litellm", FIRST, SECOND))
    assert [turn.finish_reason for turn in attempt.turns] == ["tool_calls", "stop"]
    assert attempt.turns[0].tools == [TOOL]
    assert (attempt.model, attempt.prompt_tokens) == ("m1", 11)
    assert attempt.outcome.failure_mode == "no_verdict"


def test_a_mapping_names_the_outcome_that_a_client_sent(tmp_path):
    outcome = "{record.metadata.requester_metadata.reward}"
    [attempt] = attempts(read(tmp_path, "litellm", FIRST, SECOND, outcome=outcome))
    assert attempt.outcome.passed


def test_rows_of_the_table_of_spendings(tmp_path):
    rows = [
        {
            "request_id": one["id"],
            "call_type": "acompletion",
            "session_id": "t1",
            "model": "m1",
            "startTime": f"2026-01-01 00:00:0{at}",
            "messages": "{}",
            "proxy_server_request": json.dumps({"messages": one["messages"], "tools": [TOOL]}),
            "response": json.dumps(one["response"]),
            "metadata": "{}",
        }
        for at, one in enumerate((FIRST, SECOND))
    ]
    attempt = demand_whole_session(read(tmp_path, "litellm", *rows))
    assert attempt.turns[0].tools == [TOOL]


def test_a_response_that_is_a_text(tmp_path):
    [attempt] = attempts(read(tmp_path, "litellm", FIRST | {"response": "Tin 3."}))
    assert attempt.turns[0].response == ANSWER


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": "failure", "error_str": "boom", "response": None}, "error_response"),
        ({"call_type": "aembedding"}, "not_a_model"),
        ({"messages": "redacted-by-litellm"}, "no_content"),
        ({"response": {}}, "no_content"),
        ({"response": '{"choices": [{"mess'}, "cut_attribute"),
        ({"response": {"object": "list"}}, "not_chat"),
        ({"response": {"choices": [{"message": ANSWER}, {"message": ANSWER}]}}, "several_answers"),
    ],
)
def test_what_is_no_answer_is_counted_by_its_reason(tmp_path, changed, reason):
    found = read(tmp_path, "litellm", FIRST | changed)
    assert (attempts(found), reasons(found)) == ([], [reason])
