"""Peak memory of one GPU in a training, part by part.

All formulas are in bytes. The parts of weights, gradients and optimizer are counts of weights
times their size. Those of activations count the tensors that PyTorch keeps for the backward
pass of one decoder layer of transformers 5, and were compared with a measured step
(docs/planning.md). What is assumed and was not measured here is in capital letters below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from harness_forge.config.gpu import Sharding
from harness_forge.training.plan.matrices import Kind, Shape

GIB = 2**30

NF4 = (4 + 8 / 64 + 32 / (64 * 256)) / 8
"""Bytes of a weight in 4 bits: NF4, a constant of 8 bits for each block of 64 weights, and one
of 32 bits for 256 such constants (double quantisation). Dettmers et al. 2023, arXiv 2305.14314,
section 3: 4.127 bits. Axolotl 0.19 sets both."""

OPTIMIZERS = {
    "adamw_torch": 8.0,
    "adamw_8bit": 2 * (1 + 4 / 256),
    "lion_8bit": 1 + 4 / 256,
    "sgd_momentum": 4.0,
}
"""Bytes that an optimizer keeps of each trained weight. AdamW has two float32 moments (Loshchilov,
Hutter 2019, arXiv 1711.05101); 8 bits have a float32 constant for each block of 256 (Dettmers et
al. 2022, arXiv 2110.02861); Lion and SGD with momentum have one moment."""

CUDA_CONTEXT = 0.6 * GIB
"""Assumed: what CUDA, its kernels and cuBLAS hold before the first tensor."""
NCCL = 0.4 * GIB
"""Assumed: buffers of the collectives, where there are several GPUs."""
FRAGMENTATION = 0.08
"""Assumed: share of the tensors that the allocator holds besides, in pieces too small to use."""
PROCESS = 1.3 * GIB
"""On a CPU: Python with torch, transformers and Axolotl loaded, before the first weight."""


@dataclass(frozen=True)
class Load:
    """What a training puts on a GPU.

    Args:
        rows: in one forward pass.
        length: tokens of the longest row.
        targets: names of the layers with an adapter.
        rank: of the adapter; 0 trains all weights.
        quantised: the frozen linear layers are held in 4 bits.
        experts_quantised: so are experts (`quantize_moe_experts` of Axolotl, which
            `forge train` does not set).
        precision: bytes of a number of the frozen weights and of activations, 2 or 4.
        checkpointing: activations of a layer are made again in the backward pass.
        cuda: on a GPU; False is a CPU.
        eager: attention is not fused.
    """

    rows: int
    length: int
    targets: tuple[str, ...]
    rank: int = 16
    quantised: bool = False
    experts_quantised: bool = False
    precision: int = 2
    checkpointing: bool = True
    optimizer: str = "adamw_torch"
    gpus: int = 1
    sharding: Sharding = Sharding.ddp
    cuda: bool = True
    eager: bool = False


@dataclass(frozen=True)
class Memory:
    """Bytes on one GPU at the peak of a step.

    Args:
        layers: frozen linear layers.
        experts: all experts of all layers; those that no token is sent to count as well.
        embeddings: embedding and head, which are not quantised, with norms and biases.
        gathered: layers that are whole for a moment where the others are shared out.
        adapter: weights that are trained, float32.
        gradients: of them; with ddp also the copy that is sent.
        optimizer: its state.
        activations: kept for the backward pass.
        logits: scores of every token of the vocabulary, and what the loss makes of them; or
            one layer's activations made again, if that is more: the two are not alive at once.
        context: CUDA's own, or the process.
        margin: fragmentation.
    """

    layers: float
    experts: float
    embeddings: float
    gathered: float
    adapter: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    context: float
    margin: float = 0.0

    @property
    def total(self) -> float:
        """All parts together."""
        return sum(getattr(self, one.name) for one in fields(self))

    @property
    def weights(self) -> float:
        """The frozen model."""
        return self.layers + self.experts + self.embeddings


def estimate(shape: Shape, load: Load) -> Memory:
    """Return the peak memory of one GPU, part by part."""
    trained = shape.adapter(load.rank, load.targets) if load.rank else shape.weights()
    share = 1 / load.gpus if load.sharding is Sharding.fsdp else 1
    copies = 2 if load.gpus > 1 and load.sharding is Sharding.ddp else 1
    frozen = 1 if load.rank else 0
    layers = shape.weights(Kind.linear) * size_of_layer(load) * frozen
    experts = shape.weights(Kind.experts) * size_of_expert(load) * frozen
    rest = shape.weights(Kind.embedding, Kind.head, Kind.other) * load.precision * frozen
    tokens = load.rows * load.length
    parts = Memory(
        layers=layers * share,
        experts=experts * share,
        embeddings=rest * share,
        gathered=_gathered(shape, load) if share < 1 else 0,
        adapter=4 * trained * share,
        gradients=4 * trained * copies * share,
        optimizer=OPTIMIZERS[load.optimizer] * trained * share,
        activations=tokens * kept(shape, load),
        logits=tokens * max(of_logits(shape, load), again(shape, load)),
        context=context(load),
    )
    return replace(parts, margin=FRAGMENTATION * (parts.total - parts.context))


def size_of_layer(load: Load) -> float:
    """Return the bytes of a weight of a frozen linear layer."""
    return NF4 if load.quantised else load.precision


def size_of_expert(load: Load) -> float:
    """Return the bytes of a weight of a frozen expert.

    bitsandbytes quantises `nn.Linear`, and experts are no such layers in transformers 5.
    `prepare_model_for_kbit_training` (PEFT 0.20) then makes float32 of all that was left.
    """
    if load.quantised and load.experts_quantised:
        return NF4
    # Axolotl 0.19 leaves that step out where weights are shared out.
    raised = load.quantised and load.sharding is Sharding.ddp
    return 4 if raised else load.precision


def context(load: Load) -> float:
    """Return what is held besides all tensors."""
    if not load.cuda:
        return PROCESS
    return CUDA_CONTEXT + (NCCL if load.gpus > 1 else 0)


def kept(shape: Shape, load: Load) -> float:
    """Return the bytes kept of one token, for the backward pass.

    With checkpointing that is the input of each layer (Chen et al. 2016, arXiv 1604.06174),
    without it all that a layer keeps.
    """
    if load.checkpointing:
        return shape.layers * shape.hidden * load.precision
    return shape.layers * of_layer(shape, load)


def again(shape: Shape, load: Load) -> float:
    """Return the bytes of one token that a layer takes when it is made again.

    That is all it keeps, and its gradients: three of the inner width, and one of the hidden
    width in float32.
    """
    if not load.checkpointing:
        return 0
    return of_layer(shape, load) + 3 * load.precision * shape.inner + 4 * shape.hidden


def of_layer(shape: Shape, load: Load) -> float:
    """Return the bytes that one decoder layer keeps of one token.

    The method is that of Korthikanti et al. 2022 (arXiv 2205.05198, section 4.1), counted for
    today's layers: RMSNorm, grouped queries, fused attention, SwiGLU and a frozen model whose
    adapters alone have gradients. With h the hidden width, q and k those of queries and keys,
    i the inner width of the feed-forward part and w bytes of a number:

    - two norms keep their input, raised to float32: 8 h; normalised queries and keys 4 (q + k);
    - attention keeps its output and queries, keys and values, these two repeated to the
      width of the queries: 4 w q; eager attention (on a CPU, for short rows) also the weights
      of all tokens, in float32 and, unless that is w, once more in w: (4 + w) heads * length;
    - activation and product keep gate, its activation and up: 3 w i;
    - each adapter keeps the input of its layer; in bfloat16 each has a copy of its own.
    """
    width, hidden, queries = load.precision, shape.hidden, shape.queries
    norms = 4 * (2 * hidden + (queries + shape.keys if shape.normed else 0))
    attention = 4 * width * queries
    if load.eager:
        attention += (4 if width == 4 else 4 + width) * shape.heads * load.length
    inner = 3 * width * shape.inner
    return norms + attention + inner + _inputs(shape, load) + width * hidden * shape.routes


def _inputs(shape: Shape, load: Load) -> float:
    """Return the bytes of adapters' inputs that a layer keeps of one token."""
    sizes = {"o_proj": shape.queries, "down_proj": shape.inner}
    own = sum(sizes[name] for name in sizes if name in load.targets)
    read = sum(name in load.targets for name in ("q_proj", "k_proj", "v_proj"))
    fed = sum(name in load.targets for name in ("gate_proj", "up_proj"))
    if load.precision == 4:
        # The same tensor serves them all.
        read, fed = min(read, 1), min(fed, 1)
    return load.precision * (own + (read + fed) * shape.hidden)


def of_logits(shape: Shape, load: Load) -> float:
    """Return the bytes of one token's scores at the peak of the loss.

    transformers raises them to float32; `cross_entropy` keeps their log-softmax, and its
    backward pass has two gradients of that size at once: three times vocabulary * 4 bytes.
    """
    return 3 * 4 * shape.vocabulary


def _gathered(shape: Shape, load: Load) -> float:
    """Return the layers that are whole at once: one in use and the next (FSDP's prefetch).

    Rajbhandari et al. 2020, arXiv 1910.02054, ZeRO stage 3.
    """
    layer = shape.weights(Kind.linear) * size_of_layer(load)
    layer += shape.weights(Kind.experts) * size_of_expert(load)
    return 2 * layer / shape.layers


def optimizer_states(trained: int) -> dict[str, float]:
    """Return the bytes of each optimizer's state."""
    return {name: size * trained for name, size in OPTIMIZERS.items()}


def by_gpus(shape: Shape, load: Load, counts: Sequence[int]) -> dict[str, dict[int, float]]:
    """Return the total of one GPU, by sharding and number of GPUs."""
    return {
        way.name: {
            number: estimate(shape, replace(load, gpus=number, sharding=way)).total
            for number in counts
        }
        for way in Sharding
    }
