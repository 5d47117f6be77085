"""What a dataset holds, in whatever form it was sent; what cannot be told is refused by name."""

import json
import time

import pytest

from harness_forge.core.chat import canonical_answer, canonical_history, offer
from harness_forge.core.chat.arguments import ArgumentsNotAnObject, object_text, read
from harness_forge.core.chat.canonical_choices import LateSystem, Notes, Reasoning
from harness_forge.core.chat.faults import MessagesRefused
from harness_forge.core.chat.offer import ToolOffer

JAR = {"type": "object", "properties": {"jar": {"type": "string"}}, "required": ["jar"]}
SHELF = {"type": "object", "properties": {"shelf": {"type": "integer"}}}
TOOLS = [
    {"type": "function", "function": {"name": "open_jar", "parameters": JAR}},
    {"type": "function", "function": {"name": "count", "parameters": SHELF}},
    {"type": "function", "function": {"name": "now"}},
]
USER = {"role": "user", "content": "which jar?"}


def call(arguments, name="open_jar", **more):
    return {**more, "type": "function", "function": {"name": name, "arguments": arguments}}


def said(*calls, content=None, **more):
    return {"role": "assistant", "content": content, "tool_calls": [*calls], **more}


def result(**more):
    return {"role": "tool", "content": "plums", **more}


def history(*messages, tools=TOOLS, late=LateSystem.reject):
    notes = Notes()
    return canonical_history.history([*messages], ToolOffer(tools), late, notes), set(notes.kinds)


def answer(message, reasoning=Reasoning.leave_out, tools=TOOLS):
    notes = Notes()
    return canonical_answer.answer(message, ToolOffer(tools), reasoning, notes), set(notes.kinds)


def arguments(raw, name="open_jar", tools=TOOLS):
    made, notes = answer(said(call(raw, name)), tools=tools)
    return made["tool_calls"][0]["function"]["arguments"], notes


@pytest.mark.parametrize(
    ("raw", "made"),
    [
        ('{"jar":"plum"}', '{"jar": "plum"}'),
        ('{"jar": "caf\\u00e9"}', '{"jar": "café"}'),
        ('{"b": 1, "a": [1,2.50]}', '{"b": 1, "a": [1, 2.5]}'),
        ('{"n": 36893488147419103232}', '{"n": 36893488147419103232}'),
        ({"jar": "a\n\u2028"}, '{"jar": "a\\n\u2028"}'),
        ('"{\\"jar\\":\\"plum\\"}"', '{"jar": "plum"}'),
    ],
    ids=["compact", "escaped", "order and numbers", "long integer", "object", "text of a text"],
)
def test_arguments_have_one_form(raw, made):
    assert arguments(raw)[0] == made


def test_a_text_without_an_end_is_read_once_however_many_quotes_it_has():
    began = time.process_time()
    with pytest.raises(ArgumentsNotAnObject):
        read('{"jar": "' + '\\"' * 40_000 + "[" * 501)
    assert time.process_time() - began < 2


def test_many_brackets_side_by_side_and_in_texts_are_not_deep():
    raw = {"jar": "{" * 600 + '"[', "all": [[n] for n in range(600)]}
    assert json.loads(arguments(json.dumps(raw))[0]) == raw


@pytest.mark.parametrize("raw", ["", None, "null", " "])
@pytest.mark.parametrize("name", ["now", "count"])
def test_no_arguments_are_an_empty_object_where_a_tool_needs_none(raw, name):
    assert arguments(raw, name)[0] == "{}"


@pytest.mark.parametrize(
    "raw",
    [
        *("", None, "null", '{"jar": "pl', '"jar"', "[1]", "7", '{"n": NaN}', '{"n": 1e999}'),
        *('{"jar": "a", "jar": "b"}', '{"a":' * 9000 + "1" + "}" * 9000, '{"jar": "\\ud800"}'),
        *('{"a":' * 501 + "1" + "}" * 501, '{"a": ' + "[" * 500 + "1" + "]" * 500 + "}"),
    ],
)
def test_arguments_that_are_no_object_are_refused_in_answer_and_history(raw):
    with pytest.raises(MessagesRefused, match="broken_arguments"):
        answer(said(call(raw)))
    with pytest.raises(MessagesRefused, match="broken_arguments"):
        history(USER, said(call(raw)), result())


def test_nulls_under_names_of_other_tools_are_padding():
    padded = '{"jar": "plum", "shelf": null}'
    assert arguments(padded) == ('{"jar": "plum"}', {"padding"})
    shown, notes = history(USER, said(call(padded)), result())
    assert shown[1]["tool_calls"][0]["function"]["arguments"] == '{"jar": "plum"}'
    assert notes == {"padding"}


