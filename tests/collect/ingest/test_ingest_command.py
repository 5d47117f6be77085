import json
import shlex
from pathlib import Path

import pytest
from foreign_files import conversation

from harness_forge.cli import main

DATA = Path(__file__).parents[4] / "shared" / "data"


def ledger(folder):
    lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    manifest = json.loads((folder / "manifest.json").read_text())
    return lines, manifest


@pytest.fixture
def trajectories(tmp_path):
    path = tmp_path / "model-air.json"
    path.write_text(
        json.dumps([conversation(n, t, float((n + t) % 2)) for n in range(30) for t in range(2)])
    )
    return path


def test_trajectories_become_a_dataset_that_balances(forge, trajectories, tmp_path):
    code, said = forge("ingest", "source=tau_bench", f"path={trajectories}")
    assert code == 0
    assert "skill tau_bench: 60 attempts added" in said
    code, said = forge("export", "role=agent", "skill=tau_bench")
    assert code == 0, said
    lines, manifest = ledger(tmp_path / "tau_bench_agent_sft")
    assert manifest["rows"]["read"] == len(lines) == 120
    assert manifest["rows"]["kept"] == sum(line["kept"] for line in lines) > 0
    assert manifest["licences"] == ["tau-bench: MIT"]
    rows = (tmp_path / "tau_bench_agent_sft" / "train.jsonl").read_text().splitlines()
    # A line is a whole conversation, of which each turn that is not marked is learned.
    said = [message for row in rows for message in json.loads(row)["messages"]]
    learned = [one for one in said if one["role"] == "assistant" and one.get("weight") != 0]
    assert {bool(answer.get("tool_calls")) for answer in learned} == {True, False}


def test_labels_that_nobody_looked_at_are_told_with_the_command(forge, trajectories, tmp_path):
    code, said = forge("ingest", "source=tau_bench", f"path={trajectories}")
    assert code == 0
    hint = said.splitlines()[-1]
    assert hint.startswith(
        "  hint: 60 judged attempts were not audited, 5 checks concern them: "
        "forge labels audit skill=tau_bench "
    )
    _, *command = shlex.split(hint.rpartition(": ")[2])
    assert main(command) == 0
    # What was audited is told no more, nor what had nothing new.
    path = tmp_path / "model-more.json"
    path.write_text(json.dumps([conversation(77, 0)]))
    assert "hint: 1 judged attempts" in forge("ingest", "source=tau_bench", f"path={path}")[1]
    assert "hint" not in forge("ingest", "source=tau_bench", f"path={path}")[1]


def test_attempts_without_a_verdict_are_not_counted_as_judged(forge, tmp_path):
    path = tmp_path / "model-airline.json"
    records = [conversation(n, 0) for n in range(5)]
    path.write_text(json.dumps([{**records[0], "reward": None}, *records[1:]]))
    said = forge("ingest", "source=tau_bench", f"path={path}")[1]
    assert "hint: 4 judged attempts" in said


@pytest.mark.parametrize(
    "words", [("run", "policy=gold"), ("env", "doctor"), ("env", "table")], ids=" ".join
)
def test_a_recorded_skill_has_no_world(forge, words):
    code, said = forge(*words, "skill=tau_bench")
    assert code == 8
    assert said.startswith(
        "forge: skill tau_bench: is recorded: there is no environment to attempt it in\n"
    )


def test_a_path_must_be_given(forge):
    code, said = forge("ingest", "source=tau_bench")
    assert (code, said.splitlines()[0]) == (16, "forge: source.path: must be set")


def test_a_skill_of_ones_own_takes_traffic_in(forge, store, tmp_path):
    pair = {
        "request": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
        "response": {"choices": [{"message": {"content": "ho"}, "finish_reason": "stop"}]},
    }
    path = tmp_path / "traffic.jsonl"
    path.write_text(json.dumps(pair) + "\n" + json.dumps(pair | {"response": None}) + "\n")
    words = ("source=openai_traffic", f"path={path}", "skill=recorded", "skill.name=support")
    code, said = forge("ingest", *words)
    assert code == 0
    assert "left out: no_response 1 (first: 2)" in said
    assert store.skills() == ["support"]


def test_programs_with_reflections_become_pairs(forge, tmp_path):
    record = {"prompt": "def f():\n", "test": "assert f()", "language": "py"}
    rows = [
        record
        | {
            "name": f"mbpp_{n}_f",
            "solution": word,
            "is_solved": word == "yes",
            "reflections": ["hm"],
        }
        for n in range(20)
        for word in ("yes", "no")
    ]
    path = tmp_path / "root__bench._reflexion_5_gpt-4_pass_at_k_1_py.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, said = forge("ingest", "source=reflexion", f"path={path}")
    assert (code, "40 attempts added" in said) == (0, True)
    code, said = forge("export", "role=agent", "skill=reflexion", "format=dpo")
    assert code == 0, said


@pytest.mark.skipif(not (DATA / "tau-bench").exists(), reason="the recorded data are not here")
def test_the_recorded_airline_trajectories_load(forge, tmp_path):
    path = DATA / "tau-bench" / "gpt-4o-airline.json"
    code, said = forge("ingest", "source=tau_bench", f"path={path}")
    assert (code, said.splitlines()[2].split()) == (
        0,
        ["200", "200", "84", "0", "2454", "0", "0", "0", "200", "gpt-4o-airline.json"],
    )
    code, _ = forge("export", "role=agent", "skill=tau_bench")
    lines, manifest = ledger(tmp_path / "tau_bench_agent_sft")
    assert (code, len(lines), manifest["rows"]["read"]) == (0, 2454, 2454)


@pytest.mark.skipif(not (DATA / "reflexion").exists(), reason="the recorded data are not here")
def test_the_recorded_reflexion_runs_load(forge, store):
    code, said = forge("ingest", "source=reflexion", f"path={DATA / 'reflexion'}")
    assert (code, said.splitlines()[0]) == (0, "skill reflexion: 4342 attempts added")
    with store.skill("reflexion").connect_read_only() as connection:
        query = (
            "SELECT count(*), count(DISTINCT run_id), count(*) FILTER (WHERE eval_passed)"
            " FROM attempts"
        )
        assert connection.execute(query).fetchone() == (4342, 23, 3322)
