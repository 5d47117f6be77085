from reading_formats import attempts, left_out, told, whole

GREETING = {"role": "assistant", "content": "Hello."}
CALL = {"id": "c1", "name": "look", "arguments": {"n": 1}, "requestor": "assistant"}
USED = {"prompt_tokens": 9, "completion_tokens": 2}


def result(*messages, **changes):
    info = {"agent_info": {"llm": "m1"}, "environment_info": {"domain_name": "garden"}}
    one = {"id": "x", "task_id": "7", "trial": 1, "messages": [*messages],
           "reward_info": {"reward": 1.0}} | changes  # fmt: skip
    return {"timestamp": "20260101", "info": info, "tasks": [{"id": "7"}], "simulations": [one]}


def one(tmp_path, *messages, **changes):
    [found] = attempts(whole(tmp_path / "r.json", result(*messages, **changes)), "tau2")
    return found


def test_a_simulation_is_an_attempt_and_the_greeting_is_no_models(tmp_path):
    found = one(
        tmp_path, GREETING, {"role": "user", "content": "Where?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL], "usage": USED},
        {"role": "tool", "id": "c1", "content": "four", "requestor": "assistant"},
        {"role": "assistant", "content": "Four.", "usage": USED},
    )  # fmt: skip
    first, last = found.attempt.turns
    assert told(first) == (["assistant: Hello.", "user: Where?"], 'assistant: look({"n": 1})')
    assert (told(last)[0][-1], last.prompt_tokens) == ("tool: four", 9)
    assert (found.item.item_id, found.attempt.attempt_num, found.policy) == (
        "garden-7", 2, "model:m1",
    )  # fmt: skip
    assert found.attempt.outcome.passed


def test_calls_of_the_simulated_user_are_not_shown_to_the_agent(tmp_path):
    his = {"id": "u1", "name": "toggle", "arguments": {}, "requestor": "user"}
    [turn] = one(
        tmp_path, GREETING, {"role": "user", "content": None, "tool_calls": [his]},
        {"role": "tool", "tool_messages": [{"role": "tool", "id": "u1", "content": "on",
                                            "requestor": "user"}]},
        {"role": "user", "content": "It is on."}, {"role": "assistant", "content": "Good."},
    ).attempt.turns  # fmt: skip
    assert told(turn)[0] == ["assistant: Hello.", "user: It is on."]


def test_a_simulation_that_broke_down_has_no_verdict(tmp_path):
    found = one(tmp_path, {"role": "user", "content": "a"}, {"role": "assistant", "content": "A"},
                reward_info=None)  # fmt: skip
    assert found.attempt.outcome.infrastructure


def test_a_simulation_without_messages_is_counted(tmp_path):
    path = whole(tmp_path / "r.json", result(messages=None))
    assert left_out(path, "tau2") == ["no_answer", "no_messages"]
