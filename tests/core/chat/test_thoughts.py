"""Thoughts that are a message of their own belong to the answer that follows them."""

import pytest

from harness_forge.core.chat import parts
from harness_forge.core.chat.forms import conversation
from harness_forge.core.chat.responses import messages as of_items

USER = {"role": "user", "content": "Which jar holds plums?"}
CALL = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "plums"}


def says(content, **more):
    return {"role": "assistant", "content": content, **more}


THOUGHTS = {
    "field": says(None, reasoning_content="First."),
    "other field": says("", reasoning="First."),
    "part": says([{"type": "thinking", "thinking": "First.", "signature": "s"}]),
    "part of Bedrock": says(
        [{"reasoningContent": {"reasoningText": {"text": "First.", "signature": "s"}}}]
    ),
    "tags": says("<think>First.</think>"),
    "tags with attributes": says('<think duration="3">First.</think>'),
    "details of a page": says(
        '<details type="reasoning" done="true" duration="3">\n<summary>Thought</summary>\n'
        "First.\n</details>"
    ),
    "part of Gemini with a type": says([{"type": "text", "thought": True, "text": "First."}]),
    "channel": says("First.", channel="analysis"),
    "details": says("", reasoning_details=[{"type": "reasoning.text", "text": "First."}]),
}
ANSWERS = {
    "words": says("This one."),
    "calls": says(None, tool_calls=[CALL]),
    "words with a field": says("This one.", reasoning_content="Then."),
    "words with two fields": says("This one.", reasoning_content="Then.", reasoning="Then."),
    "words with tags": says("<think>Then.</think>This one."),
    "parts": says([{"type": "thinking", "thinking": "Then."}, {"type": "text", "text": "Yes."}]),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("thought", THOUGHTS)
def test_thoughts_join_the_answer_behind_them_before_its_own(thought, answer):
    asked, made = conversation([USER, THOUGHTS[thought], ANSWERS[answer]])
    found, before = parts.apart(made), parts.apart(ANSWERS[answer])
    assert asked == USER
    assert found.text == before.text
    assert made.get("tool_calls") == ANSWERS[answer].get("tool_calls")
    assert "\n\n".join(found.thoughts) == "\n\n".join(["First.", *before.thoughts])


def test_several_in_a_row_join_in_their_order():
    raw = [USER, *(says(None, reasoning_content=word) for word in "abc"), says("This one.")]
    _, made = conversation(raw)
    assert made["reasoning_content"] == "a\n\nb\n\nc"


@pytest.mark.parametrize(
    "hidden",
    [
        says([{"type": "redacted_thinking", "data": "x"}]),
        says([{"reasoningContent": {"redactedContent": "eHg="}}]),
        says(None, reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}]),
    ],
)
def test_hidden_thoughts_join_too_and_are_still_known_to_be_there(hidden):
    _, made = conversation([USER, hidden, says("This one.")])
    found = parts.apart(made)
    assert (found.text, found.hidden, found.thoughts) == ("This one.", True, [])


@pytest.mark.parametrize(
    "raw",
    [
        [USER, THOUGHTS["field"]],
        [USER, THOUGHTS["field"], USER, says("This one.")],
        [USER, says("Hm.", reasoning_content="First."), says("This one.")],
        [USER, says(None), says("This one.")],
        [USER, THOUGHTS["field"] | {"weight": 0}, says("This one.")],
        [USER, THOUGHTS["field"] | {"name": "planner"}, says("This one.", name="worker")],
        [USER, says(None, tool_calls=[CALL], reasoning="First."), RESULT, says("This one.")],
    ],
    ids=["at the end", "the user speaks", "words", "nothing", "not to learn", "another", "calls"],
)
def test_what_answers_or_is_followed_by_no_answer_stays(raw):
    assert conversation(raw) == raw


def test_items_of_responses_do_the_same():
    thought = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "First."}]}
    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
    [made] = of_items([thought, call])
    assert (made["reasoning_content"], made["tool_calls"]) == ("First.", [CALL])
