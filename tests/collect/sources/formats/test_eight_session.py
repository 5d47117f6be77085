from reading_formats import attempts, left_out, lines, read, told

META = {"sessionId": "s1", "agent": {"model": "m1"}, "startedAt": "2026-01-01T00:00:00Z"}
HEAD = {"type": "session_start", "meta": META}


def turns(tmp_path, *events):
    [found] = attempts(file(tmp_path, *events), "eight_session")
    return found.attempt.turns


def file(tmp_path, *events):
    numbered = [{"sequenceNumber": n, **one} for n, one in enumerate((HEAD, *events))]
    return lines(tmp_path / "s.jsonl", *numbered)


def user(words):
    return {"type": "user_message", "message": words}


def content(*parts):
    return {"type": "assistant_content", "parts": parts}


def text(words):
    return {"type": "text", "text": words}


CALL = {"type": "tool_call", "toolCall": {"toolCallId": "c1", "name": "run",
                                          "arguments": {"cmd": "ls"}}}  # fmt: skip
RESULT = {"type": "tool_result", "toolCallId": "c1", "result": "x"}
STEP = {"type": "step_start", "model": "m2"}
END = {"type": "step_end", "finishReason": "tool-calls", "usage": {"inputTokens": 3,
                                                                   "outputTokens": 4}}  # fmt: skip


def test_a_step_is_one_answer_and_its_call_counts_once(tmp_path):
    twice = {"type": "tool-call", "toolCallId": "c1", "toolName": "run", "input": {"cmd": "ls"}}
    first, last = turns(
        tmp_path, user("Look."), STEP, CALL, RESULT, content(text("So."), twice), END,
        STEP, content(text("Done.")), {**END, "finishReason": "stop"},
    )  # fmt: skip
    assert told(first) == (["user: Look."], 'assistant: So. run({"cmd": "ls"})')
    assert (first.model, first.finish_reason, first.prompt_tokens, first.completion_tokens) == (
        "m2", "tool_calls", 3, 4,
    )  # fmt: skip
    assert told(last)[0][-1] == "tool: x"


def test_thoughts_are_kept_apart_and_a_failed_call_is_shown(tmp_path):
    thought = {"type": "reasoning", "text": "Hm."}
    failed = {"type": "tool_error", "toolCallId": "c1", "error": "no such file"}
    first, last = turns(
        tmp_path, user("u"), content(thought, text("A")), CALL, failed, END, content(text("B")),
    )  # fmt: skip
    assert told(first)[1] == 'assistant: A run({"cmd": "ls"})'
    assert told(last)[0][-1] == "tool: no such file"


def test_sessions_of_the_first_version_have_whole_messages(tmp_path):
    [turn] = turns(tmp_path, user({"content": "u"}),
                   {"type": "assistant_message", "message": {"content": "A"}})  # fmt: skip
    assert told(turn) == (["user: u"], "assistant: A")


def test_a_step_that_ended_in_an_error_is_no_answer_and_is_counted(tmp_path):
    path = file(tmp_path, user("u"), content(text("Al")), {**END, "finishReason": "error"},
                {"type": "hook"}, {"type": "omen"}, content(text("B")), END)  # fmt: skip
    [found] = attempts(path, "eight_session")
    assert [told(one) for one in found.attempt.turns] == [(["user: u"], "assistant: B")]
    assert left_out(path, "eight_session") == ["api_error", "unknown_record omen"]


def test_a_session_has_no_verdict_although_its_calls_ran(tmp_path):
    [found] = attempts(file(tmp_path, user("u"), CALL, RESULT, END), "eight_session")
    assert (found.item.item_id, found.attempt.outcome.failure_mode) == ("s1", "no_verdict")


def test_half_a_session_keeps_what_was_said_whole(tmp_path):
    [turn] = turns(tmp_path, user("u"), STEP, content(text("A")))
    assert told(turn)[1] == "assistant: A"


def test_another_format_is_refused(tmp_path):
    [found] = read(lines(tmp_path / "s.jsonl", {"a": 1}), "eight_session")
    assert found.detail == "no event with a sequenceNumber, so it is no 8gent session"
