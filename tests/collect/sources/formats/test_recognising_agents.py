"""Samples of each format are recognised, and by no other one."""

import pytest
from reading_formats import lines, read

from harness_forge.collect.sources.formats import known

RECORDS = {
    "atif": {"schema_version": "ATIF-v1.6", "steps": [], "agent": {}},
    "claude_code": {"type": "user", "uuid": "u", "parentUuid": None, "sessionId": "s"},
    "codex": {"type": "response_item", "payload": {}},
    "codewhale": {"metadata": {"id": "s", "workspace": "/w"}, "messages": []},
    "eight_scores": {"sessionId": "s", "prompt": "p", "response": "r", "scores": {}},
    "eight_session": {"type": "session_start", "sequenceNumber": 0, "meta": {}},
    "harbor": {"task_name": "t", "trial_name": "t__1", "verifier_result": None},
    "inspect": {"version": 2, "eval": {"task": "t", "model": "m"}, "samples": []},
    "nebius": {"instance_id": "i", "trajectory": [{"role": "ai", "text": "A"}]},
    "openhands": {"instance_id": "i", "history": []},
    "pi": {"type": "message", "id": "a", "parentId": None, "message": {}},
    "swe_agent": {"trajectory": [], "history": [], "info": {}},
    "tau2": {"tasks": [], "simulations": []},
    "verifiers": {"example_id": 0, "prompt": [], "completion": [], "reward": 0.0},
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_of_one_format(name):
    fitting = [one for one in known.NAMES if known.named(one).fits(RECORDS[name])]
    assert fitting == [name]


@pytest.mark.parametrize("strange", [{}, {"type": None}, {"type": ["x"]}, {"eval": 1},
                                     {"info": 3, "history": 1}, {"trajectory": [1]}])  # fmt: skip
def test_records_of_any_kind_may_be_asked_about(strange):
    assert known.recognised(strange) is None


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("claude_code", RECORDS["claude_code"] | {"type": "assistant", "message": {"id": [1]}}),
        ("codex", {"type": "response_item", "payload": {"type": []}}),
        ("inspect", RECORDS["inspect"] | {"samples": [{"messages": True}]}),
        ("openhands", RECORDS["openhands"] | {"history": [{"id": [], "action": {}}]}),
        ("pi", RECORDS["pi"] | {"parentId": {}, "message": {"role": "assistant"}}),
    ],
)
def test_a_value_of_another_kind_refuses_the_record_and_stops_nothing(tmp_path, name, record):
    [found] = read(lines(tmp_path / "a.jsonl", record), name)
    assert found.detail.startswith("a value in it is of another kind than such a record has: ")


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_that_is_no_object_is_refused(tmp_path, name):
    [found] = read(lines(tmp_path / "a.jsonl", 7), name)
    assert (found.reason, found.malformed) == ("misfit", True)
