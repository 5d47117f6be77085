from reading_formats import attempts, left_out, lines, read, told

HEAD = {"type": "session", "version": 3, "id": "s1", "cwd": "/p", "timestamp": "2026-01-01"}


def entry(name, parent, kind="message", **fields):
    return {"type": kind, "id": name, "parentId": parent, **fields}


def user(name, parent, words):
    return entry(name, parent, message={"role": "user", "content": words})


def said(name, parent, *parts, stop="stop"):
    used = {"input": 3, "cacheRead": 4, "output": 5}
    return entry(name, parent, message={"role": "assistant", "content": [*parts], "model": "m1",
                                        "usage": used, "stopReason": stop})  # fmt: skip


def text(words):
    return {"type": "text", "text": words}


def turns(tmp_path, *entries):
    [found] = attempts(lines(tmp_path / "s.jsonl", HEAD, *entries), "pi")
    return found.attempt.turns


def test_calls_results_thinking_and_tokens(tmp_path):
    thought = {"type": "thinking", "thinking": "Hm."}
    call = {"type": "toolCall", "id": "c1", "name": "bash", "arguments": {"c": "ls"}}
    result = {"role": "toolResult", "toolCallId": "c1", "toolName": "bash", "content": [text("x")]}
    first, last = turns(
        tmp_path, user("a", None, "u"), said("b", "a", thought, call, stop="toolUse"),
        entry("c", "b", message=result), said("d", "c", text("Done.")),
    )  # fmt: skip
    assert told(first) == (["user: u"], 'assistant: bash({"c": "ls"})')
    assert (first.finish_reason, first.prompt_tokens, first.completion_tokens) == (
        "tool_calls", 7, 5,
    )  # fmt: skip
    assert told(last)[0][-1] == "tool: x"


def test_below_a_compaction_stand_its_summary_and_what_it_kept(tmp_path):
    *_, last = turns(
        tmp_path, user("a", None, "1"), said("b", "a", text("A")), user("c", "b", "2"),
        said("d", "c", text("B")),
        entry("e", "d", "compaction", summary="Sum.", firstKeptEntryId="c"),
        user("f", "e", "3"), said("g", "f", text("C")),
    )  # fmt: skip
    assert told(last)[0] == ["user: Sum.", "user: 2", "assistant: B", "user: 3"]


def test_a_branch_that_was_left_is_rewound(tmp_path):
    one, two = turns(
        tmp_path, user("a", None, "1"), said("b", "a", text("A")),
        entry("x", "a", "model_change", modelId="m2"), said("c", "x", text("B")),
    )  # fmt: skip
    assert (one.agent, two.agent, told(two)[0]) == ("rewound", "agent", ["user: 1"])


def test_what_the_user_ran_is_shown_unless_it_was_kept_out(tmp_path):
    ran = {"role": "bashExecution", "command": "ls", "output": "x"}
    [turn] = turns(
        tmp_path, entry("a", None, message=ran),
        entry("b", "a", message={**ran, "excludeFromContext": True}), said("c", "b", text("A")),
    )  # fmt: skip
    assert told(turn)[0] == ["user: $ ls\nx"]


def test_errors_are_no_answers_and_neither_they_nor_broken_answers_are_shown(tmp_path):
    path = lines(
        tmp_path / "s.jsonl", HEAD, user("a", None, "1"), said("b", "a", text("E"), stop="error"),
        said("c", "b", text("Al"), stop="aborted"), user("d", "c", "2"), said("e", "d", text("B")),
    )  # fmt: skip
    cut, last = attempts(path, "pi")[0].attempt.turns
    assert (cut.finish_reason, told(last)[0]) == ("length", ["user: 1", "user: 2"])
    assert left_out(path, "pi") == ["api_error"]


def test_sessions_of_the_first_version_are_a_line(tmp_path):
    plain = [{key: one[key] for key in ("type", "message")} for one in
             (user("a", None, "1"), said("b", "a", text("A")))]  # fmt: skip
    [turn] = turns(tmp_path, *plain)
    assert told(turn) == (["user: 1"], "assistant: A")


def test_missing_entries_and_unknown_kinds_are_counted(tmp_path):
    path = lines(tmp_path / "s.jsonl", HEAD, said("b", "gone", text("A")), entry("c", "b", "omen"))
    assert left_out(path, "pi") == ["history_missing", "no_answer", "unknown_record omen"]


def test_another_format_is_refused(tmp_path):
    [found] = read(lines(tmp_path / "s.jsonl", {"a": 1}), "pi")
    assert found.detail == (
        "no session header and no entry with a parentId, so it is no Pi session"
    )
