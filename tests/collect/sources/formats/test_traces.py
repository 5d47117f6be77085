import json

from tracing import ANSWER, USER, attempts, read, reasons

from harness_forge.collect.sources.formats.conversation import ModelAnswer
from harness_forge.collect.sources.formats.spans import Span
from harness_forge.collect.sources.formats.traces import traced
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.values import LocatedValue


def spans(record):
    answer = ModelAnswer(shown=[USER], said=ANSWER | {"content": record["id"]})
    yield Span(record["trace"], id=record["id"], answer=answer)


def given(records, held):
    reader = traced("mine", lambda record: True, spans, held)
    values = [LocatedValue(at, one, json.dumps(one)) for at, one in enumerate(records, 1)]
    return [one.value for one in reader(iter(values), None) if not isinstance(one, LeftOut)]


def test_a_bound_on_memory_loses_no_answer():
    records = [{"trace": f"t{n % 50}", "id": f"s{n}"} for n in range(200)]
    whole, bounded = given(records, 1 << 20), given(records, 500)
    assert (len(whole), len(bounded)) == (50, 200)
    assert {one["item"] for one in bounded} == {f"t{n}" for n in range(50)}
    for found in (whole, bounded):
        said = [answer.said["content"] for one in found for answer in one["@answers"]]
        assert sorted(said) == sorted(one["id"] for one in records)


def test_a_bound_on_memory_keeps_traces_whose_spans_are_near(tmp_path):
    records = [{"trace": f"t{n // 4}", "id": f"s{n}"} for n in range(200)]
    assert len(given(records, 500)) == 50


def observation(number, **more):
    return {
        "id": number,
        "traceId": "t",
        "type": "GENERATION",
        "input": [USER],
        "output": ANSWER,
        **more,
    }


def test_a_span_that_only_wraps_a_call_is_not_learned_twice(tmp_path):
    found = read(
        tmp_path,
        "langfuse",
        observation("outer", input={"messages": [USER], "k": 1}),
        observation("inner", parentObservationId="outer"),
    )
    assert reasons(found) == ["wraps_a_call"]
    assert len(attempts(found)[0].turns) == 1


def test_a_span_within_that_makes_another_call_is_another_answer(tmp_path):
    def calling(name):
        call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": "{}"}}
        return {"role": "assistant", "content": None, "tool_calls": [call]}

    outer = observation("outer", output=calling("delegate"))
    inner = observation("inner", parentObservationId="outer", output=calling("look"))
    found = read(tmp_path, "langfuse", outer, inner)
    assert (reasons(found), len(attempts(found)[0].turns)) == ([], 2)
    inner |= {"output": calling("delegate")}
    assert reasons(read(tmp_path, "langfuse", outer, inner)) == ["wraps_a_call"]


def test_a_span_that_was_exported_twice_is_learned_once(tmp_path):
    found = read(tmp_path, "langfuse", observation("a"), observation("a"))
    assert reasons(found) == ["repeated_span"]
    assert len(attempts(found)[0].turns) == 1


def test_two_spans_that_share_an_id_are_two(tmp_path):
    other = observation("a", output={"role": "assistant", "content": "Tin 4."})
    [attempt] = attempts(read(tmp_path, "langfuse", observation("a"), other))
    assert [turn.response["content"] for turn in attempt.turns] == ["Tin 3.", "Tin 4."]


def test_spans_that_run_in_circles_end(tmp_path):
    circle = observation("a", parentObservationId="a")
    assert len(attempts(read(tmp_path, "langfuse", circle))) == 1
