import json

import pytest
from tracing import TOOL, attempts, demand_whole_session, details, read, reasons, sdk_span

SYSTEM = {"type": "text", "content": "You count buttons."}
USER = {
    "role": "user",
    "parts": [{"type": "text", "content": "Which tin has the brass ones?"}],
}
CALLING = {"type": "tool_call", "id": "c1", "name": "open_tin", "arguments": {"tin": 3}}
RESULT = {
    "role": "tool",
    "parts": [{"type": "tool_call_response", "id": "c1", "response": "brass"}],
}
SHOWN = [USER], [USER, {"role": "assistant", "parts": [CALLING]}, RESULT]
SAID = [CALLING], [{"type": "text", "content": "Tin 3."}]


def answer(at, **more):
    ends = ("tool_call", "stop")[at]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m1",
        "gen_ai.system_instructions": json.dumps([SYSTEM]),
        "gen_ai.input.messages": json.dumps(SHOWN[at]),
        "gen_ai.output.messages": json.dumps(
            [{"role": "assistant", "parts": SAID[at], "finish_reason": ends}]
        ),
        "gen_ai.tool.definitions": json.dumps([TOOL]),
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 5,
        **more,
    }


def span(number, attributes, **more):
    return sdk_span(number, "chat m1", "UNSET", attributes, **more)


ROOT = {
    "name": "sort",
    "context": {"trace_id": "0xt1", "span_id": "0xroot"},
    "attributes": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "sorter"},
}
SESSION = span(1, answer(0)), span(2, answer(1))


def test_spans_of_one_trace_are_one_attempt_with_what_each_was_shown(tmp_path):
    found = read(tmp_path, "otel", *SESSION, ROOT)
    attempt = demand_whole_session(found)
    assert reasons(found) == ["not_a_model"]
    first, second = attempt.turns
    assert [turn.agent for turn in attempt.turns] == ["sorter", "sorter"]
    assert (first.finish_reason, second.finish_reason) == ("tool_calls", "stop")
    assert (first.prompt_tokens, first.completion_tokens) == (11, 5)
    assert first.tools == second.tools == [TOOL]
    assert attempt.outcome.failure_mode == "no_verdict"


@pytest.mark.parametrize(
    ("part", "shown"),
    [({"response": None, "result": "brass"}, "brass"), ({"response": None}, "")],
)
def test_a_result_that_is_null_in_one_place_is_looked_for_in_the_others(tmp_path, part, shown):
    result = {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", **part}]}
    given = json.dumps([USER, {"role": "assistant", "parts": [CALLING]}, result])
    second = span(2, answer(1) | {"gen_ai.input.messages": given})
    [attempt] = attempts(read(tmp_path, "otel", SESSION[0], second, ROOT))
    assert attempt.turns[1].messages[3]["content"] == shown


def value(raw):
    if isinstance(raw, list):
        return {"arrayValue": {"values": [value(one) for one in raw]}}
    if isinstance(raw, dict):
        listed = [{"key": key, "value": value(one)} for key, one in raw.items()]
        return {"kvlistValue": {"values": listed}}
    return {"intValue": str(raw)} if isinstance(raw, int) else {"stringValue": raw}


def otlp(one):
    context = one["context"]
    return {
        "traceId": context["trace_id"],
        "spanId": context["span_id"],
        "parentSpanId": one.get("parent_id", ""),
        "name": one["name"],
        "startTimeUnixNano": str(1767225600000000000 + int(context["span_id"][-1:], 36)),
        "status": {},
        "attributes": [{"key": k, "value": value(v)} for k, v in one["attributes"].items()],
    }


def batch(*spans):
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [*spans]}]}]}


def test_batches_of_otlp_are_read_across_lines(tmp_path):
    found = read(tmp_path, "otel", batch(otlp(SESSION[0])), batch(otlp(SESSION[1]), otlp(ROOT)))
    attempt = demand_whole_session(found)
    assert attempt.turns[0].prompt_tokens == 11
    assert attempt.turns[0].started_at.isoformat().startswith("2026-01-01T00:00:00")


