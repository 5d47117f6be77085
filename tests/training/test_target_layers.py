"""Layers that adapters are put on: an unknown model that lacks one is refused at once."""

import json
import struct

import pytest

from harness_forge.config.model import ModelConfig
from harness_forge.core.errors import TrainError
from harness_forge.registry.models.folder import BaseModel
from harness_forge.training.target_layers import demand_targets, linear_layers

FUSED = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")


def base(folder, kind, layers):
    """Return a model of a kind whose two blocks have these layers, a number in each."""
    names = [f"model.layers.{block}.part.{layer}.weight" for block in (0, 1) for layer in layers]
    shapes = {name: [1, 1] for name in names} | {"model.embed_tokens.weight": [1, 1]}
    shapes |= {"model.layers.0.norm.weight": [1], "lm_head.weight": [1, 1]}
    head = {
        name: {"dtype": "F32", "shape": shape, "data_offsets": [4 * at, 4 * at + 4]}
        for at, (name, shape) in enumerate(shapes.items())
    }
    text = json.dumps(head).encode()
    data = struct.pack("<Q", len(text)) + text + bytes(4 * len(head))
    (folder / "model.safetensors").write_bytes(data)
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    return BaseModel("mine", folder, "mine", "digest", "template")


def config(*targets):
    return ModelConfig(name="mine", target_modules=list(targets))


def test_only_matrices_inside_blocks_are_linear_layers(tmp_path):
    base(tmp_path, "phi3", FUSED)
    assert linear_layers(tmp_path) == sorted(FUSED)


def test_an_unknown_model_without_such_a_layer_is_refused_with_those_that_it_has(tmp_path):
    mine = base(tmp_path, "phi3", FUSED)
    with pytest.raises(TrainError, match="q_proj: mine has no such layers") as refused:
        demand_targets(mine, config("q_proj", "o_proj"))
    named = "model.target_modules=[down_proj,gate_up_proj,o_proj,qkv_proj]"
    assert refused.value.hint.endswith(named)
    demand_targets(mine, config("qkv_proj", "o_proj"))


def test_a_family_that_conf_knows_is_not_asked(tmp_path):
    demand_targets(base(tmp_path, "qwen3_moe", ("experts",)), config("gate_proj"))


def test_weights_in_another_form_are_not_judged(tmp_path):
    demand_targets(base(tmp_path, "phi3", ()), config("q_proj"))
