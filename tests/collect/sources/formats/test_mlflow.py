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


def span(number, kind, given, said, **more):
    return {
        "trace_id": "AAAA",
        "span_id": f"s{number}",
        "parent_span_id": "s0" if number else None,
        "name": f"my {kind.lower()}",
        "start_time_unix_nano": 1767225600000000000 + number,
        "status": {"code": "STATUS_CODE_OK", "message": ""},
        "attributes": {
            "mlflow.spanType": json.dumps(kind),
            "mlflow.spanInputs": json.dumps(given),
            "mlflow.spanOutputs": json.dumps(said),
        },
        "events": [],
        **more,
    }


def request(*messages):
    return {"model": "m1", "messages": [*messages], "tools": [TOOL]}


def response(said, finish):
    return {"model": "m1", "choices": [{"message": said, "finish_reason": finish}]}


SPANS = [
    span(0, "AGENT", {"q": 1}, "Tin 3."),
    span(1, "CHAT_MODEL", request(SYSTEM, USER), response(CALL, "tool_calls")),
    span(2, "TOOL", {"tin": 3}, "brass"),
    span(3, "CHAT_MODEL", request(SYSTEM, USER, CALL, RESULT), response(ANSWER, "stop")),
]
FEEDBACK = {"assessment_name": "right", "feedback": {"value": True}, "valid": True}
INFO = {"trace_id": "tr-1", "trace_metadata": {}, "state": "OK", "assessments": [FEEDBACK]}
TRACE = {"info": INFO, "data": {"spans": SPANS}}


def test_the_calls_of_a_trace_are_one_attempt(tmp_path):
    found = read(tmp_path, "mlflow", TRACE)
    attempt = demand_whole_session(found)
    assert reasons(found) == ["not_a_model", "not_a_model"]
    assert attempt.item_id == "tr-1"
    assert [turn.agent for turn in attempt.turns] == ["my agent", "my agent"]
    assert attempt.turns[0].tools == [TOOL]
    assert (attempt.model, attempt.outcome.passed) == ("m1", True)


def test_rows_of_a_search(tmp_path):
    demand_whole_session(read(tmp_path, "mlflow", {"trace_id": "tr-1", "trace": json.dumps(TRACE)}))


def test_spans_of_the_second_schema(tmp_path):
    spans = [
        {
            "name": one["name"],
            "context": {"span_id": one["span_id"], "trace_id": "0x1"},
            "parent_id": one["parent_span_id"],
            "start_time": one["start_time_unix_nano"],
            "status_code": "OK",
            "attributes": one["attributes"],
        }
        for one in SPANS
    ]
    info = {"request_id": "tr-1", "request_metadata": {}, "status": "OK"}
    demand_whole_session(read(tmp_path, "mlflow", {"info": info, "data": {"spans": spans}}))


def test_chat_messages_of_a_span_whose_input_is_of_another_form(tmp_path):
    chat = {"mlflow.chat.messages": json.dumps([SYSTEM, USER, ANSWER])}
    one = span(1, "LLM", {"x": 1}, {"y": 2})
    one["attributes"] |= chat
    [attempt] = attempts(read(tmp_path, "mlflow", {"info": INFO, "data": {"spans": [one]}}))
    [turn] = attempt.turns
    assert (turn.messages, turn.response) == ([SYSTEM, USER], ANSWER)


def test_an_assessment_that_was_replaced_does_not_count(tmp_path):
    old = FEEDBACK | {"feedback": {"value": False}, "valid": False}
    info = INFO | {"assessments": [old, FEEDBACK]}
    [attempt] = attempts(read(tmp_path, "mlflow", TRACE | {"info": info}))
    assert attempt.outcome.passed


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": {"code": "STATUS_CODE_ERROR", "message": "boom"}}, "error_response"),
        ({"status_code": "ERROR"}, "error_response"),
        ({"attributes": {"mlflow.spanType": '"CHAT_MODEL"'}}, "no_content"),
        ({"attributes": {}}, "not_a_model"),
    ],
)
def test_what_is_no_answer_is_counted_by_its_reason(tmp_path, changed, reason):
    found = read(tmp_path, "mlflow", {"info": INFO, "data": {"spans": [SPANS[1] | changed]}})
    assert (attempts(found), reasons(found)) == ([], [reason])
