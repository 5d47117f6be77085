"""vLLM's command line and environment variables; nothing is started here."""

from __future__ import annotations

import ipaddress
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.serve import ServeConfig, ServeHardware, ServePrecision
from harness_forge.core.errors import ServeError

PLUGINS = Path(__file__).with_name("plugin")
EXTENSION = "forge_vllm_worker.Worker"
MIDDLEWARE = "forge_vllm_pages.Pages"
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Values that vLLM accepts for `--max-lora-rank`."""


@dataclass(frozen=True)
class ServedModel:
    """A base model to serve.

    Args:
        name: its name in requests.
        context: longest prompt and answer it was made for, in tokens.
        template: file of the chat template, the one it was trained with.
        tools: format of its tool calls; vLLM's parser has the same name.
    """

    name: str
    folder: Path
    context: int
    template: Path
    tools: str


@dataclass(frozen=True)
class ServedAdapter:
    """An adapter to serve.

    Args:
        name: its name in requests.
        rank: the highest of its matrices.
        digest: of its content.
    """

    name: str
    folder: Path
    rank: int
    digest: str = ""


def command(
    config: ServeConfig,
    workset: Path,
    hardware: ServeHardware,
    base: ServedModel,
    adapters: Sequence[ServedAdapter],
) -> list[str]:
    """Return vLLM's command line.

    Args:
        config: with a real `port`.
        workset: folder of the serve workset.
        hardware: cpu or cuda.

    Raises:
        ServeError: a setting that cannot be served.
    """
    if config.max_model_len > base.context:
        what = f"{config.max_model_len} tokens are more than the model's {base.context}"
        raise ServeError("serve.max_model_len", what)
    words = [
        *_program(workset, hardware, str(base.folder.absolute())),
        *("--served-model-name", base.name),
        *("--host", _loopback(config.host), "--port", str(config.port)),
        *("--max-model-len", str(config.max_model_len)),
        *("--dtype", _dtype(config.dtype, hardware)),
        *("--chat-template", str(base.template.absolute())),
        *("--enable-auto-tool-choice", "--tool-call-parser", config.tool_parser or base.tools),
        # Web pages can neither read an answer nor make vLLM do anything.
        *("--allowed-origins", "[]", "--middleware", MIDDLEWARE),
    ]
    eager = "enforce-eager" in config.arguments
    if hardware is ServeHardware.cpu and not (eager or _compiler()):
        # torch compiles C++ for a CPU, and a bare machine has no compiler.
        words += ["--enforce-eager"]
    if adapters:
        words += _lora(config, hardware, base, adapters)
    if hardware is ServeHardware.cuda:
        words += ["--gpu-memory-utilization", str(config.gpu_memory)]
    for flag, value in config.arguments.items():
        words += [f"--{flag}", *([value] if value else [])]
    return words


def variables(config: ServeConfig, hardware: ServeHardware) -> dict[str, str]:
    """Return vLLM's environment variables, in addition to those of the workset."""
    extra = {"PYTHONPATH": str(PLUGINS.absolute())}
    if config.hot_swap:
        extra["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] = "1"
    if hardware is ServeHardware.cpu:
        extra["VLLM_CPU_KVCACHE_SPACE"] = str(config.kv_cache_gb)
        if not _compiler():
            extra["TORCHDYNAMO_DISABLE"] = "1"  # the sampler compiles in eager mode too
    return extra


def rendered(words: Sequence[str], extra: Mapping[str, str]) -> str:
    """Return a command as a person would type it, one flag on each line."""
    lines = [" ".join(["env", *(f"{k}={shlex.quote(v)}" for k, v in sorted(extra.items()))])]
    for word in words:
        if word.startswith("-"):
            lines.append(word)
        else:
            lines[-1] += f" {shlex.quote(word)}"
    return " \\\n  ".join(lines)


def _compiler() -> str | None:
    """Return the C++ compiler that torch would call."""
    return shutil.which(os.environ.get("CXX", "g++"))


def _program(workset: Path, hardware: ServeHardware, model: str) -> list[str]:
    bin_ = workset.absolute() / "bin"
    if hardware is ServeHardware.cuda:
        return [str(bin_ / "vllm"), "serve", model]
    # The CPU package's own `vllm` looks for the metadata of the GPU package, and dies.
    module = "vllm.entrypoints.openai.api_server"
    return [str(bin_ / "python"), "-m", module, "--model", model]


def _lora(
    config: ServeConfig,
    hardware: ServeHardware,
    base: ServedModel,
    adapters: Sequence[ServedAdapter],
) -> list[str]:
    names = [base.name, *(adapter.name for adapter in adapters)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        what = f"two would answer to the name {twice[0]}"
        raise ServeError("forge serve", what, "name them with their hash: NAME-HASH")
    # During a swap both the new and the old adapter need a slot.
    slots = max(config.slots, len(adapters) + 1) if config.hot_swap else len(adapters)
    # On a CPU, vLLM 0.32 takes "no adapter" for the last slot; see the extension's docstring.
    mask = ["--worker-extension-cls", EXTENSION] if hardware is ServeHardware.cpu else []
    return [
        "--enable-lora",
        *("--max-lora-rank", str(_rank(adapters, config.max_lora_rank))),
        *("--max-loras", str(slots)),
        *mask,
        "--lora-modules",
        *(f"{adapter.name}={adapter.folder.absolute()}" for adapter in adapters),
    ]


def _rank(adapters: Sequence[ServedAdapter], least: int) -> int:
    """Return the smallest rank that vLLM accepts and all adapters fit into."""
    largest = max(adapters, key=lambda adapter: adapter.rank)
    for rank in RANKS:
        if rank >= max(largest.rank, least):
            return rank
    if least > RANKS[-1]:
        raise ServeError(f"serve.max_lora_rank: {least}", f"vLLM serves up to {RANKS[-1]}")
    what = f"has rank {largest.rank}, and vLLM serves up to {RANKS[-1]}"
    raise ServeError(f"adapter {largest.name}", what, "train it with a lower train.rank")


def _loopback(host: str) -> str:
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = host == "localhost"
    if not inside:
        hint = "serve.host=127.0.0.1, and a tunnel (ssh -L) from elsewhere"
        raise ServeError(f"serve.host: {host}", "would let other machines in", hint)
    return host


def _dtype(dtype: ServePrecision, hardware: ServeHardware) -> str:
    if dtype is ServePrecision.auto:
        return "bfloat16" if hardware is ServeHardware.cuda else "float32"
    return dtype.name
