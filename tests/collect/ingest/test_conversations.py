"""Conversations of several turns: each turn is learned once, whatever a line holds of them."""

import json

import pytest
from foreign_files import TALKS, talk

JOBS = 30
EXPORT = (
    "export",
    "role=agent",
    "skill=recorded",
    "skill.name=dinners",
    "contamination.enabled=false",
)


@pytest.fixture
def talks(forge, tmp_path, lines_of):
    """Takes 30 conversations in and returns what exports them and reads what was written."""
    path = lines_of(tmp_path / "talks.jsonl", (talk(job) for job in range(JOBS)))
    code, said = forge("ingest", *TALKS, f"path={path}")
    assert (code, said.splitlines()[0]) == (0, "skill dinners: 30 attempts added"), said

    def export(*words):
        code, said = forge(*EXPORT, *words)
        assert code == 0, said
        folder = tmp_path / "dinners_agent_sft"
        read = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
        entries = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
        return folder, read, entries

    return export


def learned(line):
    return [
        place
        for place, message in enumerate(line["messages"])
        if message["role"] == "assistant" and message.get("weight") != 0
    ]


def test_a_conversation_is_one_line_with_every_turn_learned(talks, audited):
    folder, lines, entries = talks()
    assert {tuple(learned(line)) for line in lines} == {(2, 4, 6)}
    assert not any("weight" in message for line in lines for message in line["messages"])
    first = [entry["source"] for entry in entries if entry.get("lines") == [1]]
    assert len([e for e in entries if e.get("file") == "train.jsonl"]) == 3 * len(lines)
    assert lines[0]["source"] in first
    assert audited(folder) == []


def test_a_line_a_turn_teaches_only_its_own(talks, audited):
    folder, lines, entries = talks("format.turns=each")
    assert sorted({tuple(learned(line)) for line in lines}) == [(2,), (4,), (6,)]
    last = next(line for line in lines if learned(line) == [6])
    assert [one.get("weight") for one in last["messages"]] == [None, None, 0, None, 0, None, None]
    assert len([entry for entry in entries if entry.get("file") == "train.jsonl"]) == len(lines)
    assert audited(folder) == []


def test_a_turn_that_is_rejected_stays_as_context(talks, audited):
    folder, lines, entries = talks("filters.banned.patterns.many='For how many'")
    assert {tuple(learned(line)) for line in lines} == {(4, 6)}
    assert all(line["messages"][2]["weight"] == 0 for line in lines)
    assert sum(entry.get("reason") == "banned" for entry in entries) == JOBS - held(entries)
    assert audited(folder) == []


def held(entries):
    return sum(entry.get("reason") == "held_out" for entry in entries) // 3


def test_a_conversation_whose_last_turn_is_rejected_ends_before_it(talks, audited):
    folder, lines, _ = talks("filters.banned.patterns.yours='is yours'")
    assert {(tuple(learned(line)), len(line["messages"])) for line in lines} == {((2, 4), 5)}
    assert audited(folder) == []


def test_sharegpt_marks_its_turns_too(forge, talks, tmp_path, audited):
    code, said = forge(*EXPORT, "format=sharegpt", "filters.banned.patterns.many='For how many'")
    assert code == 0, said
    folder = tmp_path / "dinners_agent_sharegpt"
    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    shown = {tuple((one["from"], one.get("weight")) for one in x["conversations"]) for x in lines}
    asked = (("system", None), ("human", None), ("gpt", 0), ("human", None), ("gpt", None))
    assert shown == {(*asked, ("tool", None), ("gpt", None))}
    assert audited(folder) == []


def test_balance_takes_whole_conversations_and_accounts_for_every_turn(talks, audited):
    _, lines, entries = talks()
    most = len(lines) - 2
    settings = ("filters.balance.enabled=true", f"filters.balance.max_per_category={most}")
    folder, fewer, entries = talks(*settings)
    assert len(fewer) == most
    assert sum(entry.get("reason") == "balance" for entry in entries) == 6
    assert audited(folder) == []


def test_the_line_of_a_conversation_is_traced_to_all_its_turns(talks, forge):
    folder, *_ = talks()
    code, said = forge("trace", str(folder), "train:1")
    assert code == 0
    assert said.count("row dinners.turns:") == 3
