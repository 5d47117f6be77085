"""The shapes of dataset lines, byte for byte."""

from __future__ import annotations

import orjson

from harness_forge.formats import FORMATS
from harness_forge.records import Example, PreferencePair, RowSource

ORIGIN = RowSource(
    "stig.turns:7", "run1", "rule_a", "sshd", "train", "gold", "ours", "openscap 1.3.7"
)
PROMPT = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"b": 1, "a": 2}}}]
CALL = {"type": "function", "function": {"name": "f", "arguments": '{"b": "ä"}'}}
ANSWER = {"role": "assistant", "content": "", "tool_calls": [CALL]}


def test_sft_golden():
    line = FORMATS["sft"](Example("id1", PROMPT, TOOLS, ANSWER, ORIGIN))
    assert orjson.dumps(line).decode() == (
        '{"id":"id1","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},'
        '{"role":"assistant","content":"","tool_calls":[{"type":"function",'
        '"function":{"name":"f","arguments":"{\\"b\\": \\"ä\\"}"}}]}],'
        '"tools":"[{\\"type\\":\\"function\\",\\"function\\":'
        '{\\"name\\":\\"f\\",\\"parameters\\":{\\"b\\":1,\\"a\\":2}}}]",'
        '"source":"stig.turns:7","run_id":"run1","item_id":"rule_a","family":"sshd",'
        '"split":"train","policy":"gold","origin":"ours","evaluator":"openscap 1.3.7"}'
    )


def test_dpo_golden():
    worse = {"role": "assistant", "content": "no"}
    line = FORMATS["dpo"](PreferencePair("id2", PROMPT, [], ANSWER, worse, ORIGIN, ORIGIN))
    assert orjson.dumps(line).decode() == (
        '{"id":"id2","prompt":[{"role":"system","content":"s"},{"role":"user","content":"u"}],'
        '"tools":"[]",'
        '"chosen":[{"role":"assistant","content":"","tool_calls":[{"type":"function",'
        '"function":{"name":"f","arguments":"{\\"b\\": \\"ä\\"}"}}]}],'
        '"rejected":[{"role":"assistant","content":"no"}],'
        '"source":"stig.turns:7","run_id":"run1","item_id":"rule_a","family":"sshd",'
        '"split":"train","policy":"gold","origin":"ours","evaluator":"openscap 1.3.7",'
        '"rejected_source":"stig.turns:7","rejected_run_id":"run1","rejected_policy":"gold",'
        '"rejected_origin":"ours","rejected_evaluator":"openscap 1.3.7"}'
    )
