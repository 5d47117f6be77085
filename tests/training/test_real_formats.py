"""Every format trains a step in real Axolotl, and shows the model what it was meant to.

GRPO as well: two answers of four tokens to each of two prompts, and a reward function.
"""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from tiny_rows import TEMPLATE, TOOLS, answer, asked, script

from harness_forge.config.format import ROWS
from harness_forge.core.examples import (
    Example,
    LabelledExample,
    PreferencePair,
    PromptExample,
    RowSource,
)
from harness_forge.datasets.formats.lines import FORMATS
from harness_forge.worksets.worksets import environment_of, python_of

pytestmark = pytest.mark.workset

HERE = Path(__file__).parent
ORIGIN = RowSource("s.turns:1", "run", "rule", "sshd", "train", "gold", "ours", "openscap")
TEXT = {"role": "assistant", "content": "REFLECTION:\nit was <é> & 'x'"}
PATIENCE_S = 400.0
"""Seconds for all formats together; measured 34 to 56, with other work on both cores."""

TOOL = '"name": "apply_fix"'
CALLED = '<tool_call>{"name": "apply_fix"'


def example(format: str, number: int):
    """Return one of eight examples of what a format is for."""
    prompt, called = asked(number), answer(script(number))
    match ROWS[format]:
        case "dpo":
            worse = answer(f"true # {number}")
            return PreferencePair(f"{number}", prompt, TOOLS, called, worse, ORIGIN, ORIGIN)
        case "kto":
            return LabelledExample(f"{number}", prompt, TOOLS, called, number % 2 == 0, ORIGIN)
        case "grpo":
            reference = json.dumps({"item_id": f"rule_{number}"})
            return PromptExample(f"{number}", prompt, TOOLS, reference, ORIGIN)
    if format == "alpaca":
        return Example(f"{number}", prompt, [], TEXT, ORIGIN)
    return Example(f"{number}", prompt, TOOLS, called, ORIGIN)


HOW = {
    "sft": {"type": "chat_template", "field_messages": "messages", "field_tools": "tools"},
    "sharegpt": {
        "type": "chat_template",
        "field_messages": "conversations",
        "field_tools": "tools",
        "message_property_mappings": {"role": "from", "content": "value"},
        "roles": {
            "system": ["system"],
            "user": ["human"],
            "assistant": ["gpt"],
            "tool": ["tool"],
        },
    },
    "prompt_completion": {
        "type": {
            "field_instruction": "prompt",
            "field_output": "completion",
            "format": "{instruction}\n",
            "no_input_format": "{instruction}\n",
        }
    },
    "alpaca": {"type": "alpaca_w_system.load_chat"},
    "dpo": {"type": None},
    "kto": {"type": None},
    "grpo": {"type": "rewards.with_tools"},
}
"""How a dataset of each format is named in an Axolotl config; docs/datasets.md says the same."""


KERNELS = ("lora_qkv_kernel", "lora_o_kernel", "lora_mlp_kernel", "lora_embedding_kernel")
"""Off: they are put into the model's class, where the next format's model would meet them."""