def test_a_null_that_may_be_meant_stays_and_one_that_may_be_both_is_refused():
    assert arguments('{"shelf": null}', "count") == ("{}", {"padding"})  # no integer is null
    optional = {"jar": {"type": "string"}, "lid": {"type": ["string", "null"]}}
    schema = {"type": "object", "properties": optional, "required": ["jar"]}
    tools = [{"type": "function", "function": {"name": "open_jar", "parameters": schema}}, TOOLS[1]]
    with pytest.raises(MessagesRefused, match="padded_arguments"):
        arguments('{"jar": "plum", "lid": null, "shelf": null}', tools=tools)
    assert arguments('{"jar": "plum", "lid": null}', tools=tools)[0].endswith("null}")


def test_nulls_deep_in_arguments_are_taken_off_by_the_schema_that_they_refer_to():
    inner = {"type": "object", "properties": {"row": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"at": {"$ref": "#/$defs/P"}}, "$defs": {"P": inner}}
    tools = [{"type": "function", "function": {"name": "open_jar", "parameters": schema}}]
    assert arguments('{"at": {"row": 1, "jar": null}}', tools=tools)[0] == '{"at": {"row": 1}}'


def test_padded_schemas_lose_their_nulls_and_keep_those_that_are_meant():
    shelf = {"type": "integer", "enum": None, "default": None}
    lid = {"type": ["string", "null"], "default": None, "enum": ["a", None]}
    properties = {"jar": None, "shelf": shelf, "lid": lid}
    function = {"name": "count", "description": None, "parameters": {"properties": properties}}
    offered = ToolOffer([{"type": "function", "function": function}, None])
    kept = {"shelf": {"type": "integer"}, "lid": lid}
    [tool] = offered.tools
    assert tool["function"] == {"name": "count", "parameters": {"properties": kept}}
    assert offered.padded and not ToolOffer(TOOLS).padded


def test_several_calls_stay_in_order_with_their_results():
    asked = said(call('{"jar": "a"}', id="1"), call("{}", "now", id="2"))
    shown, notes = history(USER, asked, result(tool_call_id="2"), result(tool_call_id="1"))
    names = [one["function"]["name"] for one in shown[1]["tool_calls"]]
    assert (names, notes) == (["open_jar", "now"], set())
    made, _ = answer(asked)
    assert [one["function"]["name"] for one in made["tool_calls"]] == ["open_jar", "now"]
    assert all("id" not in one for one in made["tool_calls"])


@pytest.mark.parametrize(
    ("results", "ids"),
    [
        ([result(), result()], ["1", "2"]),
        ([result(name="now"), result(name="open_jar")], ["2", "1"]),
        ([result(tool_call_id="2"), result()], ["2", "1"]),
    ],
)
def test_results_without_ids_get_those_of_their_calls(results, ids):
    asked = said(call('{"jar": "a"}', id="1"), call("{}", "now", id="2"))
    shown, notes = history(USER, asked, *results)
    assert [one["tool_call_id"] for one in shown[2:]] == ids
    assert notes == {"result_ids"}


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([USER, result()], "orphan_result"),
        ([USER, said(call("{}", "now", id="1")), result(tool_call_id="9")], "orphan_result"),
        ([USER, said(call("{}", "now")), result(), result()], "orphan_result"),
        ([USER, said(call("{}", "now")), USER], "unanswered_call"),
        ([USER, said(call("{}", "now"))], "unanswered_call"),
        ([USER, said({"code": "x"})], "unknown_call_form"),
        ([USER, {"role": "assistant", "content": "", "tool_calls": "now()"}], "unknown_call_form"),
        ([{"role": "wizard", "content": "x"}], "unknown_role"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}], "not_text"),
        ([{"role": "user", "content": None}], "no_prompt"),
        ([USER, {"role": "system", "content": "be short"}, USER], "late_system"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_its_true_name(messages, reason):
    with pytest.raises(MessagesRefused) as told:
        history(*messages)
    assert told.value.args[0] == reason


def test_two_users_in_a_row_are_fine():
    assert history(USER, USER) == ([USER, USER], set())


@pytest.mark.parametrize(("late", "role"), [(LateSystem.user, "user"), (LateSystem.keep, "system")])
def test_a_late_system_message_is_said_by_the_user_or_stays(late, role):
    late_one = {"role": "system", "content": "be short"}
    shown, notes = history(USER, late_one, USER, late=late)
    assert shown == [USER, {"role": role, "content": "be short"}, USER]
    assert notes == ({"late_system_as_user"} if role == "user" else set())


def test_system_messages_at_the_start_are_one():
    first, second = ({"role": role, "content": role} for role in ("system", "developer"))
    shown, notes = history(first, second, USER)
    assert shown == [{"role": "system", "content": "system\n\ndeveloper"}, USER]
    assert notes == {"systems_joined"}


THOUGHTS = [
    {"content": "plum", "reasoning_content": "hm"},
    {"content": "plum", "reasoning": "hm", "reasoning_content": "hm"},
    {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "plum"}]},
    {"content": [{"type": "reasoning", "text": "hm"}, {"type": "output_text", "text": "plum"}]},
    {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, "plum"]},
]


