import json
from dataclasses import replace

import pytest

from harness_forge.collect.sources import trajectories
from harness_forge.collect.sources.records import LeftOut
from harness_forge.config.source import MappingConfig, SourceConfig
from harness_forge.core.chat.parts import text_of

MAPPING = MappingConfig(
    item="{task}", run="{trial}", model="{model}", messages="{chat}", outcome="{reward}"
)
CONFIG = SourceConfig(name="bench", mapping=MAPPING)


def call(arguments, name="look", number="c1"):
    return {"id": number, "type": "function", "function": {"name": name, "arguments": arguments}}


def said(content, *calls):
    return {"role": "assistant", "content": content} | ({"tool_calls": [*calls]} if calls else {})


SYSTEM, USER = {"role": "system", "content": "s"}, {"role": "user", "content": "u"}
TOOL = {"role": "tool", "tool_call_id": "c1", "content": "42"}


def read(tmp_path, *records, config=CONFIG, **mapping):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    config = replace(config, mapping=replace(config.mapping, **mapping))
    return list(trajectories.read(path, config))


def record(*messages, **changes):
    return {"task": "t1", "trial": 0, "model": "m", "reward": 1.0, "chat": [*messages]} | changes


def test_every_assistant_message_is_a_turn_with_all_that_came_before(tmp_path):
    chat = [SYSTEM, USER, said(None, call('{"q":1}')), TOOL, said("done")]
    [found] = read(tmp_path, record(*chat))
    first, second = found.attempt.turns
    assert (first.messages, second.messages) == (chat[:2], chat[:4])
    assert (first.response, second.response) == (chat[2], chat[4])
    assert (found.policy, found.item.item_id, found.run) == ("model:m", "t1", "0")
    assert (found.attempt.outcome.passed, found.attempt.outcome.value) == (True, 1.0)
    assert found.attempt.outcome.evaluator == "bench"


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [({"q": "ä"}, '{"q": "ä"}'), ('{"q":1}', '{"q":1}'), ('{"q":', '{"q":'), (None, None)],
)
def test_arguments_become_text_and_broken_ones_stay_as_they_are(tmp_path, arguments, kept):
    [found] = read(tmp_path, record(USER, said(None, call(arguments))))
    [made] = found.attempt.turns[0].response["tool_calls"]
    assert made["function"]["arguments"] == kept


def test_parallel_calls_are_kept_and_no_single_call_is_claimed(tmp_path):
    [found] = read(tmp_path, record(USER, said("both", call("{}"), call("{}", number="c2"))))
    assert len(found.attempt.turns[0].response["tool_calls"]) == 2
    assert found.attempt.tool_call is None


def test_the_form_of_calls_before_2023_is_understood(tmp_path):
    old = {"role": "assistant", "content": None, "function_call": call({"q": 1})["function"]}
    [found] = read(tmp_path, record(USER, old))
    assert found.attempt.tool_call.arguments == {"q": 1}


def test_a_text_as_long_as_the_writers_limit_counts_as_cut(tmp_path):
    cut, whole = said("x" * 50), said("x" * 49)
    script = said(None, call({"script": "x" * 50}))
    [found] = read(tmp_path, record(USER, cut, USER, whole, USER, script), cut_lengths=[50])
    assert [turn.finish_reason for turn in found.attempt.turns] == ["length", None, "length"]


def test_without_a_model_the_policy_is_recorded(tmp_path):
    [found] = read(tmp_path, record(USER, said("a"), model=None))
    assert (found.policy, found.attempt.model) == ("recorded", None)


def test_without_an_outcome_there_is_no_verdict(tmp_path):
    [found] = read(tmp_path, record(USER, said("a"), reward=None))
    assert found.attempt.outcome.infrastructure


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"chat": "hello"}, "messages are a text, not a list"),
        ({"chat": [{"content": "x"}]}, "message 0 is a dict without a role"),
        ({"chat": None}, "messages are nothing, not a list"),
        ({"task": None}, "no item at {task}"),
        ({"task": "x" * 500}, "item is a text of 500 characters, not a name"),
        ({"reward": 7}, "outcome 7 is outside reward_min 0.0 to reward_max 1.0"),
    ],
)
def test_what_does_not_fit_is_malformed_and_says_why(tmp_path, broken, why):
    [found] = read(tmp_path, record(USER, said("a"), **broken))
    assert found == LeftOut(1, "misfit", why, malformed=True)


