"""The mirror on a real Bolt server: what it holds, sent once or twice, and what it answers."""

import json
import os
import signal
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from loop_files import LINEAGE, safetensors

from harness_forge.core.errors import ConfigError, GraphError
from harness_forge.core.records import Origin, Split
from harness_forge.registry import decisions
from harness_forge.registry.adapters import package
from harness_forge.report.graph.mirrored import GraphRecords
from harness_forge.report.graph.stored import StoredRecords
from harness_forge.report.graph.why import why
from harness_forge.store.bolt import Graph, opened


@pytest.fixture
def adapter(config, dataset):
    """An adapter that was trained on the dataset, and two decisions on it."""
    home = Path(config.forge_home)
    source = home / "trained"
    source.mkdir(parents=True)
    facts = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}
    (source / package.CONFIG).write_text(json.dumps(facts))
    name = "base_model.model.layers.0.q_proj.lora_{}.weight"
    tensors = {name.format("A"): [1.0], name.format("B"): [0.5]}
    safetensors(source / package.WEIGHTS, tensors)
    digest = sha256((dataset / "manifest.json").read_bytes()).hexdigest()
    data = LINEAGE["dataset"] | {"manifest": digest, "splits": ["train"], "name": dataset.name}
    lineage = {**LINEAGE, "dataset": data}
    made = package.package(source, "lamp-worker", home / "adapters", lineage)
    with decisions.opened(home) as ledger:
        for number, decision in enumerate(("rejected", "promoted"), start=1):
            ledger.append(
                {
                    "kind": "decision",
                    "candidate": {"name": made.name, "digest": made.digest},
                    "skill": "stig",
                    "role": "worker",
                    "decision": decision,
                    "time": f"2026-11-0{number}T00:00:00Z",
                }
            )
    return made


@pytest.mark.workset
def test_everything_is_there_once_however_often_it_is_pushed(send, counts, adapter):
    first = send()
    seen = counts()
    assert (first["Attempt"], first["RETRIEVED"], first["Line"]) == (4, 6, 1)
    assert seen == {
        "Skill": 1, "Run": 2, "Rule": 3, "Attempt": 4, "Tip": 2, "Dataset": 1, "Line": 1,
        "Adapter": 1, "Decision": 2, "OF_SKILL": 5, "ON_RULE": 4, "IN_RUN": 4,
        "DERIVED_FROM": 2, "RETRIEVED": 6, "HELPED": 1, "HURT": 1, "IN_DATASET": 1,
        "MADE_FROM": 1, "TRAINED_ON": 1, "DECIDED": 2,
    }  # fmt: skip
    again = send()
    assert counts() == seen
    assert not +again


@pytest.mark.workset
def test_two_stores_do_not_share_a_graph(send, ask_graph, harness):
    send()
    ask_graph("MATCH (s:Skill) SET s.store = 'another'")
    with pytest.raises(GraphError) as fault:
        send()
    assert str(fault.value) == (
        "graph.database: has the skill stig of another store\n"
        "  hint: give each store a graph.database of its own, or empty this one"
    )


@pytest.mark.workset
def test_nodes_of_others_stay_as_they_are(send, ask_graph, counts):
    """gemma-forge's nodes have the same labels and group, and no key."""
    foreign = ("Run {group_id: 'stig', run_id: 'r1'}", "Tip {group_id: 'stig', tip_id: 't1'}")
    for node in foreign:
        ask_graph(f"CREATE (x:{node})")
    send()
    send()
    assert (counts()["Run"], counts()["Tip"]) == (3, 3)


@pytest.mark.workset
def test_no_outcome_of_a_held_out_item_and_no_evaluation_leaves_the_store(send, ask_graph):
    send()
    (kept,) = ask_graph("MATCH (a:Attempt {item_id: 'kept'}) RETURN a")
    assert "eval_passed" not in kept["a"]
    assert not ask_graph("MATCH (a:Attempt {item_id: 'kept'})-[e:HELPED|HURT]-() RETURN e")
    assert ask_graph("MATCH (a:Attempt {id: 5}) RETURN a") == []


@pytest.mark.workset
def test_what_changed_in_the_store_is_sent_and_what_went_is_taken_out(store, send, counts):
    send()
    with store.engine.begin() as connection:
        passed = "UPDATE stig.attempts SET eval_passed = true WHERE item_id = 'bulb'"
        connection.exec_driver_sql(passed)
        connection.exec_driver_sql("DELETE FROM stig.tips WHERE id = 2")
        connection.exec_driver_sql("DELETE FROM stig.attempts WHERE id = 1")
    send()
    seen = counts()
    assert (seen["Attempt"], seen["Tip"], seen["HELPED"], seen["RETRIEVED"]) == (3, 1, 2, 3)
    assert "HURT" not in seen and "DERIVED_FROM" not in seen