def test_a_broken_span_of_a_batch_loses_no_other(tmp_path):
    broken = span(3, answer(0) | {"gen_ai.input.messages": '[{"role" "user"}]   []'})
    found = read(tmp_path, "otel", batch(*map(otlp, (SESSION[0], broken, SESSION[1]))))
    demand_whole_session(found)
    assert details(found) == ["gen_ai.input.messages is a text that is no JSON"]


def test_structured_attributes_are_read_as_texts_are(tmp_path):
    texts = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions")
    spans = [
        span(at + 1, answer(at) | {key: json.loads(answer(at)[key]) for key in texts})
        for at in (0, 1)
    ]
    demand_whole_session(read(tmp_path, "otel", *spans))
    demand_whole_session(read(tmp_path, "otel", batch(*map(otlp, spans))))


def test_messages_on_the_event_of_a_span(tmp_path):
    spans = [
        span(
            at + 1,
            {"gen_ai.request.model": "m1"},
            events=[
                {
                    "name": "gen_ai.client.inference.operation.details",
                    "attributes": answer(at),
                }
            ],
        )
        for at in (0, 1)
    ]
    demand_whole_session(read(tmp_path, "otel", *spans))


def flattened(name, messages):
    made = {}
    for at, one in enumerate(messages):
        for key, held in one.items():
            if key == "tool_calls":
                function = held[0]["function"]
                made[f"gen_ai.{name}.{at}.tool_calls.0.id"] = held[0]["id"]
                for inner in ("name", "arguments"):
                    made[f"gen_ai.{name}.{at}.tool_calls.0.{inner}"] = function[inner]
            elif held is not None:
                made[f"gen_ai.{name}.{at}.{key}"] = held
    return made


def older(*messages):
    said = flattened("completion", [messages[-1]])
    tool = {"llm.request.functions.0.name": "open_tin"}
    return {"gen_ai.request.model": "m1", **flattened("prompt", messages[:-1]), **said, **tool}


def plain_session():
    from tracing import ANSWER, CALL, RESULT, SYSTEM, USER

    return [SYSTEM, USER, CALL], [SYSTEM, USER, CALL, RESULT, ANSWER]


def test_flattened_prompts_and_completions(tmp_path):
    spans = [span(at, older(*chat)) for at, chat in enumerate(plain_session(), 1)]
    attempt = demand_whole_session(read(tmp_path, "otel", *spans))
    assert attempt.turns[0].tools == [{"type": "function", "function": {"name": "open_tin"}}]


def test_a_prompt_with_dropped_attributes_is_left_out(tmp_path):
    attributes = older(*plain_session()[1])
    for key in [key for key in attributes if key.startswith("gen_ai.prompt.0.")]:
        del attributes[key]
    found = read(tmp_path, "otel", span(1, attributes))
    assert (attempts(found), reasons(found)) == ([], ["dropped_attributes"])
    assert details(found) == ["gen_ai.prompt has gaps: [1, 2, 3]"]


def logs(number, messages):
    names = {
        "system": "gen_ai.system.message",
        "user": "gen_ai.user.message",
        "assistant": "gen_ai.assistant.message",
        "tool": "gen_ai.tool.message",
    }
    last = {"index": 0, "finish_reason": "stop", "message": messages[-1]}
    bodies = [(names[one["role"]], one) for one in messages[:-1]] + [("gen_ai.choice", last)]
    for name, body in bodies:
        said = {("id" if key == "tool_call_id" else key): one for key, one in body.items()}
        yield {
            "body": said,
            "attributes": {"gen_ai.system": "x"},
            "event_name": name,
            "trace_id": "0xt1",
            "span_id": f"0xs{number}",
        }


def test_log_records_tell_the_messages_of_their_span(tmp_path):
    spans = [span(number, {"gen_ai.request.model": "m1"}) for number in (1, 2)]
    told = [one for number, chat in enumerate(plain_session(), 1) for one in logs(number, chat)]
    attempt = demand_whole_session(read(tmp_path, "otel", *spans, *told))
    assert attempt.turns[0].model == "m1"
    demand_whole_session(read(tmp_path, "otel", *told))  # of the spans there may be no file


