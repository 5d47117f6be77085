"""The rendered Axolotl config, against golden files."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from harness_forge.config.compose.engine import compose
from harness_forge.config.train import Hardware, TrainConfig, second_stage
from harness_forge.core.errors import TrainError
from harness_forge.training.axolotl import Inputs, render, render_dpo, render_grpo, render_kto
from harness_forge.worksets import hardware

GOLDEN = Path(__file__).with_name("golden")
INPUTS = Inputs(
    model=Path("/forge/models/small"),
    template=Path("/forge/work/chat_template.jinja"),
    target_modules=["q_proj", "v_proj"],
    train=Path("/data/train.jsonl"),
    prepared=Path("/forge/work/prepared"),
    out=Path("/forge/work/out"),
    start=Path("/forge/adapters/worker-0123456789ab"),
    longest=461,
)
CASES = {
    "lora_cpu": (["train=lora"], False),
    "qlora_cpu": (["train=qlora"], False),
    "qlora_cuda": (["train=lora"], True),
    "dpo_cpu": (["dpo=sigmoid"], False),
    "dpo_cuda": (["dpo=rpo"], True),
    "kto_cpu": (["kto.bad_weight=1.2"], False),
    "grpo_cpu": (["grpo.prompts=2", "grpo.micro_batch=4"], False),
}
SECOND = {"dpo": render_dpo, "kto": render_kto, "grpo": render_grpo}


@pytest.mark.parametrize("name", CASES)
def test_is_as_in_the_golden_file(name, monkeypatch):
    overrides, gpu = CASES[name]
    monkeypatch.setattr(hardware, "has_nvidia", lambda: gpu)
    monkeypatch.setattr(hardware, "has_bf16", lambda: False)
    config = compose(overrides=overrides)
    settings = hardware.settle(config.train)
    kind = name.partition("_")[0]
    if kind in SECOND:
        own = getattr(config, kind)
        second = second_stage(settings, own, kind, rank=8, alpha=16)
        rendered = SECOND[kind](second, own, INPUTS, config.seed)
    else:
        rendered = render(settings, replace(INPUTS, start=None), config.seed)
    golden = yaml.safe_load((GOLDEN / f"{name}.yaml").read_text())
    assert rendered == golden


def test_a_training_on_examples_starts_from_the_adapter_that_it_is_given():
    found = render(hardware.settle(TrainConfig()), INPUTS, 1)
    assert found["lora_model_dir"] == "/forge/adapters/worker-0123456789ab"


def test_long_rows_keep_the_attention_that_needs_no_room(monkeypatch):
    monkeypatch.setattr(hardware, "has_nvidia", lambda: False)
    settings = hardware.settle(TrainConfig())
    assert "attn_implementation" not in render(settings, replace(INPUTS, longest=513), 1)


def test_every_golden_file_is_used():
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == set(CASES)


@pytest.mark.parametrize(("bf16", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_a_cpu_trains_without_4_bits_and_in_what_it_multiplies(bf16, precision, monkeypatch):
    monkeypatch.setattr(hardware, "has_nvidia", lambda: False)
    monkeypatch.setattr(hardware, "has_bf16", lambda: bf16)
    settled = hardware.settle(TrainConfig())
    found = (settled.hardware.name, settled.adapter.name, settled.precision.name)
    assert found == ("cpu", "lora", precision)


def test_cuda_without_a_driver_is_refused(monkeypatch):
    monkeypatch.setattr(hardware, "has_nvidia", lambda: False)
    with pytest.raises(TrainError, match="there is no NVIDIA driver"):
        hardware.settle(TrainConfig(hardware=Hardware.cuda))


def test_threads_are_all_cores_unless_told():
    assert hardware.threads(TrainConfig()) >= 1
    assert hardware.threads(TrainConfig(threads=3)) == 3
