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
    details,
    read,
    read_file,
    reasons,
    sdk_span,
)


def flattened(name, messages):
    made = {}
    for at, one in enumerate(messages):
        for key, held in one.items():
            if key == "tool_calls":
                place = f"{name}.{at}.message.tool_calls.0.tool_call"
                made[f"{place}.id"] = held[0]["id"]
                for inner in ("name", "arguments"):
                    made[f"{place}.function.{inner}"] = held[0]["function"][inner]
            elif held is not None:
                made[f"{name}.{at}.message.{key}"] = held
    return made


def span(number, messages, said, finish, **more):
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m1",
        "llm.token_count.prompt": 11,
        "llm.token_count.completion": 5,
        "llm.token_count.prompt_details.cache_read": 0,
        "llm.tools.0.tool.json_schema": json.dumps(TOOL),
        "output.value": json.dumps({"choices": [{"finish_reason": finish}]}),
        **flattened("llm.input_messages", messages),
        **flattened("llm.output_messages", [said]),
    }
    return sdk_span(number, "ChatCompletion", "OK", attributes, **more)


SPAN = span(1, [SYSTEM, USER], CALL, "tool_calls")
LATER = span(2, [SYSTEM, USER, CALL, RESULT], ANSWER, "stop")
ROOT = {
    "name": "sorter",
    "context": {"trace_id": "0xt1", "span_id": "0xroot"},
    "attributes": {"openinference.span.kind": "AGENT", "session.id": "k"},
}


def test_spans_of_one_trace_are_one_attempt(tmp_path):
    found = read(tmp_path, "openinference", SPAN, LATER, ROOT)
    attempt = demand_whole_session(found)
    assert reasons(found) == ["not_a_model"]
    assert [turn.agent for turn in attempt.turns] == ["sorter", "sorter"]
    assert [turn.finish_reason for turn in attempt.turns] == ["tool_calls", "stop"]
    assert attempt.turns[0].tools == [TOOL]
    assert (attempt.prompt_tokens, attempt.completion_tokens) == (11, 5)


def nested(messages):
    made = []
    for one in messages:
        said = {key: value for key, value in one.items() if key != "tool_calls"}
        if one.get("tool_calls"):
            said["tool_calls"] = [
                {"tool_call": {key: call[key] for key in ("id", "function")}}
                for call in one["tool_calls"]
            ]
        made.append({"message": said})
    return made


def test_nested_attributes(tmp_path):
    chats = [([SYSTEM, USER], CALL), ([SYSTEM, USER, CALL, RESULT], ANSWER)]
    spans = [
        SPAN
        | {
            "attributes": {
                "openinference": {"span": {"kind": "LLM"}},
                "llm": {"input_messages": nested(shown), "output_messages": nested([said])},
            }
        }
        for shown, said in chats
    ]
    demand_whole_session(read(tmp_path, "openinference", *spans))


def test_rows_of_a_table_with_attributes_as_columns(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    def dotted(messages):
        made = []
        for one in messages:
            said = {f"message.{key}": value for key, value in one.items() if key != "tool_calls"}
            if one.get("tool_calls"):
                call = one["tool_calls"][0]
                said["message.tool_calls"] = [
                    {
                        "tool_call.id": call["id"],
                        "tool_call.function.name": call["function"]["name"],
                        "tool_call.function.arguments": call["function"]["arguments"],
                    }
                ]
            made.append(said)
        return made

    chats = [([SYSTEM, USER], CALL), ([SYSTEM, USER, CALL, RESULT], ANSWER)]
    rows = [
        {
            "name": "ChatCompletion",
            "span_kind": "LLM",
            "context.span_id": f"s{at}",
            "context.trace_id": "t1",
            "attributes.llm.input_messages": dotted(shown),
            "attributes.llm.output_messages": dotted([said]),
            "attributes.llm.model_name": "m1",
            "eval.right.score": 1.0,
        }
        for at, (shown, said) in enumerate(chats)
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "spans.parquet")
    attempt = demand_whole_session(read_file(tmp_path / "spans.parquet", "openinference"))
    assert attempt.model == "m1"
    assert attempt.outcome.passed


def test_contents_in_parts(tmp_path):
    attributes = {
        key: one for key, one in SPAN["attributes"].items() if "output_messages" not in key
    }
    place = "llm.output_messages.0.message"
    attributes[f"{place}.role"] = "assistant"
    for at, (kind, text) in enumerate((("reasoning", "Hm."), ("text", "Tin 3."))):
        attributes[f"{place}.contents.{at}.message_content.type"] = kind
        attributes[f"{place}.contents.{at}.message_content.text"] = text
    [attempt] = attempts(read(tmp_path, "openinference", SPAN | {"attributes": attributes}))
    assert attempt.turns[0].response["content"] == [
        {"type": "reasoning", "text": "Hm."},
        {"type": "text", "text": "Tin 3."},
    ]


def test_annotations_are_scores(tmp_path):
    annotation = {"span_id": "s1", "name": "right", "result": {"label": "good", "score": 1.0}}
    within = read(tmp_path, "openinference", SPAN | {"annotations": [annotation]})
    beside = read(tmp_path, "openinference", SPAN, annotation | {"trace_id": "t1"})
    assert [attempts(found)[0].outcome.passed for found in (within, beside)] == [True, True]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": {"status_code": "ERROR", "description": "boom"}}, "error_response"),
        ({"dropped_attributes_count": 3}, "dropped_attributes"),
        ({"attributes": {"openinference.span.kind": "LLM"}}, "no_content"),
        ({"attributes": {"openinference.span.kind": "CHAIN"}}, "not_a_model"),
    ],
)
def test_what_is_no_answer_is_counted_by_its_reason(tmp_path, changed, reason):
    found = read(tmp_path, "openinference", SPAN | changed)
    assert (attempts(found), reasons(found)) == ([], [reason])


def test_spans_of_another_convention_name_its_source(tmp_path):
    other = SPAN | {"attributes": {"gen_ai.request.model": "m1"}}
    assert details(read(tmp_path, "openinference", other)) == [
        "it is no record of openinference; it looks like an OpenTelemetry span: source=otel"
    ]
