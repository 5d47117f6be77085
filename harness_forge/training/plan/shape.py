"""Reads a model's config.json: which matrices it has, and how large they are.

Counted as transformers 5 builds them; a test compares the counts with the library's own
modules. No weights are needed. An architecture that is not known is counted as a decoder of
the usual form, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness_forge.core.errors import TrainError
from harness_forge.training.plan.matrices import Kind, Matrix, Shape

KNOWN = {
    *("llama", "mistral", "qwen2", "qwen3", "qwen3_moe"),
    *("qwen3_5_text", "qwen3_5_moe_text", "gemma4_text"),
}
"""Families whose counts a test compares with transformers."""

_NEEDED = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
_WRAPPED = ("text_config", "llm_config", "language_config")
_BESIDE = ("vision_config", "audio_config")
_NORMED = ("qwen3", "gemma3", "gemma4")


def read(config: Mapping[str, Any], where: str) -> Shape:
    """Return the shape that a config.json describes.

    Args:
        where: the file, for errors.

    Raises:
        TrainError: it lacks a size without which nothing can be said.
    """
    found = _Reader(_text_part(config), where)
    return found.shape(tuple(_beside(config)))


def _text_part(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of the language model; a wrapper for pictures or sound nests it."""
    nested = (config[name] for name in _WRAPPED if isinstance(config.get(name), Mapping))
    inner = next(nested, None)
    if inner is None:
        return dict(config)
    kept = {key: config[key] for key in ("tie_word_embeddings",) if key in config}
    return {**kept, **inner}


def _beside(config: Mapping[str, Any]) -> Iterator[str]:
    parts = [name.removesuffix("_config") for name in _BESIDE if config.get(name)]
    if parts:
        yield f"the weights of its {' and '.join(parts)} part are not counted"


