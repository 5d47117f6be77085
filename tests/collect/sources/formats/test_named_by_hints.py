"""A record that a source does not fit is told by what it is, and by which source reads it."""

from __future__ import annotations

import pytest

from harness_forge.collect.sources.formats.known import hint

TALK = [{"from": "human", "value": "which?"}, {"from": "gpt", "value": "plum"}]


@pytest.mark.parametrize(
    ("record", "source"),
    [
        ({"request": {"messages": []}, "response": {}}, "openai_traffic"),
        ({"request": "{}", "response": "data: {}"}, "openai_traffic"),
        ({"id": "s0", "conversations": TALK, "tools": "[]"}, "sharegpt"),
        ({"prompt": "which?", "completion": "plum"}, "dataset"),
        ({"prompt": "which?", "chosen": "plum", "rejected": "pear"}, "dataset"),
        ({"event_type": "run_start", "timestamp": "2026", "data": {}}, "gemma_forge_jsonl"),
    ],
    ids=str,
)
def test_records_without_a_format_of_their_own_are_named_too(record, source):
    assert hint(record, "atif").endswith(f": source={source}")


def test_a_source_is_not_told_to_be_another_name_of_itself():
    traffic = {"request": {"messages": []}, "response": {}}
    assert hint(traffic, "anthropic_traffic") == hint(traffic, "openai_traffic") == ""
    assert hint({"conversations": TALK}, "dataset") == ""
    assert hint({"pot": 1}, "atif") == hint([1], "atif") == ""