def config(format: str, model: Path, folder: Path) -> dict:
    train = folder / f"{format}.jsonl"
    lines = (json.dumps(FORMATS[format](example(format, n)), ensure_ascii=False) for n in range(8))
    train.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    preference = {
        "rl": ROWS[format],
        "skip_prepare_dataset": True,
        "remove_unused_columns": False,
        "trl": {
            "num_generations": 2,
            "max_completion_length": 4,
            "reward_funcs": ["rewards.judged"],
        },
    }
    if ROWS[format] != "grpo":
        del preference["trl"]
    return {
        "base_model": str(model),
        "chat_template": "jinja",
        "chat_template_jinja": str(TEMPLATE),
        "datasets": [{"path": str(train), "ds_type": "json", "split": "train", **HOW[format]}],
        "dataset_prepared_path": str(folder / f"{format}_prepared"),
        "dataset_num_proc": 1,
        "val_set_size": 0,
        "output_dir": str(folder / f"{format}_out"),
        "adapter": "lora",
        "lora_r": 2,
        "lora_alpha": 2,
        "lora_target_modules": ["q_proj"],
        **dict.fromkeys(KERNELS, False),
        "bf16": False,
        "fp16": False,
        "tf32": False,
        "gradient_checkpointing": False,
        "optimizer": "adamw_torch",
        "sequence_len": 512,
        "sample_packing": False,
        "micro_batch_size": 2,
        "gradient_accumulation_steps": 1,
        "seed": 1,
        "max_steps": 1,
        "num_epochs": 1,
        "learning_rate": 1e-3,
        "save_strategy": "no",
        "logging_steps": 1,
        **(preference if ROWS[format] != "sft" else {}),
    }


def run(home: Path, configs: Path) -> list[dict]:
    """Return what the child told; one that hangs is ended with all its processes."""
    command = [python_of("train", home), HERE / "one_step.py", configs]
    quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    out, err = configs.with_name("told.txt"), configs.with_name("errors.txt")
    with out.open("w") as told, err.open("w") as errors:
        child = subprocess.Popen(
            command,
            env=environment_of("train", home) | quiet,
            stdout=told,
            stderr=errors,
            start_new_session=True,
        )
        try:
            status = child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            status = "hung"
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    lines = [json.loads(line) for line in out.read_text().splitlines() if line.startswith('{"')]
    if status != 0:
        begun = [line["begins"] for line in lines if "begins" in line]
        what = f"{status} after {begun}: the last of them did not end"
        pytest.fail(f"{what}\n{err.read_text()[-4000:]}", pytrace=False)
    return [line for line in lines if "name" in line]


@pytest.fixture(scope="module")
def stepped(home, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    configs = {format: config(format, model, folder) for format in FORMATS}
    (folder / "configs.json").write_text(json.dumps(configs))
    told = {line.pop("name"): line for line in run(home, folder / "configs.json")}
    print({name: line.pop("seconds") for name, line in told.items()})
    return told


@pytest.mark.parametrize("format", FORMATS)
def test_a_step_is_trained(stepped, format):
    assert (stepped[format]["rows"], stepped[format]["steps"]) == (8, 1)


@pytest.mark.parametrize("format", ["sft", "sharegpt"])
def test_tools_are_shown_and_the_call_is_trained(stepped, format):
    assert TOOL in stepped[format]["shown"]
    assert stepped[format]["trained"].startswith(CALLED)


def test_sharegpt_shows_and_trains_what_messages_do(stepped):
    assert stepped["sharegpt"] == stepped["sft"]


def test_a_completion_is_trained_after_its_prompt(stepped):
    told = stepped["prompt_completion"]
    assert re.fullmatch(r"You fix rules\.\n\nRule: rule_[0-7]\n", told["shown"])
    assert told["trained"].startswith(f"{{{TOOL}")
    assert told["trained"].endswith("}<|im_end|>")


def test_alpaca_trains_its_output(stepped):
    assert "You fix rules." in stepped["alpaca"]["shown"]
    assert stepped["alpaca"]["trained"].startswith("REFLECTION:")


def test_pairs_and_labelled_answers_are_shown_with_tools_and_calls(stepped):
    for format, answers in (("dpo", ("chosen", "rejected")), ("kto", ("completion",))):
        assert TOOL in stepped[format]["prompt"]
        for name in answers:
            assert stepped[format][name].startswith(CALLED)


def test_a_reward_function_is_given_the_reference_of_a_prompt_with_tools(stepped):
    # The function itself, in rewards.py, fails the step where it is given anything else.
    assert TOOL in stepped["grpo"]["prompt"]
    assert json.loads(stepped["grpo"]["reference"])["item_id"].startswith("rule_")
