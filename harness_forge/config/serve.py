"""Settings of a server: where it listens, on what hardware, with how much memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from harness_forge.config.limits import between, limited


class ServeHardware(Enum):
    """What a model is served on."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class ServePrecision(Enum):
    """Number format of the weights while they are served."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"
    float16 = "float16"


class GgufKind(Enum):
    """Number format of GGUF files."""

    f32 = "f32"
    f16 = "f16"
    bf16 = "bf16"
    q8_0 = "q8_0"


@dataclass(frozen=True)
class ServeConfig:
    """One vLLM server with a base model and its adapters.

    Args:
        hardware: auto takes what the serve workset was installed for.
        host: address it listens on; only this machine's own are allowed.
        port: 0 takes a free one.
        max_model_len: longest prompt and answer together, in tokens.
        dtype: auto takes bfloat16 on cuda and float32 on a CPU, as evaluation does.
        kv_cache_gb: memory for the key-value cache on a CPU, in 2^30 bytes; whole numbers.
        gpu_memory: share of the GPU's memory it may use, 0 to 1.
        start_timeout_s: seconds it may take until it answers.
        smoke_tokens: longest answer of the smoke test.
        tool_parser: vLLM's reader of tool calls; '' is the one that the chat template's own form
            of calls asks for.
        hot_swap: let adapters be loaded and unloaded while it runs (`forge serve swap`).
        slots: room for adapters side by side, those loaded later included; raised to fit.
        max_lora_rank: room for this rank in each slot; raised to fit those served from the start.
        drain_s: seconds that requests to an adapter may take to end before it is unloaded.
        gguf: number format of what is written for Ollama and llama.cpp.
        gguf_pretokenizer: llama.cpp's name of the base model's pre-tokenizer, where it does not
            find it by itself; what it makes of texts is compared with the model's own.
        image: of the compose file; '' is vLLM's own at the serve workset's version.
        arguments: further flags of vLLM, without the dashes; '' is a flag without a value.
    """

    hardware: ServeHardware = ServeHardware.auto
    host: str = "127.0.0.1"
    port: int = limited(8000, between(0, 65535))
    max_model_len: int = 2048
    dtype: ServePrecision = ServePrecision.auto
    kv_cache_gb: int = 1
    gpu_memory: float = 0.9
    start_timeout_s: float = 900.0
    smoke_tokens: int = 128
    tool_parser: str = ""
    hot_swap: bool = True
    slots: int = 4
    max_lora_rank: int = 16
    drain_s: float = 120.0
    gguf: GgufKind = GgufKind.f16
    gguf_pretokenizer: str = ""
    image: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
