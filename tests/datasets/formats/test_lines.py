"""The shapes of dataset lines, byte for byte."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from harness_forge.config.compose import project
from harness_forge.config.format import ROWS
from harness_forge.core.examples import (
    Example,
    LabelledExample,
    PreferencePair,
    PromptExample,
    RowSource,
)
from harness_forge.datasets.formats.lines import FORMATS
from harness_forge.datasets.formats.unrepresentable import Unrepresentable

ORIGIN = RowSource(
    "stig.turns:7", "run1", "rule_a", "sshd", "train", "gold", "ours", "openscap 1.3.7"
)
PROMPT = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"b": 1, "a": 2}}}]
CALL = {"type": "function", "function": {"name": "f", "arguments": '{"b": "ä"}'}}
ANSWER = {"role": "assistant", "content": "", "tool_calls": [CALL]}
TEXT = {"role": "assistant", "content": "said"}
EXAMPLE = Example("id1", PROMPT, TOOLS, ANSWER, ORIGIN)
SPOKEN = Example("id1", PROMPT, [], TEXT, ORIGIN)

SHOWN_TOOLS = (
    '"tools":"[{\\"type\\":\\"function\\",\\"function\\":'
    '{\\"name\\":\\"f\\",\\"parameters\\":{\\"b\\":1,\\"a\\":2}}}]"'
)
SHOWN_ORIGIN = (
    '"source":"stig.turns:7","run_id":"run1","item_id":"rule_a","family":"sshd",'
    '"split":"train","policy":"gold","origin":"ours","evaluator":"openscap 1.3.7"'
)
SHOWN_PROMPT = '"prompt":[{"role":"system","content":"s"},{"role":"user","content":"u"}]'
SHOWN_ANSWER = (
    '[{"role":"assistant","content":"","tool_calls":[{"type":"function",'
    '"function":{"name":"f","arguments":"{\\"b\\": \\"ä\\"}"}}]}]'
)


def written(name: str, example) -> str:
    return orjson.dumps(FORMATS[name](example)).decode()


def test_every_format_has_a_kind_and_a_choice():
    assert FORMATS.keys() == ROWS.keys() == set(project.choices("format"))


def test_sft_golden():
    assert written("sft", EXAMPLE) == (
        '{"id":"id1","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},'
        f"{SHOWN_ANSWER[1:]},{SHOWN_TOOLS},{SHOWN_ORIGIN}}}"
    )


def test_dpo_golden():
    worse = {"role": "assistant", "content": "no"}
    pair = PreferencePair("id2", PROMPT, [], ANSWER, worse, ORIGIN, ORIGIN)
    ending = (
        '"rejected_source":"stig.turns:7","rejected_run_id":"run1","rejected_policy":"gold",'
        '"rejected_origin":"ours","rejected_evaluator":"openscap 1.3.7"'
    )
    assert written("dpo", pair) == (
        f'{{"id":"id2",{SHOWN_PROMPT},"tools":"[]","chosen":{SHOWN_ANSWER},'
        f'"rejected":[{{"role":"assistant","content":"no"}}],{SHOWN_ORIGIN},{ending}}}'
    )
    measured = written("dpo", replace(pair, chosen_evidence="{}", rejected_evidence="[]"))
    assert f'{SHOWN_ORIGIN},"evidence":"{{}}"' in measured
    assert measured.endswith(f'{ending},"rejected_evidence":"[]"}}')


def test_kto_golden():
    example = LabelledExample("id3", PROMPT, TOOLS, ANSWER, False, ORIGIN, '{"a":1}')
    assert written("kto", example) == (
        f'{{"id":"id3",{SHOWN_PROMPT},{SHOWN_TOOLS},"completion":{SHOWN_ANSWER},"label":false,'
        f'{SHOWN_ORIGIN},"evidence":"{{\\"a\\":1}}"}}'
    )


def test_grpo_golden():
    example = PromptExample("id4", PROMPT, TOOLS, '{"item_id":"rule_a"}', ORIGIN)
    assert written("grpo", example) == (
        f'{{"id":"id4",{SHOWN_PROMPT},{SHOWN_TOOLS},'
        f'"reference":"{{\\"item_id\\":\\"rule_a\\"}}",{SHOWN_ORIGIN}}}'
    )


def test_prompt_completion_golden():
    assert written("prompt_completion", EXAMPLE) == (
        '{"id":"id1","prompt":"s\\n\\nu",'
        '"completion":"{\\"name\\": \\"f\\", \\"arguments\\": {\\"b\\": \\"ä\\"}}",'
        f"{SHOWN_TOOLS},{SHOWN_ORIGIN}}}"
    )
    assert FORMATS["prompt_completion"](SPOKEN)["completion"] == "said"


def test_alpaca_golden():
    assert written("alpaca", SPOKEN) == (
        f'{{"id":"id1","system":"s","instruction":"u","input":"","output":"said",{SHOWN_ORIGIN}}}'
    )


def test_sharegpt_golden():
    assert written("sharegpt", EXAMPLE) == (
        '{"id":"id1","conversations":[{"from":"system","value":"s"},{"from":"human","value":"u"},'
        '{"from":"gpt","value":"<tool_call>{\\"name\\": \\"f\\", '
        '\\"arguments\\": {\\"b\\": \\"ä\\"}}</tool_call>"}],'
        f"{SHOWN_TOOLS},{SHOWN_ORIGIN}}}"
    )


def test_sharegpt_holds_several_turns_and_calls():
    two = {"role": "assistant", "content": "now", "tool_calls": [CALL, CALL]}
    back = {"role": "tool", "content": "done", "tool_call_id": "c"}
    prompt = [*PROMPT, two, back, PROMPT[1]]
    line = FORMATS["sharegpt"](EXAMPLE._replace(prompt=prompt))
    assert [said["from"] for said in line["conversations"]] == [
        "system", "human", "gpt", "tool", "human", "gpt",
    ]  # fmt: skip
    call = '<tool_call>{"name": "f", "arguments": {"b": "ä"}}</tool_call>'
    assert line["conversations"][2]["value"] == f"now\n{call}\n{call}"


@pytest.mark.parametrize(
    ("name", "example", "reason"),
    [
        ("alpaca", EXAMPLE, "unheld_tools"),
        ("alpaca", SPOKEN._replace(tools=TOOLS), "unheld_tools"),
        ("alpaca", SPOKEN._replace(prompt=[*PROMPT, TEXT, PROMPT[1]]), "unheld_turns"),
        ("prompt_completion", SPOKEN._replace(prompt=[*PROMPT, TEXT, PROMPT[1]]), "unheld_turns"),
        (
            "prompt_completion",
            EXAMPLE._replace(answer={**ANSWER, "tool_calls": [CALL, CALL]}),
            "unheld_calls",
        ),
        (
            "prompt_completion",
            EXAMPLE._replace(answer={**ANSWER, "content": "and"}),
            "unheld_calls",
        ),
        ("sharegpt", SPOKEN._replace(prompt=[{"role": "judge", "content": "x"}]), "unheld_role"),
        (
            "sharegpt",
            SPOKEN._replace(prompt=[{"role": "assistant", "content": "", "tool_calls": [None]}]),
            "unheld_calls",
        ),
    ],
)
def test_what_has_no_room_is_told_not_left_out(name, example, reason):
    with pytest.raises(Unrepresentable) as caught:
        FORMATS[name](example)
    assert caught.value.args == (reason,)
