"""What tests of tracers' formats share: made-up calls, and how a file is read."""

import json
from pathlib import Path

import yaml

from harness_forge.collect.sources import trajectories
from harness_forge.collect.sources.records import LeftOut
from harness_forge.config.source import MappingConfig, SourceConfig

CONF = Path(__file__).parents[4] / "conf" / "source"
TOOL = {
    "type": "function",
    "function": {
        "name": "open_tin",
        "description": "Open a tin",
        "parameters": {"type": "object", "properties": {"tin": {"type": "integer"}}},
    },
}
SYSTEM = {"role": "system", "content": "You count buttons."}
USER = {"role": "user", "content": "Which tin has the brass ones?"}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {
            "id": "c1",
            "type": "function",
            "function": {"name": "open_tin", "arguments": '{"tin": 3}'},
        }
    ],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "brass"}
ANSWER = {"role": "assistant", "content": "Tin 3."}


def sdk_span(number, name, status, attributes, **more):
    """Return a span as OpenTelemetry's SDK writes it out."""
    return {
        "name": name,
        "context": {"trace_id": "0xt1", "span_id": f"0xs{number}"},
        "parent_id": "0xroot",
        "start_time": f"2026-01-01T00:00:0{number}Z",
        "status": {"status_code": status},
        "attributes": attributes,
        **more,
    }


def read(tmp_path, name, *records, **mapping):
    """Return what a file of these records holds, read as `source=NAME` does."""
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return read_file(path, name, **mapping)


def read_file(path, name, **mapping):
    base = yaml.safe_load((CONF / "_conversation.yaml").read_text())["mapping"]
    own = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    mapping = MappingConfig(**{**base, **own.get("mapping", {}), **mapping})
    config = SourceConfig(name=name, format=own["format"], mapping=mapping)
    return list(trajectories.read(path, config))


def attempts(found):
    return [one.attempt for one in found if not isinstance(one, LeftOut)]


def reasons(found):
    return [one.reason for one in found if isinstance(one, LeftOut)]


def details(found):
    return [one.detail for one in found if isinstance(one, LeftOut)]


def demand_whole_session(found):
    """Check the two answers of a session with one call, each with what it was shown."""
    [attempt] = attempts(found)
    first, second = attempt.turns
    assert [one["role"] for one in first.messages] == ["system", "user"]
    assert [one["role"] for one in second.messages] == ["system", "user", "assistant", "tool"]
    assert first.messages[0]["content"] == "You count buttons."
    assert first.messages[1]["content"] == "Which tin has the brass ones?"
    for said in (first.response, second.messages[2]):
        [call] = said["tool_calls"]
        assert (call["id"], call["function"]["name"]) == ("c1", "open_tin")
        assert json.loads(call["function"]["arguments"]) == {"tin": 3}
    assert second.messages[3]["tool_call_id"] == "c1"
    assert second.messages[3]["content"] == "brass"
    assert second.response["content"] == "Tin 3."
    assert not second.response.get("tool_calls")
    return attempt
