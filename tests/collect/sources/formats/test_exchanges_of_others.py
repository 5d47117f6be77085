"""Why an answer ended, and its calls, are found where each API keeps them."""

import pytest

from harness_forge.collect.sources.formats import litellm
from harness_forge.collect.sources.formats.exchange import called
from harness_forge.collect.sources.formats.otel_messages import of_event
from harness_forge.collect.sources.formats.reading import NoConversation

CUT = {
    "OpenAI": {"choices": [{"message": {"content": "half"}, "finish_reason": "length"}]},
    "LangChain": {
        "generations": [
            [
                {
                    "text": "half",
                    "generation_info": {"finish_reason": "length"},
                    "message": {"role": "assistant", "content": "half"},
                }
            ]
        ]
    },
    "LangChain's metadata": {
        "generations": [
            [
                {
                    "message": {
                        "role": "assistant",
                        "content": "half",
                        "response_metadata": {"stop_reason": "max_tokens"},
                    }
                }
            ]
        ]
    },
    "AI SDK": {"text": "half", "finishReason": "length"},
    "a message": {"role": "assistant", "content": "half", "stop_reason": "max_tokens"},
}


@pytest.mark.parametrize("name", CUT)
def test_an_answer_that_was_cut_is_known_to_be(name):
    found = called([{"role": "user", "content": "q"}], CUT[name])
    assert found.finish_reason == "length"
    assert found.said["content"] == "half"


def test_a_result_of_the_ai_sdk_keeps_its_calls():
    call = {"type": "tool-call", "toolCallId": "1", "toolName": "look", "input": {"a": 1}}
    said = {"text": "Let me look.", "toolCalls": [call], "finishReason": "tool-calls"}
    found = called("q", said)
    assert (found.said["content"], found.said["tool_calls"]) == ("Let me look.", [call])
    assert found.finish_reason == "tool_calls"


def test_a_choice_of_opentelemetry_keeps_calls_that_stand_beside_its_message():
    calls = [{"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}]
    said = {"finish_reason": "tool_calls", "message": {"content": "I look."}, "tool_calls": calls}
    found = of_event("gen_ai.choice", said)
    assert (found["content"], found["tool_calls"]) == ("I look.", calls)


@pytest.mark.parametrize(
    "asked",
    [
        {"system": "Be brief.", "prompt": "q"},
        {"instructions": "Be brief.", "query": "q"},
        {"system": "Be brief.", "question": [{"role": "user", "content": "q"}]},
    ],
)
def test_instructions_beside_a_question_are_shown(asked):
    found = called(asked, {"role": "assistant", "content": "a"})
    assert [one["role"] for one in found.shown] == ["system", "user"]
    assert found.shown[0]["content"] == "Be brief."


def test_a_history_that_is_not_read_makes_no_prompt_without_it():
    with pytest.raises(NoConversation, match="chat_history"):
        called({"question": "q", "chat_history": [["a", "b"]]}, "said")


@pytest.mark.parametrize("place", ["proxy_server_request", "model_parameters"])
def test_a_call_of_litellm_is_shown_its_instructions(place):
    blocks = [{"type": "text", "text": "Be brief."}]
    body = {"system": blocks}
    record = {
        "call_type": "anthropic_messages",
        "messages": [{"role": "user", "content": "q"}],
        "response": {"choices": [{"message": {"role": "assistant", "content": "a"}}]},
        place: {"body": body} if place == "proxy_server_request" else body,
    }
    shown = litellm._answer(record).shown
    assert [one["role"] for one in shown] == ["system", "user"]
    record["messages"] = [{"role": "system", "content": "Own."}, *record["messages"]]
    assert litellm._answer(record).shown[0]["content"] == "Own."