class _Reader:
    """Reads the sizes of one language model."""

    def __init__(self, config: Mapping[str, Any], where: str) -> None:
        self.config, self.where = config, where
        missing = [name for name in _NEEDED if not self._get(name)]
        if missing:
            hint = "give the config.json of a language model, as `save_pretrained` writes it"
            raise TrainError(where, f"does not say {', '.join(missing)}", hint)
        self.family = str(config.get("model_type", ""))
        self.hidden, self.layers, self.heads, self.vocabulary = map(self._get, _NEEDED)
        self.keys = self._get("num_key_value_heads", self.heads)
        self.size = self._get("head_dim", self.hidden // self.heads)
        self.inner = self._get("intermediate_size", 0)
        self.experts = next(
            filter(None, map(self._get, ("num_experts", "num_local_experts", "n_routed_experts"))),
            0,
        )
        self.tied = bool(config.get("tie_word_embeddings", self.family.startswith("gemma")))
        self.found: list[Matrix] = []
        self.unknown: list[str] = []

    def _get(self, name: str, default: int = 0) -> int:
        value = self.config.get(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise TrainError(self.where, f"{name} is {value!r}, not a whole number")
        return value

    def shape(self, unknown: tuple[str, ...]) -> Shape:
        """Return the shape."""
        if self.family not in KNOWN:
            name = f"the architecture {self.family!r}" if self.family else "its architecture"
            self.unknown.append(f"{name} is not known: counted as a decoder of the usual form")
        if self._get("kv_lora_rank"):
            self.unknown.append("its compressed attention (kv_lora_rank) is counted as a plain one")
        self._outside()
        kinds = self._layer_kinds()
        for kind in sorted(set(kinds)):
            self._attention(kind, kinds.count(kind))
        self._forward()
        routes = self._get("num_experts_per_tok", self._get("top_k_experts")) * bool(self.experts)
        return Shape(
            family=self.family,
            hidden=self.hidden,
            layers=self.layers,
            queries=self.heads * max(self.size, self._global_size()),
            keys=self.keys * self.size,
            heads=self.heads,
            inner=self._widest(routes),
            vocabulary=self.vocabulary,
            matrices=tuple(one for one in self.found if one.weights),
            routes=routes,
            normed=self.family.startswith(_NORMED),
            context=self._get("max_position_embeddings"),
            tied=self.tied,
            unknown=(*unknown, *self.unknown),
        )

    def _add(self, name: str, inputs: int, outputs: int, number: int, **more: Any) -> None:
        self.found.append(Matrix(name, inputs, outputs, number, **more))

    def _vector(self, name: str, size: int, number: int) -> None:
        self._add(name, 1, size, number, kind=Kind.other)

    def _outside(self) -> None:
        hidden, layers = self.hidden, self.layers
        self._add("embed_tokens", self.vocabulary, hidden, 1, kind=Kind.embedding)
        if not self.tied:
            self._add("lm_head", hidden, self.vocabulary, 1, kind=Kind.head)
        self._vector("norm", hidden, 1)
        gemma = self.family.startswith(("gemma2", "gemma3", "gemma4"))
        self._vector("layernorm", hidden, layers * (4 if gemma else 2))
        beside = self._get("hidden_size_per_layer_input") if self.family == "gemma4_text" else 0
        if beside:
            # Per-layer embeddings of Gemma: one table of all layers, and two matrices a layer.
            table = self._get("vocab_size_per_layer_input", self.vocabulary)
            self._add("embed_tokens_per_layer", table, layers * beside, 1, kind=Kind.embedding)
            self._add("per_layer_model_projection", hidden, layers * beside, 1)
            self._add("per_layer_input_gate", hidden, beside, layers)
            self._add("per_layer_projection", beside, hidden, layers)
            self._vector("per_layer_projection_norm", beside, 1)
            self._vector("post_per_layer_input_norm", hidden, layers)

    def _layer_kinds(self) -> list[str]:
        """Return each layer's kind of attention: full, sliding, linear, or shared keys."""
        named = self.config.get("layer_types")
        if isinstance(named, list) and len(named) == self.layers:
            kinds = [str(kind) for kind in named]
        elif self.family.startswith("qwen3_5"):
            kinds = _repeated(["linear_attention"] * 3 + ["full_attention"], self.layers)
        elif self.family == "gemma4_text":
            kinds = _repeated(["sliding_attention"] * 5 + ["full_attention"], self.layers)
            kinds[-1] = "full_attention"
        else:
            return ["sliding_attention"] * self.layers
        shared = self._get("num_kv_shared_layers")
        own = self.layers - shared
        return [kind if at < own else f"{kind}, shared" for at, kind in enumerate(kinds)]

    def _global_size(self) -> int:
        return self._get("global_head_dim", 512) if self.family == "gemma4_text" else 0

    def _attention(self, kind: str, number: int) -> None:
        if kind.startswith("linear"):
            return self._linear_attention(number)
        hidden, size, keys = self.hidden, self.size, self.keys
        if self.family == "gemma4_text" and kind.startswith("full"):
            size = self._global_size()
            if self.config.get("attention_k_eq_v"):
                keys = self._get("num_global_key_value_heads", keys)
        one = self.family == "gemma4_text" and kind.startswith("full")
        same = one and bool(self.config.get("attention_k_eq_v"))
        gated = 2 if self.family.startswith("qwen3_5") else 1
        queries, width = self.heads * size, keys * size
        self._add("q_proj", hidden, queries * gated, number)
        self._add("o_proj", queries, hidden, number)
        own = "shared" not in kind
        self._add("k_proj", hidden, width, number * own)
        self._add("v_proj", hidden, width, number * own * (not same))
        if self.family.startswith(_NORMED):
            self._vector("head_norm", size, number * (1 + own))
        biased = self.config.get("attention_bias", self.family == "qwen2")
        if biased:
            # Qwen2 has none on the way out, and no key that says so.
            out = 0 if self.family == "qwen2" else hidden
            self._vector("attention_bias", queries + 2 * width + out, number)
        return None

    def _linear_attention(self, number: int) -> None:
        """Count a gated delta net of Qwen3.5."""
        key = self._get("linear_num_key_heads") * self._get("linear_key_head_dim")
        heads, size = self._get("linear_num_value_heads"), self._get("linear_value_head_dim")
        value = heads * size
        self._add("in_proj_qkv", self.hidden, 2 * key + value, number)
        self._add("in_proj_z", self.hidden, value, number)
        self._add("in_proj_b", self.hidden, heads, number)
        self._add("in_proj_a", self.hidden, heads, number)
        self._add("out_proj", value, self.hidden, number)
        width = self._get("linear_conv_kernel_dim", 4)
        self._add("conv1d", 2 * key + value, width, number, kind=Kind.other)
        self._vector("linear_attention", 2 * heads + size, number)

    def _forward(self) -> None:
        if not self.experts:
            return self._feed_forward(self.inner, self._dense_numbers())
        sparse = self.layers - self._dense_layers()
        width, routed = self._expert_width(), self._get("num_experts_per_tok")
        routed = routed or self._get("top_k_experts")
        used = routed / self.experts
        hidden, number = self.hidden, self.experts * sparse
        experts = {"kind": Kind.experts, "used": used}
        self._add("experts.gate_up_proj", hidden, 2 * width, number, **experts)
        self._add("experts.down_proj", width, hidden, number, **experts)
        gemma = self.family == "gemma4_text"
        # A linear layer of Gemma's; a bare tensor in the others.
        name, kind = ("proj", Kind.linear) if gemma else ("router", Kind.other)
        self._add(name, hidden, self.experts, sparse, kind=kind)
        shared = self._get("shared_expert_intermediate_size") or width * self._get(
            "n_shared_experts"
        )
        if shared:
            self._feed_forward(shared, {1: sparse})
            self._add("shared_expert_gate", hidden, 1, sparse * self.family.startswith("qwen"))
        if gemma:
            # A dense layer beside the experts, with norms of its own.
            self._feed_forward(self.inner, {1: sparse})
            self._vector("router_scale", hidden + self.experts, sparse)
            self._vector("expert_norms", hidden, 3 * sparse)
        else:
            self._feed_forward(self.inner, {1: self._dense_layers()})
        return None

    def _dense_numbers(self) -> dict[int, int]:
        """Return how many layers have a feed-forward part of once, and of twice, the width."""
        wide = self._get("num_kv_shared_layers") if self.config.get("use_double_wide_mlp") else 0
        return {1: self.layers - wide, 2: wide}

    def _dense_layers(self) -> int:
        """Return how many layers of a model with experts have none."""
        step = max(1, self._get("decoder_sparse_step", 1))
        plain = set(self.config.get("mlp_only_layers") or ())
        sparse = [at for at in range(self.layers) if (at + 1) % step == 0 and at not in plain]
        return max(self.layers - len(sparse), self._get("first_k_dense_replace"))

    def _feed_forward(self, width: int, numbers: Mapping[int, int]) -> None:
        # Three matrices, as in all decoders of today (SwiGLU, Shazeer 2020, arXiv 2002.05202).
        for times, number in numbers.items():
            for name in ("gate_proj", "up_proj"):
                self._add(name, self.hidden, width * times, number)
            self._add("down_proj", width * times, self.hidden, number)

    def _expert_width(self) -> int:
        return self._get("moe_intermediate_size", self.inner)

    def _widest(self, routes: int) -> int:
        """Return the width between the projections that one token passes through."""
        if not routes:
            return self.inner * max(times for times, n in self._dense_numbers().items() if n)
        beside = self.inner if self.family == "gemma4_text" else 0
        shared = self._get("shared_expert_intermediate_size")
        return routes * self._expert_width() + shared + beside


def _repeated(pattern: list[str], number: int) -> list[str]:
    return (pattern * (number // len(pattern) + 1))[:number]