def test_messages_whose_content_was_not_captured_are_no_conversation(tmp_path):
    told = [
        {**one, "body": {"role": one["body"].get("role")}} for one in logs(1, plain_session()[0])
    ]
    found = read(tmp_path, "otel", span(1, {"gen_ai.request.model": "m1"}), *told)
    assert (attempts(found), reasons(found)) == ([], ["no_content"])


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": []}])[:-9]},
            "cut_attribute",
        ),
        ({"gen_ai.input.messages": '[{"role" "user"}]   []'}, "misfit"),
        ({"gen_ai.output.messages": "[]"}, "no_content"),
        ({"error.type": "timeout"}, "error_response"),
        ({"openinference.span.kind": "LLM"}, "misfit"),
    ],
)
def test_what_is_no_answer_is_counted_by_its_reason(tmp_path, changed, reason):
    found = read(tmp_path, "otel", span(1, answer(0) | changed))
    assert (attempts(found), reasons(found)) == ([], [reason])


def test_an_answer_that_the_tracer_cut_is_cut(tmp_path):
    cut = [{"role": "assistant", "parts": [{"type": "text", "content": "Tin [truncated]"}]}]
    found = read(tmp_path, "otel", span(1, answer(0) | {"gen_ai.output.messages": json.dumps(cut)}))
    assert attempts(found)[0].turns[0].finish_reason == "length"


def test_thoughts_stay_apart_from_the_answer(tmp_path):
    parts = [{"type": "reasoning", "content": "Hm."}, {"type": "text", "content": "Tin 3."}]
    said = json.dumps([{"role": "assistant", "parts": parts}])
    [attempt] = attempts(
        read(tmp_path, "otel", span(1, answer(0) | {"gen_ai.output.messages": said}))
    )
    assert attempt.turns[0].response["content"] == [
        {"type": "reasoning", "text": "Hm."},
        {"type": "text", "text": "Tin 3."},
    ]


def evaluation(name, score):
    return {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": score}


def test_an_evaluation_on_span_event_or_child_is_the_outcome(tmp_path):
    on_span = span(2, answer(1) | evaluation("right", 1.0))
    event = {"name": "gen_ai.evaluation.result", "attributes": evaluation("right", 1.0)}
    as_event = span(2, answer(1), events=[event])
    child = span(3, {"gen_ai.operation.name": "evaluate", **evaluation("right", 1.0)})
    for spans in ((on_span,), (as_event,), (SESSION[1], child)):
        [attempt] = attempts(read(tmp_path, "otel", SESSION[0], *spans))
        assert attempt.outcome.passed


def test_scores_that_contradict_are_no_verdict_and_said(tmp_path):
    spans = [span(n + 1, answer(n) | evaluation("right", float(n))) for n in (0, 1)]
    found = read(tmp_path, "otel", *spans)
    assert attempts(found)[0].outcome.failure_mode == "no_verdict"
    assert details(found) == ["'right' has several values in trace t1: no verdict"]


def test_a_mapping_chooses_among_scores(tmp_path):
    spans = [
        span(1, answer(0) | evaluation("brief", 0.0)),
        span(2, answer(1) | evaluation("right", 1.0)),
    ]
    [first] = attempts(read(tmp_path, "otel", *spans))
    [chosen] = attempts(read(tmp_path, "otel", *spans, outcome="{scores.right}"))
    assert (first.outcome.passed, chosen.outcome.passed) == (False, True)


def test_traces_of_one_conversation_share_a_group(tmp_path):
    spans = [
        span(
            1,
            answer(0) | {"gen_ai.conversation.id": "k"},
            context={"trace_id": f"t{n}", "span_id": "s"},
        )
        for n in (1, 2)
    ]
    found = read(tmp_path, "otel", *spans)
    assert [(one.item.item_id, one.item.group_key) for one in found] == [("t1", "k"), ("t2", "k")]
