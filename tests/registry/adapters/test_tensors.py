"""Tensors are checked against the adapter's config, and a damaged file is one clear error."""

import numpy as np
import pytest
from whole_adapters import framed, matrices, raw, written

from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters.package import CONFIG, WEIGHTS
from harness_forge.registry.adapters.tensors import check

A = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
B = A.replace("lora_A", "lora_B")


def test_an_adapter_in_order(tmp_path):
    found = check(raw(tmp_path / "one", matrices()))
    assert (found.tensors, found.modules, found.numbers) == (4, 2, 2 * (8 + 12))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_named_with_its_tensor(tmp_path, value):
    tensors = matrices()
    tensors[B][3, 1] = value
    with pytest.raises(TrainError, match=r"q_proj.lora_B.weight holds a number that is infinite"):
        check(raw(tmp_path / "one", tensors))


def test_half_floats_are_looked_at_too(tmp_path):
    place = raw(tmp_path / "one", matrices())
    halves = {name: values.astype("<f4") for name, values in matrices().items()}
    halves[A][0, 0] = np.inf
    head, data = {}, b""
    for name, values in halves.items():
        # bfloat16 is the upper half of a float32.
        bits = (values.view("<u4") >> 16).astype("<u2").tobytes()
        offsets = [len(data), len(data) + len(bits)]
        head[name] = {"dtype": "BF16", "shape": list(values.shape), "data_offsets": offsets}
        data += bits
    (place / WEIGHTS).write_bytes(framed(head, data))
    with pytest.raises(TrainError, match=r"q_proj.lora_A.weight holds a number that is infinite"):
        check(place)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({A: np.zeros((3, 4), "<f4")}, r"lora_A of .*q_proj has the shape \[3, 4\].* rank is 2"),
        ({B: np.zeros((6, 5), "<f4")}, r"lora_B of .*q_proj has the shape \[6, 5\].* rank is 2"),
        ({B: None}, "q_proj has only lora_A"),
        ({"model.embed.weight": np.zeros((2, 2), "<f4")}, "holds model.embed.weight, which"),
        (
            {
                A.replace("q_proj", "o"): np.zeros((2, 4), "<f4"),
                B.replace("q_proj", "o"): np.zeros((6, 2), "<f4"),
            },
            r"adapts model.layers.0.self_attn.o, which is none of the target_modules",
        ),
    ],
)
def test_what_the_config_does_not_ask_for(tmp_path, change, fault):
    tensors = {name: one for name, one in (matrices() | change).items() if one is not None}
    with pytest.raises(TrainError, match=fault):
        check(raw(tmp_path / "one", tensors))


def test_a_module_may_have_a_rank_of_its_own(tmp_path):
    tensors = matrices() | {A: np.ones((8, 4), "<f4"), B: np.ones((6, 8), "<f4")}
    assert check(raw(tmp_path / "one", tensors, rank_pattern={"q_proj": 8})).modules == 2
    with pytest.raises(TrainError, match="and its rank is 2"):
        check(raw(tmp_path / "two", tensors, rank_pattern={"v_projx": 8}))


def test_what_peft_saves_beside_its_matrices(tmp_path):
    head = "base_model.model.model.embed_tokens"
    tensors = matrices() | {
        f"{head}.base_layer.weight": np.ones((9, 4), "<f4"),
        f"{head}.lora_embedding_A": np.ones((2, 9), "<f4"),
        f"{head}.lora_embedding_B": np.ones((4, 2), "<f4"),
        f"{head}.token_adapter.trainable_tokens_delta": np.ones((1, 4), "<f4"),
        A.replace("lora_A.weight", "lora_magnitude_vector"): np.ones(6, "<f4"),
    }
    modules = ["q_proj", "v_proj", "embed_tokens"]
    facts = {"target_modules": modules, "trainable_token_indices": [3]}
    assert check(raw(tmp_path / "one", tensors, **facts)).modules == 3
    with pytest.raises(TrainError, match="trainable_tokens_delta, which"):
        check(raw(tmp_path / "two", tensors, target_modules=modules))


def test_modules_by_pattern_and_whole_ones_that_were_saved(tmp_path):
    tensors = matrices() | {"base_model.model.lm_head.weight": np.ones((3, 3), "<f4")}
    facts = {"target_modules": r".*\.(q|v)_proj", "modules_to_save": ["lm_head"]}
    assert check(raw(tmp_path / "one", tensors, **facts)).tensors == 5


WHOLE = written(matrices())
DAMAGED = {
    "empty": (b"", "no safetensors head"),
    "cut": (WHOLE[:-5], "bytes instead of"),
    "longer": (WHOLE + b"x", "bytes instead of"),
    "a head of 2^63 bytes": (b"\xff" * 7 + b"\x7f" + b"x" * 100, "no safetensors head"),
    "no JSON": (framed(b"{nope", b""), "no safetensors head"),
    "no UTF-8": (framed(b'{"\xff": 1}', b""), "no safetensors head"),
    "nested deeply": (framed(b"[" * 100_000, b""), "no safetensors head"),
    "a list": (framed([], b""), "its head is no object"),
    "no place": (framed({"t": {"dtype": "F32"}}, b""), "does not say where 't' is"),
    "a place that is text": (
        framed({"t": {"dtype": "F32", "shape": ["2"], "data_offsets": [0, 8]}}, b"12345678"),
        "does not say where 't' is",
    ),
    "a negative place": (
        framed({"t": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}}, b""),
        "does not say where 't' is",
    ),
    "too few bytes": (
        framed({"t": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}, b"12345678"),
        "'t' has 8 bytes",
    ),
    "tensors that share bytes": (
        framed(
            {
                "t": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                "u": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
            },
            b"12345678",
        ),
        "overlap",
    ),
    "bytes of no tensor": (
        framed({"t": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, b"12345678"),
        "bytes that are of none",
    ),
    "no tensor": (framed({}, b""), "holds no tensor"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_one_error(tmp_path, case):
    data, fault = DAMAGED[case]
    place = raw(tmp_path / "one", matrices())
    (place / WEIGHTS).write_bytes(data)
    with pytest.raises(TrainError, match=f"is damaged: .*{fault}"):
        check(place)


@pytest.mark.parametrize("text", ["", "[]", "{", '"r"'])
def test_a_config_that_is_no_object(tmp_path, text):
    place = raw(tmp_path / "one", matrices())
    (place / CONFIG).write_text(text)
    with pytest.raises(TrainError, match="is damaged: it is no JSON object"):
        check(place)
