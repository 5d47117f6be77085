import json

import pytest
from tracing import attempts, demand_whole_session, read, reasons

USER = {"role": "user", "content": [{"type": "text", "text": "Which tin has the brass ones?"}]}
CALL = {
    "type": "tool_call",
    "id": "c1",
    "name": "open_tin",
    "raw_name": "open_tin",
    "arguments": {"tin": 3},
    "raw_arguments": '{"tin": 3}',
}
RESULT = {"type": "tool_result", "id": "c1", "name": "open_tin", "result": "brass"}
TOOL = {"name": "open_tin", "description": "Open a tin", "parameters": {"type": "object"}}


def inference(number, messages, output, **more):
    return {
        "inference_id": f"i{number}",
        "episode_id": "e1",
        "function_name": "sort",
        "variant_name": "plain",
        "timestamp": f"2026-01-01T00:00:0{number}Z",
        "input": {"system": "You count buttons.", "messages": messages},
        "output": output,
        "tool_params": {"tools_available": [TOOL], "tool_choice": "auto"},
        **more,
    }


FIRST = inference(1, [USER], [CALL])
HISTORY = [USER, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": [RESULT]}]
SECOND = inference(2, HISTORY, [{"type": "text", "text": "Tin 3."}], feedback={"ok": True})


def test_inferences_of_an_episode_are_one_attempt(tmp_path):
    found = read(tmp_path, "tensorzero", FIRST, SECOND)
    attempt = demand_whole_session(found)
    assert attempt.outcome.passed
    assert (found[0].item.family, attempt.turns[0].agent) == ("sort", "agent")
    assert attempt.turns[0].tools == [{"type": "function", "function": TOOL}]


def test_rows_of_the_database_hold_json_as_texts(tmp_path):
    texts = ("input", "output", "tool_params")
    rows = [
        {**one, "id": one["inference_id"], **{key: json.dumps(one[key]) for key in texts}}
        for one in (FIRST, SECOND)
    ]
    demand_whole_session(read(tmp_path, "tensorzero", *rows))


def test_a_json_function_answers_with_its_raw_text(tmp_path):
    output = {"raw": '{"tin": 3}', "parsed": {"tin": 3}}
    [attempt] = attempts(read(tmp_path, "tensorzero", inference(1, [USER], output)))
    assert attempt.turns[0].response == {"role": "assistant", "content": '{"tin": 3}'}


def test_thoughts_stay_apart_from_the_answer(tmp_path):
    output = [{"type": "thought", "text": "Hm."}, {"type": "text", "text": "Tin 3."}]
    [attempt] = attempts(read(tmp_path, "tensorzero", inference(1, [USER], output)))
    assert attempt.turns[0].response["content"] == [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "Tin 3."},
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"system": {"assistant_name": "Al"}, "messages": [USER]},
        {"messages": [{"role": "user", "content": [{"type": "text", "arguments": {"tin": 3}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "template", "name": "t"}]}]},
    ],
)
def test_what_fills_a_template_is_not_what_the_model_was_shown(tmp_path, given):
    found = read(tmp_path, "tensorzero", FIRST | {"input": given})
    assert (attempts(found), reasons(found)) == ([], ["template"])


def test_feedback_that_is_no_score_is_no_outcome(tmp_path):
    one = FIRST | {"feedback": {"comment": "lovely"}}
    [attempt] = attempts(read(tmp_path, "tensorzero", one))
    assert attempt.outcome.failure_mode == "no_verdict"
