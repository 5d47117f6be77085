from reading_formats import attempts, left_out, lines, told, whole

ASKED, SAID = {"role": "user", "content": "a"}, {"role": "assistant", "content": "A"}


def row(**changes):
    return {"example_id": 3, "prompt": [ASKED], "completion": [SAID], "task": "seeds",
            "reward": 1.0, "info": {}} | changes  # fmt: skip


def one(tmp_path, **changes):
    whole(tmp_path / "metadata.json", {"env_id": "garden", "model": "m1"})
    [found] = attempts(lines(tmp_path / "results.jsonl", row(**changes)), "verifiers")
    return found


def test_a_rollout_is_an_attempt_and_its_prompt_is_history(tmp_path):
    found = one(tmp_path, prompt=[ASKED, SAID, ASKED])
    [turn] = found.attempt.turns
    assert told(turn) == (["user: a", "assistant: A", "user: a"], "assistant: A")
    assert (found.item.item_id, found.policy) == ("seeds-3", "model:m1")
    assert found.attempt.outcome.passed


def test_steps_say_what_was_shown(tmp_path):
    other = {"role": "user", "content": "shorter"}
    steps = [{"prompt": [other], "completion": [SAID], "is_truncated": True}]
    [turn] = one(tmp_path, trajectory=steps).attempt.turns
    assert (told(turn)[0], turn.finish_reason) == (["user: shorter"], "length")


def test_tools_are_those_of_the_info_also_as_a_text(tmp_path):
    tools = '{"oai_tools": [{"type": "function", "function": {"name": "look"}}]}'
    [turn] = one(tmp_path, info=tools).attempt.turns
    assert turn.tools[0]["function"]["name"] == "look"


def test_a_rollout_with_an_error_has_no_verdict(tmp_path):
    assert one(tmp_path, error="timeout", reward=0.0).attempt.outcome.infrastructure


def test_texts_are_no_chat(tmp_path):
    path = lines(tmp_path / "results.jsonl", row(prompt="a", completion="A"))
    assert left_out(path, "verifiers") == ["not_chat"]