@pytest.mark.parametrize("message", THOUGHTS)
def test_thoughts_are_kept_apart_and_learned_if_asked_for(message):
    made, notes = answer(message)
    assert (made, notes) == ({"role": "assistant", "content": "plum"}, {"reasoning_left_out"})
    made, notes = answer(message, Reasoning.learn)
    assert made == {"role": "assistant", "content": "plum", "reasoning_content": "hm"}
    assert notes == {"reasoning_learned"}
    shown, notes = history(USER, {"role": "assistant", **message})
    assert shown[1] == {"role": "assistant", "content": "plum"}
    assert notes == {"reasoning_left_out"}


def test_a_thought_that_is_left_empty_is_none_that_was_thought():
    withheld = {"type": "thinking", "thinking": "", "signature": "s"}
    made, notes = answer({"content": [withheld, {"type": "text", "text": "plum"}]}, Reasoning.learn)
    assert (made, notes) == ({"role": "assistant", "content": "plum"}, {"reasoning_left_out"})


def test_a_part_of_the_answer_that_is_kept_as_its_thought_is_said_once():
    said = {"content": "I look.\n```\nls\n```", "thought": "I look.\n"}
    made, notes = answer(said, Reasoning.learn)
    assert (made, notes) == ({"role": "assistant", "content": said["content"]}, set())


def test_a_short_thought_that_occurs_in_the_answer_by_chance_is_a_thought():
    said = {"content": "Nothing is lost.", "thought": "is"}
    made, _ = answer(said, Reasoning.learn)
    assert made["reasoning_content"] == "is"


def test_a_part_that_is_no_text_is_never_joined_to_it():
    parts = [{"type": "refusal", "text": "no"}, {"type": "text", "text": "plum"}]
    with pytest.raises(MessagesRefused, match="not_text"):
        answer({"content": parts})


@pytest.mark.parametrize("mark", [{"weight": 0}, {"weight": 0.0}, {"train": False}])
def test_an_answer_marked_as_not_to_be_learned_is_none_and_may_stand_in_the_history(mark):
    message = {"role": "assistant", "content": "wrong jar", **mark}
    with pytest.raises(MessagesRefused, match="not_to_learn"):
        answer(message)
    assert history(USER, message)[0][1] == {"role": "assistant", "content": "wrong jar"}


def test_a_call_of_a_tool_that_was_not_offered_is_refused():
    with pytest.raises(MessagesRefused, match="unknown_tool"):
        arguments("{}", "close_jar")


def test_a_tool_of_no_known_form_refuses_the_row():
    with pytest.raises(MessagesRefused, match="unknown_tool_form"):
        ToolOffer([{"type": "web_search"}])
    with pytest.raises(MessagesRefused, match="unknown_tool_form"):
        offer.offer('"open_jar"')


def test_tools_as_a_json_text_are_read():
    assert offer.offer(json.dumps(json.dumps(TOOLS))).tools == TOOLS


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "x", "n": 1.5, "deep": {"b": [1, null]}}',
        '{"quoted": "\\"\\\\ \\n\\u001b é"}',
        '{"a":"x"}',
        '{"a": "\\u00e9"}',
        '{"a": "\\/"}',
        '{"n": 12345678901234567890123}',
        '{"n": 1.10}',
        '{"n": -0}',
        '{"n": 1e16}',
        "{}",
    ],
)
def test_arguments_are_the_same_whether_the_fast_reader_knows_them_or_not(text):
    assert object_text(text) == json.dumps(json.loads(text), ensure_ascii=False)


@pytest.mark.parametrize("empty", ["", [], {}, {"row": None}])
def test_what_is_empty_under_names_of_other_tools_is_padding(empty):
    padded = {"jar": "plum", "shelf": empty}
    assert arguments(padded) == ('{"jar": "plum"}', {"padding"})
    optional = {"jar": {"type": "string"}, "lid": {"type": "string"}}
    schema = {"type": "object", "properties": optional, "required": ["jar"]}
    tools = [{"type": "function", "function": {"name": "open_jar", "parameters": schema}}, TOOLS[1]]
    assert arguments({"jar": "", "lid": ""}, tools=tools)[0] == '{"jar": "", "lid": ""}'
    with pytest.raises(MessagesRefused, match="padded_arguments"):
        arguments({"jar": "plum", "lid": "", "shelf": ""}, tools=tools)


