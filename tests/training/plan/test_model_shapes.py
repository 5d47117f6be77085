"""What is read of a config.json, beside what transformers builds of it."""

import json
from pathlib import Path

import pytest
import yaml

from harness_forge.config.compose.project import choices
from harness_forge.core.errors import TrainError
from harness_forge.training.plan.matrices import Kind
from harness_forge.training.plan.shape import read

COUNTER = Path(__file__).with_name("counted_modules.py")
SMALL = {
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "vocab_size": 500,
}
LINEAR = {
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 16,
    "linear_num_value_heads": 4,
    "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4,
}
GEMMA = {"model_type": "gemma4_text", "head_dim": 16, "global_head_dim": 32}
OTHERS = {
    "mistral": {"model_type": "mistral", "tie_word_embeddings": False},
    "qwen2": {"model_type": "qwen2", "tie_word_embeddings": True},
    "llama with biases": {"model_type": "llama", "attention_bias": True},
    "qwen3.5": {"model_type": "qwen3_5_text", "head_dim": 16, **LINEAR},
    "experts in some layers": {
        "model_type": "qwen3_moe",
        "head_dim": 16,
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 32,
        "mlp_only_layers": [0],
    },
    "keys of other layers": {
        **GEMMA,
        "num_hidden_layers": 6,
        "num_kv_shared_layers": 3,
        "use_double_wide_mlp": True,
        "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": 500,
    },
}
PUBLISHED = {
    "qwen3-8b": 8_190_735_360,
    "qwen3-30b-a3b": 30_532_122_624,
    "llama-3.3-70b": 70_553_706_496,
    "smollm2-135m": 134_515_008,
}


def shipped():
    found = {
        name: yaml.safe_load(file.read_text()) for name, file in choices("model/shapes").items()
    }
    assert len(found) > 10
    return found


def every():
    shapes = {name: card["config"] for name, card in shipped().items()}
    return shapes | {name: SMALL | config for name, config in OTHERS.items()}


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_what_is_published(name):
    assert read(shipped()[name]["config"], name).weights() == PUBLISHED[name]


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_shape_is_understood_and_says_where_it_is_from(name):
    card = shipped()[name]
    assert not read(card["config"], name).unknown
    assert card["title"]
    assert card["source"]


@pytest.mark.workset
def test_counts_what_transformers_builds(child):
    configs = every()
    built = json.loads(child(COUNTER, json.dumps(configs)).splitlines()[-1])
    for name, config in configs.items():
        shape = read(config, name)
        linear = {}
        for one in shape.matrices:
            if one.kind is Kind.linear:
                linear[one.name] = linear.get(one.name, 0) + one.weights
        assert {"weights": shape.weights(), "linear": linear} == built[name], name


def test_experts_count_whole_and_are_used_in_part():
    shape = read(shipped()["qwen3-30b-a3b"]["config"], "")
    assert 3.0e9 < shape.active < 3.1e9
    assert shape.weights(Kind.experts) > 0.9 * shape.weights()


def test_an_adapter_takes_rank_times_both_sizes_of_each_layer():
    shape = read(SMALL | {"model_type": "llama"}, "")
    assert shape.adapter(8, ["q_proj", "k_proj"]) == 4 * 8 * ((64 + 64) + (64 + 32))
    assert shape.adapter(8, ["lm_head", "embed_tokens"]) == 0


def test_the_language_model_is_found_in_a_wrapper_for_pictures():
    inner = SMALL | {"model_type": "llama"}
    wrapped = {"model_type": "some_vision", "text_config": inner, "vision_config": {"depth": 2}}
    shape = read(wrapped, "")
    assert shape.weights() == read(inner, "").weights()
    assert shape.unknown == ("the weights of its vision part are not counted",)


def test_an_unknown_architecture_is_counted_with_a_warning():
    shape = read(SMALL | {"model_type": "lantern"}, "")
    assert shape.weights() == read(SMALL | {"model_type": "llama"}, "").weights()
    assert "the architecture 'lantern' is not known" in shape.unknown[0]


@pytest.mark.parametrize("key", ["hidden_size", "vocab_size"])
def test_names_the_size_that_is_missing(key):
    config = {name: value for name, value in SMALL.items() if name != key}
    with pytest.raises(TrainError, match=f"x/config.json: does not say {key}"):
        read(config, "x/config.json")


@pytest.mark.parametrize("value", ["4096", -1, 1.5, True])
def test_a_size_is_a_whole_number(value):
    with pytest.raises(TrainError, match=r"intermediate_size is .*, not a whole number"):
        read(SMALL | {"intermediate_size": value}, "config.json")
