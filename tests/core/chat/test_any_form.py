"""Whatever form a conversation is given in: its canonical form is one, and no text is lost."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from harness_forge.core.chat import canonical_answer, canonical_history
from harness_forge.core.chat.canonical_choices import LateSystem, Notes, Reasoning
from harness_forge.core.chat.offer import ToolOffer

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(WORDS, VALUES, max_size=3)
NAMES = ("open_jar", "count")
TOOLS = [{"type": "function", "function": {"name": name}} for name in NAMES]


@st.composite
def contents(draw, text):
    part = st.sampled_from([{"type": "text", "text": text}, {"type": "output_text", "text": text}])
    return draw(st.just(text) | part.map(lambda one: [one]) | st.just([text]))


@st.composite
def calls(draw, name, arguments, number):
    texts = [json.dumps(arguments), json.dumps(arguments, ensure_ascii=False)]
    texts += [json.dumps(arguments, separators=(",", ":")), json.dumps(json.dumps(arguments))]
    said = draw(st.sampled_from([arguments, *texts]))
    return draw(
        st.sampled_from(
            [
                {"id": number, "type": "function", "function": {"name": name, "arguments": said}},
                {"name": name, "arguments": said, "id": number},
                {"name": name, "args": said, "id": number, "type": "tool_call"},
                {"type": "tool_use", "name": name, "input": said, "id": number},
                {"function": name, "arguments": said, "id": number},
            ]
        )
    )


@st.composite
def conversations(draw):
    """Return messages in some form, the texts in them, and the arguments that they mean."""
    made, texts, meant = [], [], []
    for role in draw(st.lists(st.sampled_from(["user", "human", "gpt", "assistant"]), max_size=4)):
        texts.append(draw(WORDS))
        made.append({"role": role, "content": draw(contents(texts[-1]))})
        if role in ("user", "human") or not draw(st.booleans()):
            continue
        asked = draw(st.lists(st.tuples(st.sampled_from(NAMES), ARGUMENTS), min_size=1, max_size=2))
        meant += [arguments for _, arguments in asked]
        turn = len(made)
        made[-1]["tool_calls"] = [
            draw(calls(*one, f"c{turn}-{at}")) for at, one in enumerate(asked)
        ]
        for at in range(len(asked)):
            texts.append(draw(WORDS))
            number = {"tool_call_id": f"c{turn}-{at}"} if draw(st.booleans()) else {}
            made.append({"role": "function", "content": texts[-1], **number})
    texts.append(draw(WORDS))
    made.append({"role": "user", "content": texts[-1]})
    return made, texts, meant


def shown(messages):
    return canonical_history.history(messages, ToolOffer(TOOLS), LateSystem.reject, Notes())


@settings(deadline=None, max_examples=60)
@given(conversations())
def test_no_text_and_no_argument_is_lost_and_the_form_is_one(given_):
    messages, texts, meant = given_
    made = shown(messages)
    assert [one["content"] for one in made] == texts
    said = [call["function"]["arguments"] for one in made for call in one.get("tool_calls", ())]
    assert said == [json.dumps(one, ensure_ascii=False) for one in meant]
    assert {one["role"] for one in made} <= {"user", "assistant", "tool"}
    assert shown(made) == made


@settings(deadline=None, max_examples=40)
@given(WORDS, st.lists(st.tuples(st.sampled_from(NAMES), ARGUMENTS), max_size=3), WORDS)
def test_an_answer_in_canonical_form_comes_back_as_it_is(text, asked, thought):
    def canonical(message):
        return canonical_answer.answer(message, ToolOffer(TOOLS), Reasoning.learn, Notes())

    calls = [{"name": name, "arguments": arguments} for name, arguments in asked]
    made = canonical({"content": text, "tool_calls": calls, "thinking": thought})
    assert (made["content"], made["reasoning_content"]) == (text, thought)
    assert len(made.get("tool_calls", ())) == len(asked)
    assert canonical(made) == made
