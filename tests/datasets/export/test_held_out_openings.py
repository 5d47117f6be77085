"""No line for training opens with the question of an item that is held out, word for word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness_forge import cli
from harness_forge.core.sketches.openings import first_question

AIRLINE = Path(__file__).parents[4] / "shared/data/tau-bench/gpt-4o-airline.json"


@pytest.fixture
def openings(store, tmp_path):
    """Ingest and export as typed; return how lines open, and how held-out items do."""

    def run(ingest: list[str], export: list[str], skill: str, dataset: str):
        where = [f"store.url='{store.url}'", f"forge_home={tmp_path / 'home'}"]
        where.append(f"data_dir={tmp_path / 'data'}")
        assert cli.main(["ingest", *ingest, *where]) == 0
        off = "filters.length.enabled=false"
        assert cli.main(["export", "role=agent", *export, off, *where]) == 0
        with store.skill(skill)._transaction() as connection:
            held = {
                first_question(messages)
                for (messages,) in connection.execute(
                    "SELECT coalesce(t.messages, request_of(t.attempt_id, t.shared))"
                    " FROM turns t JOIN items USING (item_id)"
                    " JOIN splits USING (group_key) WHERE split IN ('holdout', 'quarantine')"
                )
            }
        text = (tmp_path / "data" / dataset / "train.jsonl").read_text()
        return [first_question(json.loads(line)["messages"]) for line in text.splitlines()], held

    return run


@pytest.mark.parametrize("agent", ["agent", "assistant", "planner"])
def test_copies_of_one_question_are_on_one_side(openings, tmp_path, agent):
    records = []
    for number in range(60):
        copied = number < 40
        asked = (
            "My parcel with the blue lamp has not come; where is it, and who signed for it?"
            if copied
            else f"Please tell me what the {number}th drawer of cabinet {number * 7} holds today."
        )
        chat = [
            {"role": "system", "content": "You help at the desk."},
            {"role": "user", "content": asked},
            {"role": "assistant", "content": f"I looked: it is entry {number} of our book."},
        ]
        records.append({"task": f"t{number}", "chat": chat, "reward": 1})
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    skill = ["skill=recorded", "skill.name=desk"]
    mapping = {"item": "{task}", "messages": "{chat}", "outcome": "{reward}", "agent": agent}
    mapped = [f"source.mapping.{key}='{value}'" for key, value in mapping.items()]
    words = [*skill, f"export.params.agent={agent}"]
    source = ["source=trajectories", f"path={path}", "source.mapping.attempt=\"{attempt|'1'}\""]
    trained, held = openings([*source, *skill, *mapped], words, "desk", "desk_agent_sft")
    assert trained
    assert held
    assert not held.intersection(trained)


@pytest.mark.skipif(not AIRLINE.exists(), reason="needs ../shared/data")
def test_a_public_set_of_several_turns_leaks_no_question(openings):
    trained, held = openings(
        ["source=tau_bench", f"path={AIRLINE}"],
        ["skill=tau_bench"],
        "tau_bench",
        "tau_bench_agent_sft",
    )
    assert trained
    assert held
    assert not held.intersection(trained)