def test_a_record_that_is_no_object_does_not_fit(tmp_path):
    assert read(tmp_path, 7)[0].detail == "the record is a int, not an object"


def test_trials_may_be_attempts(tmp_path):
    found = read(
        tmp_path,
        *(record(USER, said("a"), trial=n) for n in (0, 1)),
        attempt="{trial}",
        attempt_base=0,
    )
    assert [one.attempt.attempt_num for one in found] == [1, 2]


def test_a_first_trial_of_0_is_answered_with_the_key_that_reads_it(tmp_path):
    [found] = read(tmp_path, record(USER, said("a"), trial=0), attempt="{trial}")
    assert found.detail == "attempt 0 comes before the first, source.mapping.attempt_base=1"


def test_a_task_and_an_answer_make_a_rebuilt_prompt(tmp_path):
    [found] = read(
        tmp_path,
        {"task": "t", "stub": "def f():", "code": "def f(): pass", "ok": True, "why": ["a", "b"]},
        messages="",
        prompt="{stub}",
        answer="{code}",
        outcome="{ok}",
        attempt="{why.#|'0'}",
        attempt_base=0,
        reflections="{why}",
    )
    attempt = found.attempt
    assert (attempt.variant, attempt.attempt_num) == ("rebuilt", 3)
    assert attempt.turns[0].messages == [{"role": "user", "content": "def f():"}]
    assert attempt.outcome.signals["reflections"] == ["a", "b"]


@pytest.mark.parametrize(
    "told",
    [
        "You fix.",
        [{"type": "text", "text": "You fix.", "cache_control": {"type": "ephemeral"}}],
        {"role": "user", "parts": [{"text": "You fix."}]},
        {"content": "You fix."},
    ],
)
def test_a_system_prompt_beside_the_conversation_comes_first(tmp_path, told):
    [found] = read(tmp_path, record(USER, said("done"), brief=told), system="{brief}")
    first, second = found.attempt.turns[0].messages
    assert (first["role"], text_of(first), second) == ("system", "You fix.", USER)


def test_a_system_prompt_that_the_conversation_begins_with_is_said_once(tmp_path):
    [found] = read(tmp_path, record(SYSTEM, USER, said("done"), brief="s"), system="{brief}")
    assert found.attempt.turns[0].messages == [SYSTEM, USER]
    [found] = read(tmp_path, record(USER, said("done"), brief=None), system="{brief}")[:1]
    assert found.attempt.turns[0].messages == [USER]


def test_a_system_prompt_comes_before_a_task_too(tmp_path):
    line = {"task": "t1", "reward": 1, "q": "2+2?", "a": "4", "brief": "Be brief."}
    [found] = read(
        tmp_path, line, messages="", prompt="{q}", answer="{a}", system="{brief}", model="", run=""
    )
    assert [one["role"] for one in found.attempt.turns[0].messages] == ["system", "user"]


@pytest.mark.parametrize("told", [7, {"lines": ["x"]}, [{"type": "image"}]])
def test_a_system_prompt_that_is_no_text_is_refused_by_name(tmp_path, told):
    [lost] = read(tmp_path, record(USER, said("done"), brief=told), system="{brief}")
    assert lost.reason == "misfit" and "the system prompt is" in lost.detail


def test_a_record_without_messages_is_read_by_its_task_and_answer(tmp_path):
    record = {"task": "t", "stub": "def f():", "code": "def f(): pass"}
    [found] = read(tmp_path, record, messages="{messages|chat}", prompt="{stub}", answer="{code}")
    assert found.attempt.variant == "rebuilt"
    assert found.attempt.turns[0].response["content"] == "def f(): pass"


def test_an_answer_that_is_a_list_is_kept_as_it_is(tmp_path):
    [found] = read(
        tmp_path, {"task": "t", "p": "q", "a": ["x"]}, messages="", prompt="{p}", answer="{a}"
    )
    assert found.attempt.turns[0].response["content"] == ["x"]


