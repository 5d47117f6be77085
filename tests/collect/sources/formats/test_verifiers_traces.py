"""Episodes of verifiers: a graph of messages, in which each answer was shown what leads to it."""

from reading_formats import attempts, left_out, lines, told

TOOL = {"type": "function", "name": "look", "parameters": {"type": "object"}}


def node(role, words, parent=None, **fields):
    sampled = fields.pop("sampled", role == "assistant")
    message = {"role": role, "content": words, **fields.pop("message", {})}
    return {"parent": parent, "message": message, "sampled": sampled, "timestamp": 1.5e9, **fields}


def episode(*nodes, **trace):
    own = {
        "task": {"type": "Seeds", "data": {"idx": 0, "id": "bed-7"}, "hash": "abc"},
        "agent": {"name": "agent", "config": {}},
        "nodes": nodes,
        "ok": True,
        "rewards": {
            "right": {"score": 0.5, "weight": 2.0},
            "plain": {"score": 0.0, "weight": None},
            "short": None,
            "slow": {"score": None},
        },
        "metrics": {"turns": 2.0},
    }
    task = {"type": "Seeds", "data": {}}
    return {"id": "e", "env": {"id": "garden"}, "task": task, "traces": [own | trace]}


def test_a_trace_is_an_attempt_with_its_reward_tools_and_tokens(tmp_path):
    call = {"id": "c1", "type": "function", "name": "look", "arguments": '{"n": 1}'}
    nodes = [
        node("user", "Which?", tools=[TOOL]),
        node("assistant", None, 0, message={"reasoning_content": "Hm.", "tool_calls": [call]}),
        node("tool", "drawer 4", 1, message={"tool_call_id": "c1"}),
        node("assistant", "Drawer 4.", 2),
    ]
    used = {"prompt_tokens": 3, "cached_input_tokens": 6, "completion_tokens": 2}
    calls = [
        {"node": 1, "model": "m1", "finish_reason": "tool_calls", "usage": used},
        {"node": None, "model": "m1", "error": {"type": "E", "message": "lost"}},
        {"node": 3, "model": "m1", "finish_reason": "length"},
    ]
    path = lines(tmp_path / "traces.jsonl", episode(*nodes, calls=calls))
    [found] = attempts(path, "verifiers")
    first, last = found.attempt.turns
    assert (found.item.item_id, found.item.family, found.attempt.outcome.passed) == (
        *("bed-7", "garden"),
        True,
    )
    assert told(first) == (["user: Which?"], 'assistant: look({"n": 1})')
    assert (first.model, first.prompt_tokens, first.cached_tokens) == ("m1", 9, 6)
    assert first.tools[0]["function"]["name"] == "look"
    assert told(last)[0][2:] == ["tool: drawer 4"]
    assert last.finish_reason == "length"


def test_each_branch_is_shown_what_leads_to_it(tmp_path):
    nodes = [
        node("user", "a"),
        node("assistant", "A", 0),
        node("user", "b", 1),
        node("assistant", "B", 2),
        node("user", "summary"),
        node("assistant", "made up by the harness", 4, sampled=False),
        node("assistant", "C", 5),
    ]
    [found] = attempts(lines(tmp_path / "traces.jsonl", episode(*nodes)), "verifiers")
    assert [told(turn)[0] for turn in found.attempt.turns] == [
        ["user: a"],
        ["user: a", "assistant: A", "user: b"],
        ["user: summary", "assistant: made up by the harness"],
    ]


def test_a_trace_that_is_not_ok_or_was_not_scored_has_no_verdict(tmp_path):
    said = [node("user", "a"), node("assistant", "A", 0)]
    for changes in ({"ok": False}, {"rewards": {}}, {"rewards": {"right": None}}):
        path = lines(tmp_path / "traces.jsonl", episode(*said, **changes))
        [found] = attempts(path, "verifiers")
        assert found.attempt.outcome.infrastructure


def test_messages_in_a_circle_are_refused(tmp_path):
    path = lines(tmp_path / "traces.jsonl", episode(node("assistant", "A", 0)))
    assert left_out(path, "verifiers") == ["misfit"]
