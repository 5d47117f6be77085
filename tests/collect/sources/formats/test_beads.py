from reading_formats import attempts, left_out, lines, told

from harness_forge.config.source import OutcomesFileConfig


def entry(number, kind="llm_call", **more):
    said = {"prompt": "May hub-7 begin?", "response": "Yes."} if kind == "llm_call" else {}
    own = {"id": f"int-{number}", "kind": kind, "created_at": f"2026-11-01T10:00:0{number}Z"}
    return own | said | more


def label(number, of, word):
    return entry(number, "label", parent_id=f"int-{of}", label=word)


def test_an_answer_has_the_last_label_that_it_was_given(tmp_path):
    said = [entry(1, issue_id="hub-7", model="m1"), label(2, 1, "bad"), label(3, 1, "good")]
    [found] = attempts(lines(tmp_path / "interactions.jsonl", *said), "beads")
    assert told(found.attempt.turns[0]) == (["user: May hub-7 begin?"], "assistant: Yes.")
    assert (found.item.item_id, found.policy) == ("hub-7", "model:m1")
    assert found.attempt.outcome.passed and not found.attempt.outcome.infrastructure


def test_an_answer_without_a_label_has_no_verdict(tmp_path):
    [found] = attempts(lines(tmp_path / "interactions.jsonl", entry(1)), "beads")
    assert found.attempt.outcome.infrastructure
    assert found.item.item_id == "int-1"


def test_title_and_type_are_those_of_the_bead(tmp_path):
    lines(tmp_path / "backup/issues.jsonl", {"id": "hub-7", "title": "Renew", "issue_type": "bug"})
    path = lines(tmp_path / "interactions.jsonl", entry(1, issue_id="hub-7"))
    [found] = attempts(path, "beads")
    assert (found.item.title, found.item.family) == ("Renew", "bug")


def test_what_is_no_answer_is_counted(tmp_path):
    path = lines(
        tmp_path / "interactions.jsonl",
        entry(1, error="timeout"),
        entry(2, response=""),
        entry(3, "tool_call", tool_name="bd"),
        entry(4, "field_change"),
        entry(5, "omen"),
        label(6, 99, "good"),
        entry(7),
    )
    assert left_out(path, "beads") == [
        "error_response",
        "field_change",
        "label_of_no_answer",
        "no_content",
        "tool_call_without_arguments",
        "unknown_record omen",
    ]


def test_a_file_of_another_tool_is_refused(tmp_path):
    [found] = left_out(lines(tmp_path / "interactions.jsonl", {"id": 1, "kind": "a"}), "beads")
    assert found == "misfit"


def test_a_session_is_worth_the_bead_that_it_closed(tmp_path):
    session = "00000000-0000-4000-8000-000000000002"
    own = {"isSidechain": False, "sessionId": session, "version": "2.0.0"}
    said = {"id": "m1", "model": "m", "role": "assistant", "content": "Done."}
    asked = {"role": "user", "content": "Close hub-7."}
    path = lines(
        tmp_path / f"{session}.jsonl",
        own | {"type": "user", "uuid": "u1", "parentUuid": None, "message": asked},
        own | {"type": "assistant", "uuid": "u2", "parentUuid": "u1", "message": said},
    )
    beads = lines(tmp_path / "b.jsonl", {"closed_by_session": session, "status": "closed"})
    judged = OutcomesFileConfig(str(beads), "{closed_by_session}", "{status}")
    [found] = attempts(path, "bead_sessions", outcomes=judged)
    assert (found.attempt.outcome.passed, found.attempt.outcome.confidence) == (True, 0.5)
    lines(beads, {"closed_by_session": session, "status": "open"})
    [found] = attempts(path, "bead_sessions", outcomes=judged)
    assert not found.attempt.outcome.passed
