"""The estimate of memory beside a measured step, and beside tables that others published."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from harness_forge.config.compose.project import choices
from harness_forge.config.gpu import Sharding
from harness_forge.training.plan.memory import GIB, NF4, Load, estimate, optimizer_states
from harness_forge.training.plan.shape import read

MEASURE = Path(__file__).with_name("measured_step.py")
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
TINY = {
    "model_type": "llama",
    "hidden_size": 256,
    "num_hidden_layers": 4,
    "intermediate_size": 768,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "vocab_size": 500,
    "tie_word_embeddings": False,
}
EXPERTS = {"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 128}
CASES = {
    "logits": ({"vocab_size": 8000}, Load(2, 192, TARGETS)),
    "activations kept": ({}, Load(2, 192, TARGETS, checkpointing=False)),
    "a layer made again": ({}, Load(2, 192, TARGETS)),
    "float32": ({}, Load(2, 192, TARGETS, precision=4, checkpointing=False)),
    "eager": ({}, Load(2, 192, TARGETS, checkpointing=False, eager=True)),
    "normalised queries": (
        {"model_type": "qwen3", "head_dim": 64},
        Load(2, 192, TARGETS, checkpointing=False),
    ),
    "experts": (
        {"model_type": "qwen3_moe", "head_dim": 64, **EXPERTS},
        Load(2, 192, TARGETS[:4], checkpointing=False),
    ),
}


def published(name):
    return read(yaml.safe_load(choices("model/shapes")[name].read_text())["config"], name)


def case(config, load):
    return {
        "config": TINY | config,
        "rows": load.rows,
        "length": load.length,
        "rank": load.rank,
        "targets": load.targets,
        "precision": "bfloat16" if load.precision == 2 else "float32",
        "checkpointing": load.checkpointing,
        "attention": "eager" if load.eager else "sdpa",
    }


@pytest.mark.workset
def test_a_measured_step_takes_what_was_estimated(child):
    words = json.dumps([case(*one) for one in CASES.values()])
    steps = json.loads(child(MEASURE, words).splitlines()[-1])
    for (name, (config, load)), step in zip(CASES.items(), steps, strict=True):
        found = estimate(read(TINY | config, name), load)
        parts = {
            "weights": found.weights,
            "adapter": found.adapter,
            "gradients": found.gradients,
            "optimizer": found.optimizer,
        }
        # AdamW also counts its steps, 4 bytes for each matrix.
        assert parts == pytest.approx({key: step[key] for key in parts}, rel=1e-3), name
        moving = found.activations + found.logits + found.gradients
        assert moving == pytest.approx(step["peak"], rel=0.15), name


def test_a_weight_of_nf4_has_4_127_bits():
    assert pytest.approx(4.127, abs=5e-4) == 8 * NF4


def test_logits_are_three_times_rows_by_length_by_vocabulary_by_four():
    found = estimate(published("qwen3-8b"), Load(2, 1024, TARGETS))
    assert found.logits == 3 * 2 * 1024 * 151_936 * 4


def test_embedding_and_head_are_not_quantised():
    shape = published("qwen3-8b")
    whole = estimate(shape, Load(1, 1024, TARGETS))
    small = estimate(shape, Load(1, 1024, TARGETS, quantised=True))
    assert small.embeddings == whole.embeddings > 2 * 2 * 151_936 * 4096
    assert small.layers == pytest.approx(whole.layers * NF4 / 2)


def test_parts_are_shared_out_and_one_layer_is_whole():
    shape, load = published("llama-3.3-70b"), Load(1, 1024, TARGETS, quantised=True)
    one = estimate(shape, load)
    four = estimate(shape, replace(load, gpus=4, sharding=Sharding.fsdp))
    assert four.weights == one.weights / 4
    assert four.gathered == pytest.approx(2 * one.layers / 80)
    assert four.activations == one.activations


def test_whole_copies_hold_gradients_twice():
    shape, load = published("qwen3-8b"), Load(1, 1024, TARGETS)
    assert estimate(shape, replace(load, gpus=2)).gradients == 2 * estimate(shape, load).gradients


def test_eight_bits_are_a_quarter_of_an_optimizer():
    states = optimizer_states(1000)
    assert states["adamw_torch"] == 8000
    assert states["adamw_8bit"] == pytest.approx(2031, abs=1)


# B4mad's table: QLoRA of rank 32 on a card of 24 GB; it says neither batch nor length.
@pytest.mark.parametrize(
    ("name", "stated"),
    [("qwen3-4b", 8), ("qwen3-8b", 14), ("qwen3-14b", 20), ("qwen3-32b", 28)],
)
def test_dense_models_of_b4mads_table_take_what_it_says(name, stated):
    load = Load(1, 2048, TARGETS, rank=32, quantised=True)
    total = estimate(published(name), load).total
    assert total / 1e9 == pytest.approx(stated, rel=0.15)
    assert (total <= 24e9) is (stated <= 24)


def test_b4mads_mixture_of_experts_does_not_fit_as_the_table_says():
    shape, load = published("qwen3-30b-a3b"), Load(1, 2048, TARGETS, rank=32, quantised=True)
    # 16 GB there, on the ground that only active experts are loaded. All are.
    assert estimate(shape, replace(load, experts_quantised=True)).weights / 1e9 > 16
    assert estimate(shape, load).total > 80 * GIB


# 8gent's table: LoRA on qwen3:14b in about 12 GB, by Ollama's name of a model in 4 bits.
def test_8gents_14b_needs_4_bits_and_short_rows():
    shape = published("qwen3-14b")
    long = Load(1, 2048, TARGETS, rank=32, quantised=True)
    assert estimate(shape, long).total / 1e9 > 12 * 1.15
    assert estimate(shape, replace(long, length=256)).total / 1e9 < 12 * 1.2
    assert estimate(shape, replace(long, quantised=False)).weights / 1e9 > 29
