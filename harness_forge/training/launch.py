"""Runs Axolotl in its workset, and reports in one line why it failed."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.core.children import NoAnswer, answer_of, end_group
from harness_forge.core.errors import Interrupted, TrainError
from harness_forge.core.ray_variables import ray_variables
from harness_forge.training.progress import Step, TrainingProgress

PLUGINS = Path(__file__).with_name("plugin")
_TOKENS = Path(__file__).with_name("tokens_worker.py")
_RAY = Path(__file__).with_name("ray_worker.py")
_CARRIED = (
    *("ACCELERATE_", "AXOLOTL_", "DO_NOT_TRACK", "GRADIO_", "HF_HUB_", "NCCL_", "OMP_"),
    *("FORGE_METRICS", "FORGE_PAIRS", "FORGE_SHARED_PROMPT", "PYTHONPATH", "PYTHONUNBUFFERED"),
    *("TOKENIZERS_", "WANDB_MODE"),
)
"""Variables that workers on other machines get; those of a machine or with a secret stay."""
_POLL_S = 0.5


def environment(
    workset: Mapping[str, str],
    *,
    threads: int,
    metrics: Path | None,
    shared_prompt: bool,
    pairs: Path | None = None,
    gpu: bool = True,
) -> dict[str, str]:
    """Return Axolotl's environment variables.

    accelerate uses one thread a process if OMP_NUM_THREADS is not set, which
    leaves all cores but one idle.

    Args:
        metrics: file that gets one line for each step.
        pairs: file of the tokens that a second stage must see.
        gpu: whether it trains on one.
    """
    extra = {
        "PYTHONPATH": str(PLUGINS),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": str(threads),
        # Threads that wait in a spin take the cores from the thread that they wait for,
        # as soon as anything else runs on the machine.
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "FORGE_SHARED_PROMPT": str(int(shared_prompt)),
        # Without it several processes on a CPU would each train alone.
        **({} if gpu else {"ACCELERATE_USE_CPU": "true"}),
    }
    files = {"FORGE_METRICS": metrics, "FORGE_PAIRS": pairs}
    return dict(workset) | extra | {key: str(path) for key, path in files.items() if path}


def prepare(config: Path, log: Path, variables: Mapping[str, str]) -> None:
    """Tokenise the dataset with Axolotl, into the folder that `config` names.

    Raises:
        TrainError: it failed; its last words and its log are named.
    """
    _run(["axolotl", "preprocess", config.name], config.parent, log, variables, lambda: None)


def train(
    config: Path,
    log: Path,
    variables: Mapping[str, str],
    *,
    metrics: Path,
    show: Callable[[Step], None],
    gpu: bool,
    processes: int = 1,
    ray: str | None = None,
    hold: Sequence[int] = (),
) -> None:
    """Train to the end, resuming from the last checkpoint.

    Args:
        gpu: start through accelerate.
        processes: how many share the training; on a CPU torchrun starts more than one.
        ray: address of the Ray cluster whose workers they are.
        hold: file descriptors the child keeps open: a lock outlives its parent.

    Raises:
        TrainError: it failed; its last words and its log are named.
        Interrupted: Ctrl-C; the last checkpoint is kept.
    """
    command = ["axolotl", "train", config.name, "--launcher", *_launcher(gpu, processes)]
    if ray:
        command = _on_ray(config.name, ray, gpu, processes, variables)
        variables = dict(variables) | ray_variables(local=ray == "local")
    written = metrics.stat().st_size if metrics.is_file() else 0
    progress = TrainingProgress(metrics, written)

    def watch() -> None:
        for step in progress.new():
            show(step)

    _run(command, config.parent, log, variables, watch, hold)


def _launcher(gpu: bool, processes: int) -> list[str]:
    """Return the name of what starts the processes, and its own words."""
    if gpu:
        return ["accelerate", "--", "--num_processes", str(processes)]
    if processes == 1:
        return ["python"]
    # A free port of the loopback, so that two trainings do not meet.
    one_host = ["--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0", "--nnodes", "1"]
    return ["torchrun", "--", *one_host, "--nproc-per-node", str(processes)]


def _on_ray(
    config: str, address: str, gpu: bool, processes: int, variables: Mapping[str, str]
) -> list[str]:
    carried = sorted(name for name in variables if name.startswith(_CARRIED))
    command = ["python", "-P", str(_RAY), config, "--address", address]
    command += ["--processes", str(processes), *(["--gpu"] if gpu else [])]
    return [*command, "--carry", *carried]


def tokens(
    python: Path, variables: Mapping[str, str], *, model: Path, template: Path, train: Path,
    prepared: Path | None = None, pairs: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the rows as serving renders them and, if given, as Axolotl prepared them.

    Args:
        pairs: `train` holds preference pairs; their texts and tokens are also
            written into this folder.

    Raises:
        TrainError: the template cannot render a row, or the child died.
    """
    # -P: a file beside the worker must not stand in for a library of the same name.
    command = [python, "-P", _TOKENS, "--model", model, "--template", template, "--train", train]
    command += ["--prepared", prepared] if prepared else []
    command += ["--pairs", pairs] if pairs else []
    try:
        answer = answer_of(command, variables)
    except NoAnswer as ended:
        answer = {"fault": f"its tokens cannot be read: {ended.last}"}
    if "fault" in answer:
        raise TrainError(f"{train}", answer["fault"])
    return answer


def _run(command, folder, log, variables, watch, hold=()) -> None:
    # Axolotl leaves a file in the folder of temporary files with each start.
    with tempfile.TemporaryDirectory(prefix="forge-train-", ignore_cleanup_errors=True) as scratch:
        variables = {**variables, "TMPDIR": scratch}
        _run_in(command, folder, log, variables, watch, hold)


def _run_in(command, folder, log, variables, watch, hold) -> None:
    with log.open("ab") as file:
        begin = file.tell()
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(hold),
        )
    try:
        while child.poll() is None:
            watch()
            time.sleep(_POLL_S)
        watch()
    except BaseException as error:
        end_group(child)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted("train", "stopped", "the same command goes on from here") from None
        raise
    if child.returncode:
        raise _died(command, child.returncode, log, begin)


def _died(command: Sequence[str], code: int, log: Path, begin: int) -> TrainError:
    said = log.read_bytes()[begin:].decode(errors="replace").replace("\r", "\n")
    what = "axolotl on Ray" if command[0] == "python" else " ".join(command[:2])
    killed = code in (-signal.SIGKILL, 128 + signal.SIGKILL) or "SIGKILL" in said
    if killed or "MemoryError" in said or "out of memory" in said.lower():
        hint = "usually out of memory: lower train.micro_batch and raise train.accumulate"
        return TrainError(what, "was killed" if killed else "is out of memory", hint)
    if "No space left on device" in said:
        return TrainError(what, "the disk is full", "free some; the same command goes on from here")
    # What launchers say of a process that failed is not why it did.
    wrapping = ("CalledProcess", "ChildFailedError")
    errors = [
        re.sub(r"^\[rank\d+\]: ?", "", line)
        for line in said.splitlines()
        if "Error" in line and not any(one in line for one in wrapping)
    ]
    last = (errors or said.strip().splitlines() or ["no message"])[-1].strip()
    return TrainError(what, f"ended with code {code}: {last[:200]}", f"its whole output: {log}")
