import json
import subprocess

import pytest
from reading_formats import attempts, left_out, read, told, whole

FACTS = {
    "id": "s1",
    "title": "Fix it",
    "workspace": "/w/shop",
    "model": "m1",
    "mode": "agent",
    "created_at": "2026-03-01T10:00:00.5Z",
    "updated_at": "2026-03-01T11:00:00.5Z",
}


def text(words):
    return {"type": "text", "text": words}


def entry(name, parent, role, *parts):
    message = {"role": role, "content": list(parts)}
    return {"id": name, "parent_id": parent, "kind": "message", "message": message,
            "created_at": "2026-03-01T10:00:01Z", "spawn_depth": 0}  # fmt: skip


def user(name, parent, words):
    return entry(name, parent, "user", text(words))


def said(name, parent, words):
    return entry(name, parent, "assistant", text(words))


def calling(name, parent, number):
    call = {"type": "tool_use", "id": number, "name": "exec_shell", "input": {"command": "make"}}
    return entry(name, parent, "assistant", call)


def result(name, parent, number, words):
    part = {"type": "tool_result", "tool_use_id": number, "content": words}
    return entry(name, parent, "user", part)


def session(*entries, leaf=None, facts=FACTS, **more):
    leaf = leaf or entries[-1]["id"]
    journal = {"entries": list(entries), "leaf_id": leaf, "schema_version": 1}
    return {"schema_version": 1, "metadata": facts, "messages": [], "journal": journal, **more}


def saved(tmp_path, record, name="s1"):
    return whole(tmp_path / "sessions" / f"{name}.json", record)


def turns(path):
    [found] = attempts(path, "codewhale")
    return found.attempt.turns


def test_system_prompt_calls_results_and_thinking(tmp_path):
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "x"}
    path = saved(tmp_path, session(
        user("a", None, "u"), calling("b", "a", "c1"), result("c", "b", "c1", "ok"),
        entry("d", "c", "assistant", thought, text("Done.")), system_prompt="Be brief.",
    ))  # fmt: skip
    first, last = turns(path)
    assert told(first) == (
        ["system: Be brief.", "user: u"], 'assistant: exec_shell({"command": "make"})',
    )  # fmt: skip
    assert told(last)[0][-1] == "tool: ok"
    assert last.response["content"][0]["thinking"] == "Hm."
    assert (last.model, last.tools[0]["function"]["name"]) == ("m1", "exec_shell")


def test_a_session_without_a_journal_is_one_branch(tmp_path):
    record = session(user("a", None, "u"), said("b", "a", "A"))
    messages = [one["message"] for one in record.pop("journal")["entries"]]
    [turn] = turns(saved(tmp_path, {**record, "messages": messages}))
    assert told(turn) == (["user: u"], "assistant: A")


def test_a_branch_that_was_left_is_rewound(tmp_path):
    path = saved(tmp_path, session(
        user("a", None, "1"), said("b", "a", "A"), user("c", "a", "again"), said("d", "c", "B"),
    ))  # fmt: skip
    assert [(one.agent, told(one)[0]) for one in turns(path)] == [
        ("rewound", ["user: 1"]), ("agent", ["user: 1", "user: again"]),
    ]  # fmt: skip


def test_an_answer_whose_call_was_denied_is_denied(tmp_path):
    path = saved(tmp_path, session(
        user("a", None, "u"), calling("b", "a", "c1"), result("c", "b", "c1", "denied by user"),
        said("d", "c", "Then not."),
    ))  # fmt: skip
    beside = path.with_suffix("") / "approval_receipts.jsonl"
    beside.parent.mkdir()
    asked = {"phase": "asked", "approval_id": "c1", "tool_call_id": "c1", "tool_name": "exec_shell"}
    decided = {"phase": "decided", "approval_id": "c1", "tool_call_id": "c1",
               "outcome": {"outcome": "denied"}}  # fmt: skip
    waiting = {**asked, "approval_id": "c2", "tool_call_id": "c2"}
    written = "\n".join(map(json.dumps, (asked, decided, waiting)))
    beside.write_text(written + '\n{"phase": "as')
    [found] = attempts(path, "codewhale")
    assert [one.agent for one in found.attempt.turns] == ["denied", "agent"]
    signals = found.attempt.outcome.signals
    assert signals["approvals"] == {"denied": 1, "unanswered": 1}
    assert signals["mode"] == "agent"


def test_what_a_receipt_stands_for_is_not_known_to_later_answers(tmp_path):
    long = "[TOOL_OUTPUT_RECEIPT]\ntool: exec_shell"
    path = saved(tmp_path, session(
        user("a", None, "u"), calling("b", "a", "c1"), result("c", "b", "c1", long),
        said("d", "c", "Seen."),
    ))  # fmt: skip
    [turn] = turns(path)
    assert "exec_shell" in told(turn)[1]
    assert left_out(path, "codewhale") == ["after_receipt"]


