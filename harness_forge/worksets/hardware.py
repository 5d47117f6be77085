"""Resolves `auto` settings for this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from harness_forge.config.train import AdapterKind, Hardware, Precision, TrainConfig
from harness_forge.core.errors import TrainError


def settle(config: TrainConfig) -> TrainConfig:
    """Return `config` with every `auto` resolved.

    Raises:
        TrainError: cuda is asked for and there is no NVIDIA driver, more processes than GPUs,
            or on a Ray cluster no number of them.
    """
    there = has_nvidia()
    hardware = config.hardware
    if hardware is Hardware.auto:
        hardware = Hardware.cuda if there else Hardware.cpu
    if config.ray and not config.processes:
        what = f"is not said, and a Ray cluster ({config.ray}) may be more than this machine"
        raise TrainError("train.processes", what, "how many workers train: train.processes=8")
    # A machine without a GPU may start what machines with GPUs do.
    if hardware is Hardware.cuda and not there and not config.on_a_cluster:
        hint = "train.hardware=cpu, or install the driver"
        raise TrainError("train.hardware: cuda", "there is no NVIDIA driver", hint)
    gpu = hardware is Hardware.cuda
    adapter, precision = config.adapter, config.precision
    if adapter is AdapterKind.auto:
        adapter = AdapterKind.qlora if gpu else AdapterKind.lora
    if precision is Precision.auto:
        precision = Precision.bfloat16 if gpu or has_bf16() else Precision.float32
    gpus = _gpus() if gpu else 0
    processes = config.processes or gpus or 1
    if gpu and processes > gpus and not config.on_a_cluster:
        what = (
            f"{processes} processes need as many GPUs; there {'is' if gpus == 1 else 'are'} {gpus}"
        )
        raise TrainError("train.processes", what, f"train.processes={gpus}, or 0 for every GPU")
    return replace(
        config, hardware=hardware, adapter=adapter, precision=precision, processes=processes
    )


def _gpus() -> int:
    """Return how many GPUs a training would take: those the driver names, or is told to show."""
    if (shown := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return max(1, len([one for one in shown.split(",") if one.strip()]))
    return max(1, len(nvidia_says("index") or ()))


def has_nvidia() -> bool:
    """Return whether an NVIDIA driver is installed."""
    return Path("/proc/driver/nvidia/version").exists() or bool(shutil.which("nvidia-smi"))


def nvidia_says(fields: str, timeout_s: float = 20) -> list[str] | None:
    """Return what the driver says of each GPU, a line a GPU; None if it does not answer.

    Args:
        fields: of `nvidia-smi --query-gpu`, between commas; sizes are in MiB.
    """
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.splitlines()


def has_bf16() -> bool:
    """Return whether the CPU has bfloat16 arithmetic; without it float32 is faster."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def threads(config: TrainConfig) -> int:
    """Return how many cores to use: the configured number, or those available to this process."""
    return config.threads or len(os.sched_getaffinity(0))
