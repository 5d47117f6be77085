from reading_formats import attempts, lines, told


def test_roles_and_texts_become_messages(tmp_path):
    said = [{"role": "system", "text": None, "system_prompt": "s"}, {"role": "user", "text": "a"},
            {"role": "ai", "text": "A", "mask": False}]  # fmt: skip
    made = {"instance_id": "i-1", "model_name": "m1", "target": False, "trajectory": said}
    [found] = attempts(lines(tmp_path / "t.jsonl", made), "nebius")
    assert told(found.attempt.turns[0]) == (["system: s", "user: a"], "assistant: A")
    assert (found.item.item_id, found.attempt.outcome.failure_mode) == ("i-1", "not_passed")
