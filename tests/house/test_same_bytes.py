"""The script that compares two versions: the same version twice writes the same bytes."""

import json

from same_bytes import OF_DECISIONS, decisions, measure


def test_the_same_version_twice_gives_equal_hashes(tmp_path):
    first, second = (measure(_made(tmp_path / name), small=True) for name in ("a", "b"))
    assert first == second
    assert "data/small/train.jsonl" in first
    assert len(set(first.values())) == len(first)


def test_only_what_rests_on_times_is_left_out_of_the_ledger(tmp_path):
    facts = {"kind": "decision", "why": "won", "basis": "b", "champion_after": {"digest": "d"}}
    ledger = tmp_path / "decisions.jsonl"
    lines = [{**facts, **dict.fromkeys(OF_DECISIONS, "x"), "basis": n} for n in "bc"]
    lines.insert(1, {"kind": "rollback", "why": "flickers, 2026-01-02T03:04:05+00:00"})
    ledger.write_text("".join(json.dumps(line) + "\n" for line in lines))
    behind = {key: facts[key] for key in facts if key != "basis"}
    undone = {"kind": "rollback", "why": "flickers, <time>"}
    assert json.loads(decisions(ledger)) == [facts, undone, behind]


def _made(folder):
    folder.mkdir()
    return folder
