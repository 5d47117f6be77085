from reading_formats import attempts, left_out, lines, told, whole


def call(number="c1"):
    function = {"name": "run", "arguments": '{"c": "ls"}'}
    return {"id": number, "type": "function", "function": function}


def acted(number, *numbers, call_id="c1", words="I look."):
    message = {"role": "assistant", "content": words, "tool_calls": [*map(call, numbers)]}
    answered = {"id": "r1", "choices": [{"message": message}]}
    told_ = {"function_name": "run", "tool_call_id": call_id, "model_response": answered}
    return {"id": number, "source": "agent", "action": "run", "args": {},
            "tool_call_metadata": told_}  # fmt: skip


def user(number, words):
    return {"id": number, "source": "user", "action": "message", "args": {"content": words}}


def said(number, words):
    return {"id": number, "source": "agent", "action": "message", "args": {"content": words}}


def seen(number, words, cause):
    return {"id": number, "source": "agent", "observation": "run", "content": words, "cause": cause}


def record(*history, **changes):
    settings = {"llm_config": {"model": "m1"}}
    return {"instance_id": "i-1", "history": [*history], "metadata": settings,
            "test_result": {"report": {"resolved": True}}} | changes  # fmt: skip


def one(tmp_path, *history, **changes):
    path = lines(tmp_path / "output.jsonl", record(*history, **changes))
    [found] = attempts(path, "openhands")
    return found


def test_actions_of_one_answer_are_one_answer(tmp_path):
    args = {"content": "s", "tools": [{"type": "function", "function": {"name": "run"}}]}
    system = {"id": 0, "source": "agent", "action": "system", "args": args}
    found = one(
        tmp_path, system, user(1, "a"), acted(2, "c1", "c2"), seen(3, "one", 2),
        acted(4, "c1", "c2", call_id="c2"), seen(5, "two", 4), said(6, "Done."),
    )  # fmt: skip
    assert found.attempt.outcome.passed
    *_, last = found.attempt.turns
    assert told(last)[0][-2:] == ["tool: one", "tool: two"]
    assert last.tools[0]["function"]["name"] == "run"


def test_an_action_without_the_models_words_is_counted(tmp_path):
    finish = {"id": 3, "source": "agent", "action": "finish", "args": {"outputs": {}}}
    found = one(tmp_path, user(1, "a"), said(2, "A"), finish)
    assert [told(turn)[1] for turn in found.attempt.turns] == ["assistant: A"]
    assert left_out(tmp_path / "output.jsonl", "openhands") == ["not_as_said"]


def test_what_was_condensed_is_not_shown_to_later_answers(tmp_path):
    args = {"forgotten_event_ids": [2, 3], "summary": "Sum.", "summary_offset": 1}
    condensed = {"id": 4, "source": "agent", "action": "condensation", "args": args}
    *_, last = one(
        tmp_path, user(1, "a"), said(2, "A"), user(3, "b"), condensed, said(5, "B")
    ).attempt.turns  # fmt: skip
    assert told(last) == (["user: a", "user: Sum."], "assistant: B")


def test_pairs_of_actions_and_observations(tmp_path):
    found = one(tmp_path, [user(1, "a"), {"observation": "null"}], [said(2, "A"), {}])
    assert told(found.attempt.turns[0]) == (["user: a"], "assistant: A")


def test_events_of_the_new_form(tmp_path):
    action = {"id": "e3", "kind": "ActionEvent", "thought": [{"type": "text", "text": "I look."}],
              "reasoning_content": "Hm.", "tool_call_id": "c1", "llm_response_id": "r1",
              "tool_call": {"id": "c1", "name": "run", "arguments": '{"c": "ls"}'}}  # fmt: skip
    asked = {"role": "user", "content": [{"type": "text", "text": "a"}]}
    first, last = one(
        tmp_path,
        {"id": "e1", "kind": "SystemPromptEvent", "system_prompt": {"type": "text", "text": "s"}},
        {"id": "e2", "kind": "MessageEvent", "source": "user", "llm_message": asked,
         "extended_content": [{"type": "text", "text": "!"}]}, action,
        {"id": "e4", "kind": "ObservationEvent", "tool_call_id": "c1",
         "observation": {"kind": "R", "content": [{"type": "text", "text": "four"}]}},
        {"id": "e5", "kind": "MessageEvent", "source": "agent",
         "llm_message": {"role": "assistant", "content": [{"type": "text", "text": "Four."}]}},
    ).attempt.turns  # fmt: skip
    assert told(first) == (["system: s", "user: a!"], 'assistant: I look. run({"c": "ls"})')
    assert first.response["reasoning_content"] == "Hm."
    assert told(last)[0][-1] == "tool: four"


def test_calls_that_were_logged_are_read_instead(tmp_path):
    folder = tmp_path / "llm_completions" / "i-1"
    for at in (1, 2):
        said_ = {"role": "assistant", "content": f"A{at}"}
        made = {"messages": [{"role": "user", "content": "exact"}], "timestamp": at,
                "response": {"model": "m2", "choices": [{"message": said_}],
                             "usage": {"prompt_tokens": 9}},
                "kwargs": {"tools": []}}  # fmt: skip
        whole(folder / f"c{at}.json", made)
    first, last = one(tmp_path, user(1, "a"), said(2, "A")).attempt.turns
    assert (told(first), told(last)[1]) == ((["user: exact"], "assistant: A1"), "assistant: A2")
    assert (first.model, first.prompt_tokens) == ("m2", 9)


def test_without_a_report_there_is_no_verdict(tmp_path):
    assert one(tmp_path, user(1, "a"), said(2, "A"), test_result={}).attempt.outcome.infrastructure