def test_answers_after_a_compaction_are_left_out(tmp_path):
    compacted = {"id": "c", "parent_id": "b", "kind": "compaction", "summary": "Sum."}
    path = saved(tmp_path, session(
        user("a", None, "u"), said("b", "a", "A"), compacted, user("d", "c", "v"),
        said("e", "d", "B"),
    ))  # fmt: skip
    assert [told(one)[1] for one in turns(path)] == ["assistant: A"]
    assert left_out(path, "codewhale") == ["after_compaction"]


def test_a_branch_that_begins_in_the_middle_of_another_is_a_compaction_and_no_rewinding(tmp_path):
    path = saved(tmp_path, session(
        user("a", None, "1"), said("b", "a", "A"), user("c", "b", "2"), said("d", "c", "B"),
        user("e", None, "2"), said("f", "e", "B"), user("g", "f", "3"), said("h", "g", "C"),
    ))  # fmt: skip
    first, second = turns(path)
    assert (first.agent, second.agent) == ("rewound", "agent")
    assert told(second)[0] == ["user: 1", "assistant: A", "user: 2"]
    assert left_out(path, "codewhale") == ["after_compaction", "copied_answer"]


def test_an_answer_that_was_broken_off_is_cut(tmp_path):
    path = saved(tmp_path, session(
        user("a", None, "u"), entry("b", "a", "assistant_interrupted", text("Al")),
        user("c", "b", "v"), said("d", "c", "B"),
    ))  # fmt: skip
    cut, last = turns(path)
    assert (cut.finish_reason, last.finish_reason) == ("length", None)
    assert told(last)[0] == ["user: u", "assistant: Al", "user: v"]


def test_unknown_kinds_and_missing_entries_are_counted(tmp_path):
    omen = {"id": "o", "parent_id": "a", "kind": "omen"}
    path = saved(tmp_path, session(user("a", None, "u"), omen, said("b", "gone", "A")))
    assert left_out(path, "codewhale") == ["history_missing", "no_answer", "unknown_record omen"]


def test_forks_are_one_group_as_far_as_their_files_are_here(tmp_path):
    entries = user("a", None, "u"), said("b", "a", "A")
    saved(tmp_path, session(*entries, facts={**FACTS, "id": "s2", "parent_session_id": "s1"}), "s2")
    facts = {**FACTS, "id": "s3", "parent_session_id": "s2"}
    path = saved(tmp_path, session(*entries, facts=facts), "s3")
    [fork] = attempts(path, "codewhale")
    assert (fork.item.item_id, fork.item.group_key) == ("s3", "s1")
    outside = {**facts, "parent_session_id": "../../etc/passwd"}
    [other] = attempts(saved(tmp_path, session(*entries, facts=outside), "s3"), "codewhale")
    assert other.item.group_key == "s3"


def git(folder, *words, when="2026-03-01T10:30:00Z"):
    who = {f"GIT_{one}_{key}": "x" for one in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    times = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True,
                   env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **who, **times})  # fmt: skip


@pytest.fixture
def shop(tmp_path):
    """The snapshots of `/w/shop`, in the folder that CodeWhale gives that workspace."""
    hashed = "c5e795dc1a387900"
    folder = tmp_path / "snapshots" / hashed / hashed
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    return folder


def test_snapshots_say_what_each_turn_changed_and_other_sessions_do_not_count(tmp_path, shop):
    (shop / "a.py").write_text("1\n2\n")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "pre-turn:1 fix it")
    (shop / "a.py").write_text("1\n3\n4\n")
    git(shop, "add", "-A")
    git(shop, "commit", "-qm", "post-turn:1 fix it")
    git(shop, "commit", "-q", "--allow-empty", "-m", "post-turn:9", when="2026-03-02T10:00:00Z")
    path = saved(tmp_path, session(user("a", None, "u"), said("b", "a", "A")))
    [found] = attempts(path, "codewhale")
    assert found.attempt.outcome.signals["snapshots"] == [
        {"turn": 1, "files": ["a.py"], "changed": 1, "added": 2, "removed": 1}
    ]


@pytest.mark.parametrize("record", [
    {"metadata": {"id": "s", "workspace": "/w"}, "messages": 3},
    {"metadata": {"id": "s", "workspace": "/w"}, "messages": [3]},
    {"metadata": {"id": "s", "workspace": "/w"}, "journal": {"entries": [{"kind": "message"}]}},
    {"metadata": {"id": "s", "workspace": "/w"}, "messages": [{"role": "user"}]},
])  # fmt: skip
def test_a_broken_session_is_refused_and_stops_nothing(tmp_path, record):
    [found] = read(saved(tmp_path, record), "codewhale")
    assert found.detail.startswith("a value in it is of another kind than such a record has: ")


def test_another_file_is_refused(tmp_path):
    [found] = read(saved(tmp_path, {"a": 1}), "codewhale")
    assert found.detail == (
        "no metadata with id and workspace beside messages or a journal, "
        "so it is no CodeWhale session"
    )