def test_results_in_another_order_find_their_calls_by_numbers_and_by_ids_of_their_own():
    asked = said(call('{"jar": "a"}', id=1), call('{"jar": "b"}', id=2))
    for key in ("tool_call_id", "toolCallId", "id"):
        shown, _ = history(USER, asked, result(**{key: 2}), result(**{key: 1}))
        assert [one["tool_call_id"] for one in shown[2:]] == ["2", "1"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<think>\nhm\n</think>\n\nPlums.", "Plums."),
        ("hm</think>Plums.", "Plums."),
        ("<think>hm", ""),
        ("I think </b> it is plums.", "I think </b> it is plums."),
    ],
)
def test_thoughts_in_tags_are_no_words_of_the_answer(content, text):
    made, notes = answer({"role": "assistant", "content": content})
    assert (made["content"], bool(notes)) == (text, text != content)
    learned, _ = answer({"role": "assistant", "content": content}, Reasoning.learn)
    assert learned.get("reasoning_content", "hm") == "hm"


@pytest.mark.parametrize("key", ["reasoning_details", "thinking_blocks"])
def test_lists_of_thoughts_are_thoughts(key):
    told = {"role": "assistant", "content": "Plums.", key: [{"type": "x", "text": "hm"}]}
    assert answer(told, Reasoning.learn)[0]["reasoning_content"] == "hm"
    hidden = {**told, key: [{"type": "reasoning.encrypted", "data": "x"}]}
    assert answer(hidden, Reasoning.learn)[1] == {"reasoning_left_out"}


def test_calls_in_the_text_of_an_answer_are_calls_and_other_marks_are_refused():
    block = 'Look. <tool_call>{"name": "open_jar", "arguments": {"jar":"plum"}}</tool_call>'
    made, _ = answer({"role": "assistant", "content": block})
    assert made == answer(said(call('{"jar": "plum"}'), content="Look."))[0]
    shown, _ = history(USER, {"role": "assistant", "content": block}, result())
    assert [one["function"]["name"] for one in shown[1]["tool_calls"]] == ["open_jar"]
    for text, why in (
        ("<tool_call>{'name': 1}</tool_call>", "unknown_call_form"),
        ("<tool_call>", "unknown_call_form"),
        ("[TOOL_CALLS][]", "foreign_markup"),
    ):
        with pytest.raises(MessagesRefused, match=why):
            answer({"role": "assistant", "content": text})
        assert answer({"role": "assistant", "content": text}, tools=[])[0]["content"] == text


@pytest.mark.parametrize(
    "mark",
    [{"weight": "0"}, {"train": "false"}, {"train": 0}, {"loss_mask": 0}, {"masked": True}],
)
def test_marks_are_read_as_numbers_and_words_too(mark):
    with pytest.raises(MessagesRefused, match="not_to_learn"):
        answer({"role": "assistant", "content": "Plums.", **mark})


@pytest.mark.parametrize("mark", [{"weight": 0.5}, {"weight": None}, {"train": "yes"}, {"mask": 0}])
def test_marks_that_do_not_say_no_leave_a_message_to_learn(mark):
    assert answer({"role": "assistant", "content": "Plums.", **mark})[0]["content"] == "Plums."


def test_what_is_said_in_a_channel_for_analysis_is_thought():
    made, notes = answer({"role": "assistant", "channel": "analysis", "content": "hm"})
    assert (made["content"], notes) == ("", {"reasoning_left_out"})
    said, notes = answer({"role": "assistant", "channel": "final", "content": "Plums."})
    assert (said["content"], notes) == ("Plums.", set())


@pytest.mark.parametrize("content", [None, "Let me see.", "a [b] <c>"])
def test_a_null_among_calls_is_none(content):
    padded = said(None, call('{"jar": "plum"}'), content=content)
    assert [one["function"]["arguments"] for one in answer(padded)[0]["tool_calls"]] == [
        '{"jar": "plum"}'
    ]
    assert "tool_calls" not in answer(said(None, content=content))[0]


def test_integers_of_any_length_stay_exact_where_a_message_was_read_fast():
    long = 12345678901234567890123
    fast = [USER, said(call({"jar": float(long)}, id="a")), result(tool_call_id="a")]
    exact = [USER, said(call({"jar": long}, id="a")), result(tool_call_id="a")]
    shown = canonical_history.history(
        fast, ToolOffer(TOOLS), LateSystem.reject, Notes(), exact=lambda: exact
    )
    assert shown[1]["tool_calls"][0]["function"]["arguments"] == f'{{"jar": {long}}}'