def test_several_agents_may_answer_in_one_conversation(tmp_path):
    chat = [USER, {**said("plan"), "name": "planner"}, {"role": "coder", "content": "code"}]
    mapping = {"roles": {"coder": "assistant"}, "agent": "{@message.name|@message.role}"}
    [found] = read(tmp_path, record(*chat, said("done")), **mapping)
    turns = found.attempt.turns
    assert [one.agent for one in turns] == ["planner", "coder", "assistant"]
    assert turns[1].messages == [USER, chat[1]]  # as they were sent
    [found] = read(tmp_path, record(*chat, said("x")), **{**mapping, "agent": "{@message.name}"})
    assert [one.agent for one in found.attempt.turns] == ["planner", "agent", "agent"]


def test_an_answer_that_is_a_message_keeps_its_calls(tmp_path):
    answer = {"role": "model", "content": None, "tool_calls": [call('{"q": 1}')]}
    line = {"task": "t1", "reward": 1, "q": "2+2?", "a": answer}
    [found] = read(tmp_path, line, messages="", prompt="{q}", answer="{a}", model="", run="")
    [turn] = found.attempt.turns
    assert turn.response == {**answer, "role": "assistant"}


def test_tools_are_made_of_the_calls_that_were_seen_if_asked_for(tmp_path):
    chat = [
        USER,
        said(None, call({"a": 1, "b": "x"})),
        said(None, call({"a": 1.5})),
        said(None, call('{"a":')),
    ]
    config = replace(CONFIG, observed_tools=True)
    [found] = read(tmp_path, record(*chat), config=config)
    [tool] = found.attempt.turns[0].tools
    assert tool["function"] == {
        "name": "look",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": ["integer", "number"]}, "b": {"type": "string"}},
            "required": ["a"],
        },
    }
    assert read(tmp_path, record(*chat))[0].attempt.turns[0].tools == ()


def test_tools_come_from_a_file_if_there_is_one(tmp_path):
    (tmp_path / "tools.json").write_text('[{"name": "look", "parameters": {}}]')
    config = replace(CONFIG, tools_file=str(tmp_path / "tools.json"))
    [found] = read(tmp_path, record(USER, said("a")), config=config)
    assert found.attempt.turns[0].tools[0]["function"]["name"] == "look"


STREAM = [
    {"id": "x", "choices": [{"index": 0, "delta": {"content": "4"}}]},
    {"id": "x", "choices": [{"index": 0, "delta": {"content": "2"}, "finish_reason": "stop"}]},
]


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize(("pieces", "finish"), [(STREAM, "stop"), (STREAM[:1], "length")])
def test_an_answer_that_is_a_stream_is_put_together(tmp_path, text, pieces, finish):
    raw = "".join(f"data: {json.dumps(one)}\n\n" for one in pieces) if text else pieces
    asked = {"prompt": "six times seven?", "said": raw}
    [found] = read(tmp_path, record() | asked, messages="", prompt="{prompt}", answer="{said}")
    [turn] = found.attempt.turns
    assert (turn.response["content"], turn.finish_reason) == ("42"[: len(pieces)], finish)


def test_an_answer_in_broken_events_does_not_fit_and_words_that_look_like_one_are_words(tmp_path):
    for raw, fits in (('data: {"choices": []}\n\ndata: {"choi\n\n', False), ("data: oak", True)):
        asked = {"prompt": "six times seven?", "said": raw}
        [found] = read(tmp_path, record() | asked, messages="", prompt="{prompt}", answer="{said}")
        assert isinstance(found, LeftOut) != fits
        assert fits or found.detail == "the answer is a stream with 1 broken events"


def test_thoughts_alone_are_no_turn_unless_nothing_answers_behind_them(tmp_path):
    thought = {"role": "assistant", "content": None, "reasoning_content": "Seven times six."}
    [found] = read(tmp_path, record(USER, thought, said("42"), USER, thought))
    first, last = found.attempt.turns
    assert (first.messages, first.response) == ([USER], {**thought, "content": "42"})
    assert last.response == thought
