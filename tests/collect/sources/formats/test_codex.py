import pytest
from reading_formats import attempts, left_out, lines, read, told

META = {"type": "session_meta", "payload": {"id": "s1", "base_instructions": {"text": "Tend."}}}
TURN = {"type": "turn_context", "payload": {"model": "m1"}}


def item(kind, **fields):
    return {"type": "response_item", "timestamp": "2026-01-01T00:00:00Z",
            "payload": {"type": kind, **fields}}  # fmt: skip


def user(text):
    part = {"type": "input_text", "text": text}
    return item("message", role="user", content=[part])


def said(text):
    return item("message", role="assistant", content=[{"type": "output_text", "text": text}])


def call(number="c1", name="shell"):
    return item("function_call", name=name, arguments='{"n": 1}', call_id=number)


def result(number="c1", text="four"):
    return item("function_call_output", call_id=number, output=text)


def event(kind, **fields):
    return {"type": "event_msg", "payload": {"type": kind, **fields}}


def turns(tmp_path, *records):
    [found] = attempts(lines(tmp_path / "rollout.jsonl", META, TURN, *records), "codex")
    return found.attempt.turns


def test_an_answer_is_all_that_was_said_at_once(tmp_path):
    thought = item("reasoning", summary=[], encrypted_content="g")
    first, last = turns(
        tmp_path, user("Where?"), thought, said("I look."), call(), call("c2"),
        result(), result("c2", "five"), said("Four."),
    )  # fmt: skip
    shown = ["system: Tend.", "user: Where?"]
    assert told(first) == (shown, 'assistant: I look. shell({"n": 1}) shell({"n": 1})')
    assert told(last)[0][-2:] == ["tool: four", "tool: five"]
    assert [one["tool_call_id"] for one in last.messages[-2:]] == ["c1", "c2"]
    assert [one.model for one in (first, last)] == ["m1", "m1"]


def test_tokens_are_those_of_the_answer_before_the_count(tmp_path):
    used = event(
        "token_count",
        info={
            "last_token_usage": {"input_tokens": 9, "output_tokens": 2, "cached_input_tokens": 4}
        },
    )
    one, two = turns(tmp_path, user("a"), call(), result(), used, used, said("b"))
    assert (one.prompt_tokens, one.completion_tokens, two.prompt_tokens) == (9, 2, None)
    assert (one.cached_tokens, one.reasoning_tokens, two.cached_tokens) == (4, None, None)


def test_what_was_compacted_is_not_shown_to_later_answers(tmp_path):
    kept = [user("Where?")["payload"], user("It was in four.")["payload"]]
    compacted = {"type": "compacted", "payload": {"message": "", "replacement_history": kept}}
    *_, last = turns(tmp_path, user("Where?"), said("Four."), compacted, user("Why?"), said("So."))
    assert told(last)[0] == ["system: Tend.", "user: Where?", "user: It was in four.", "user: Why?"]


def test_a_compaction_without_a_history_keeps_what_users_said_and_the_summary(tmp_path):
    compacted = {"type": "compacted", "payload": {"message": "Sum."}}
    *_, last = turns(tmp_path, user("Where?"), said("Four."), compacted, user("Why?"), said("So."))
    assert told(last)[0] == ["system: Tend.", "user: Where?", "user: Sum.", "user: Why?"]


def test_turns_that_were_rolled_back_are_rewound_and_no_longer_shown(tmp_path):
    back = event("thread_rolled_back", num_turns=1)
    one, two, three = turns(
        tmp_path, user("a"), said("A"), user("b"), said("B"), back, user("c"), said("C")
    )
    assert [turn.agent for turn in (one, two, three)] == ["agent", "rewound", "agent"]
    assert told(three)[0] == ["system: Tend.", "user: a", "assistant: A", "user: c"]


def test_an_answer_that_was_broken_off_is_a_cut_one(tmp_path):
    [turn] = turns(tmp_path, user("a"), said("A"), event("turn_aborted", reason="interrupted"))
    assert turn.finish_reason == "length"


def test_other_kinds_of_calls(tmp_path):
    custom = item("custom_tool_call", call_id="c1", name="apply_patch", input="*** Begin")
    local = item(
        "local_shell_call", call_id="c2", action={"type": "exec", "command": ["ls"], "env": None}
    )
    output = item("custom_tool_call_output", call_id="c1", output="ok")
    first, _ = turns(tmp_path, user("a"), custom, local, output, result("c2"), said("A"))
    assert told(first)[1] == (
        'assistant: apply_patch({"input": "*** Begin"}) local_shell({"command": ["ls"]})'
    )


def test_what_is_said_after_a_hosted_search_does_not_come_with_it(tmp_path):
    search = item("web_search_call", id="w1", action={"type": "search", "query": "seeds"})
    first, second = turns(tmp_path, user("a"), search, said("A"))
    assert (told(first)[1].startswith("assistant: web_search("), told(second)[1]) == (
        True, "assistant: A",
    )  # fmt: skip


def test_a_subagents_session_and_dynamic_tools(tmp_path):
    tools = [{"name": "look", "description": "d", "inputSchema": {"type": "object"}}]
    meta = {"id": "s2", "source": {"subagent": "review"}, "dynamic_tools": tools}
    path = lines(tmp_path / "r.jsonl", {**META, "payload": meta}, user("a"), said("A"))
    [turn] = attempts(path, "codex")[0].attempt.turns
    assert (turn.agent, turn.tools[0]["function"]["name"]) == ("subagent", "look")


def test_records_of_before_september_2025(tmp_path):
    head = {"id": "s1", "timestamp": "2025-06-01T00:00:00Z", "instructions": None}
    path = lines(
        tmp_path / "r.jsonl", head, user("a")["payload"], {"record_type": "state"},
        said("A")["payload"],
    )  # fmt: skip
    [found] = attempts(path, "codex")
    assert (found.item.item_id, told(found.attempt.turns[0])) == (
        "s1", (["user: a"], "assistant: A"),
    )  # fmt: skip


def test_kinds_that_are_not_known_are_counted_by_name(tmp_path):
    moon = {"type": "moon", "payload": {}}
    path = lines(tmp_path / "r.jsonl", META, user("a"), item("omen"), moon, said("A"))
    assert left_out(path, "codex") == ["unknown_record moon", "unknown_record omen"]


def test_a_line_that_is_still_being_written_is_left_for_later(tmp_path):
    path = lines(tmp_path / "r.jsonl", META, user("a"), said("A"))
    with path.open("a") as file:
        file.write('{"type": "response_item", "payl')
    torn, found = read(path, "codex")
    assert (torn.pending, len(found.attempt.turns)) == (True, 1)


@pytest.mark.parametrize("other", [{"messages": []}, {"type": "user", "sessionId": "s"}])
def test_another_format_is_refused(tmp_path, other):
    [found] = read(lines(tmp_path / "r.jsonl", other), "codex")
    assert found.detail.startswith(
        "no session_meta and no response_item in it, so it is no Codex rollout"
    )
    assert ("source=claude_code" in found.detail) == ("sessionId" in other)
