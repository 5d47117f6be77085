"""What a server left in an answer's text is not learned as said: tokens, thoughts, calls."""

import pytest

from harness_forge.core.chat import canonical_answer, canonical_history
from harness_forge.core.chat.canonical_choices import LateSystem, Notes, Reasoning
from harness_forge.core.chat.faults import MessagesRefused
from harness_forge.core.chat.marks import learnable
from harness_forge.core.chat.offer import ToolOffer

TOOLS = [{"type": "function", "function": {"name": "dig", "parameters": {"type": "object"}}}]
USER = {"role": "user", "content": "where?"}


def answer(content, tools=None, **more):
    notes = Notes()
    raw = {"role": "assistant", "content": content, **more}
    made = canonical_answer.answer(raw, ToolOffer(tools), Reasoning.learn, notes)
    return made, set(notes.kinds)


def history(*messages):
    offered, notes = ToolOffer(None), Notes()
    return canonical_history.history([*messages], offered, LateSystem.reject, notes), notes.kinds


@pytest.mark.parametrize(
    "content",
    [
        "<THINK>by the well</THINK>\nDig there.",
        "<seed:think>by the well</seed:think>Dig there.",
        "<reasoning>by the well</reasoning> Dig there.",
        "[THINK]by the well[/THINK]Dig there.",
        "◁think▷by the well◁/think▷Dig there.",
        "<|begin_of_thought|>by the well<|end_of_thought|>\n"
        "<|begin_of_solution|>Dig there.<|end_of_solution|>",
        [{"type": "text", "text": "<think>by the well</think>Dig there."}],
        [{"type": "text", "text": "<think>by the well</think>"}, "Dig there."],
    ],
)
def test_thoughts_in_tags_of_every_family_are_thoughts(content):
    made, _ = answer(content)
    assert (made["content"], made["reasoning_content"]) == ("Dig there.", "by the well")


def test_thoughts_between_what_was_said_are_refused():
    with pytest.raises(MessagesRefused, match="foreign_markup"):
        answer("Well. <think>where is it</think> Dig there.")


@pytest.mark.parametrize(
    "content",
    [
        "`<think>hm</think>` is a tag",
        "<b>dig</b>",
        "I think: <s>no</s>",
        "Take s.split('</think>')[-1] then.",
        "What `</think>` ends.",
    ],
)
def test_tags_that_an_answer_is_about_stay(content):
    assert answer(content) == ({"role": "assistant", "content": content}, set())


@pytest.mark.parametrize(
    "mark", ["<|im_end|>", "<|eot_id|>\n", "</s>", "<end_of_turn>", " <|end|><|return|>"]
)
def test_a_token_at_an_answers_end_is_taken_off_and_counted(mark):
    assert answer(f"Dig there.{mark}") == (
        {"role": "assistant", "content": "Dig there."},
        {"end_marks"},
    )
    shown, notes = history(USER, {"role": "assistant", "content": f"Dig there.{mark}"}, USER)
    assert (shown[1]["content"], notes) == ("Dig there.", {"end_marks"})


@pytest.mark.parametrize(
    "content",
    [
        "Dig.<|im_end|>\n<|im_start|>user\nthanks",
        "Dig. [INST] thanks [/INST]",
        "Dig.<end_of_turn>\n<start_of_turn>user\nthanks",
    ],
)
def test_an_answer_that_goes_on_with_the_next_turn_is_refused(content):
    with pytest.raises(MessagesRefused, match="foreign_markup"):
        answer(content)


CALL = '{"name": "dig", "arguments": {"depth": 2}}'


@pytest.mark.parametrize("content", [CALL, f" [{CALL}] ", f"```json\n{CALL}\n```"])
def test_a_call_as_bare_json_is_no_text_to_learn(content):
    with pytest.raises(MessagesRefused, match="foreign_markup"):
        answer(content, TOOLS)
    assert answer(content)[0]["content"] == content  # without tools it is an answer in JSON


@pytest.mark.parametrize(
    "content",
    ['{"name": "dig", "age": 3}', '{"name": "Ada", "arguments": "many"}', '[{"name": 3}]'],
)
def test_an_answer_in_json_that_calls_no_tool_stays(content):
    assert answer(content, TOOLS)[0]["content"] == content


def test_an_assistant_message_without_a_content_is_an_empty_one():
    shown, _ = history(USER, {"role": "assistant"}, USER)
    assert [one["content"] for one in shown] == ["where?", "", "where?"]
    with pytest.raises(MessagesRefused, match="not_text"):
        history(USER, {"role": "assistant", "content": None, "refusal": "no"}, USER)


def test_a_list_of_marks_is_that_of_the_tokens():
    assert not learnable({"loss_mask": [0, 0]})
    assert learnable({"loss_mask": [0, 1]})
    assert learnable({"loss_mask": []})
