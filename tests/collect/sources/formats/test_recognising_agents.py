"""Samples of each format are recognised, and by no other one."""

import pytest

from harness_forge.collect.sources.formats import known

RECORDS = {
    "atif": {"schema_version": "ATIF-v1.6", "steps": [], "agent": {}},
    "claude_code": {"type": "user", "uuid": "u", "parentUuid": None, "sessionId": "s"},
    "codex": {"type": "response_item", "payload": {}},
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