@pytest.mark.workset
def test_a_new_attempt_of_a_run_and_a_run_that_went(harness, store, send, counts):
    send()
    harness.attempt(harness.item("shade"), "echo f", policy="model:m", origin=Origin.MODEL)
    send()
    assert counts()["Attempt"] == 5
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM stig.runs WHERE policy = 'model:m'")
    send()
    assert (counts()["Run"], counts()["Attempt"]) == (1, 1)


@pytest.mark.workset
def test_a_split_given_later_hides_the_outcome(harness, send, ask_graph):
    late = harness.item("late", None)
    harness.attempt(late, "echo g", policy="model:m", origin=Origin.MODEL)
    send()
    query = "MATCH (a:Attempt {item_id: 'late'}) RETURN a.eval_passed AS passed"
    assert ask_graph(query) == [{"passed": True}]
    harness.skill.assign_splits({late.group_key: Split.HOLDOUT}, "salt")
    send()
    assert ask_graph(query) == [{"passed": None}]


@pytest.mark.workset
def test_a_push_that_was_killed_is_finished_by_the_next(send, counts, mirrored):
    """Whatever query a killed process sent last, the next push completes the same graph."""
    send()
    whole, at = counts(), 1
    small = replace(mirrored, graph=replace(mirrored.graph, batch=2))
    while True:
        with opened(mirrored.graph) as graph:
            graph.ask("MATCH (x) DETACH DELETE x")
        child = os.fork()
        if not child:
            left, ask = [at], Graph.ask

            def dying(self, query, _left=left, _ask=ask, **values):
                _left[0] -= 1
                if not _left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                return _ask(self, query, **values)

            Graph.ask = dying
            try:
                send(small)
            except BaseException:
                os._exit(1)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        send()
        assert counts() == whole, f"killed at query {at}"
        at += 11
    assert at > 30


WORDS = [["stig_worker_sft", "train:1"], ["stig.tips:1"], ["stig.tips:2"], ["lamp-worker"]]


@pytest.mark.workset
@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_the_graph_and_the_store_answer_the_same(send, config, mirrored, connect, adapter, words):
    send()
    stored = why(StoredRecords(config, connect), config, words)
    with opened(mirrored.graph) as graph:
        assert why(GraphRecords(graph, mirrored), mirrored, words) == stored


def test_a_line_leads_to_attempt_run_verdict_and_the_tips_shown(config, connect):
    found = why(StoredRecords(config, connect), config, ["stig_worker_sft", "train:1"])
    (row,) = found["attempts"]
    assert row["rows"] == ["stig.turns:2"]
    assert (row["attempt"]["item_id"], row["attempt"]["eval_passed"]) == ("lamp", True)
    assert (row["run"]["policy"], row["run"]["evaluator"]) == ("model:m", "openscap")
    assert [(one["text"], one["included"], one["verdict"]) for one in row["tips"]] == [
        ("turn it left", True, "helped"),
        ("hit it", False, ""),
    ]


def test_a_tip_leads_to_its_attempt_and_what_speaks_for_and_against_it(config, connect):
    found = why(StoredRecords(config, connect), config, ["stig.tips:1"])
    assert found["source"]["attempt"]["id"] == 1
    assert (found["considered"], found["shown"]) == (3, 3)
    assert (found["support"], found["contradiction"]) == (1, 1)
    assert found["items"] == [
        {"item": "bulb", "support": 0, "contradiction": 1},
        {"item": "lamp", "support": 1, "contradiction": 0},
    ]


def test_an_adapter_leads_to_lines_attempts_runs_and_decisions(config, connect, adapter):
    found = why(StoredRecords(config, connect), config, ["lamp-worker"])
    assert (found["digest"], found["lines"], found["attempts"]) == (adapter.digest, 1, 1)
    assert [(run["policy"], run["attempts"]) for run in found["runs"]] == [("model:m", 1)]
    assert [one["decision"] for one in found["decisions"]] == ["rejected", "promoted"]


def test_what_is_not_there_is_told(config, connect):
    records = StoredRecords(config, connect)
    with pytest.raises(ConfigError) as fault:
        why(records, config, ["stig.tips:99"])
    assert fault.value.what == "there is no such tip"
    with pytest.raises(ConfigError) as fault:
        why(records, config, ["none-such"])
    assert str(fault.value).startswith("adapter none-such: there is no adapter of that name")
    with pytest.raises(ConfigError) as fault:
        why(records, config, ["stig_worker_sft", "stig.turns:1"])
    assert "became no line" in fault.value.what
