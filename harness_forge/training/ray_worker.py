"""Has the workers of a Ray cluster train with Axolotl: one process each, on any of its machines.

Runs in the train workset's Python, so it imports nothing of harness_forge. Axolotl's own way to
Ray asks for GPUs alone, and makes every epoch as many times as there are workers, for what one
process is told (`ddp`) stays as it was before there were several.

Every machine sees the same folders under the same names: base model, dataset, and forge's home with
the workset. What the workers print comes to this process's output.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
import time
from pathlib import Path


def main() -> None:
    """Train by the config of this folder, on the workers of a cluster."""
    asked = _words()
    _demand_answer(asked.address)
    import ray
    from axolotl.cli.args import TrainerCliArgs
    from axolotl.cli.config import load_cfg
    from axolotl.cli.train import ray_train_func
    from ray.train import RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    each = {"GPU": 1} if asked.gpu else {"CPU": 1}
    place = Path.cwd()
    config = load_cfg(asked.config, use_ray=True, resources_per_worker=each, ddp=True)
    # A run of a name that Ray knows would be taken up where it was; checkpoints are Axolotl's.
    notes = place / "ray" / f"{time.time_ns()}"
    ray.init(
        **_cluster(asked),
        runtime_env={"env_vars": {name: os.environ[name] for name in asked.carry}},
    )
    try:
        TorchTrainer(
            ray_train_func,
            train_loop_config={"cfg": config.to_dict(), "cli_args": TrainerCliArgs()},
            torch_config=TorchConfig(backend="nccl" if asked.gpu else "gloo"),
            scaling_config=ScalingConfig(
                num_workers=asked.processes, use_gpu=asked.gpu, resources_per_worker=each
            ),
            run_config=RunConfig(name=notes.name, storage_path=str(notes.parent)),
        ).fit()
    except Exception as error:
        sys.exit(_why(error, asked.processes))
    finally:
        ray.shutdown()
        shutil.rmtree(notes, ignore_errors=True)


def _why(error: Exception, processes: int) -> str:
    """Return a line of what a training ended with: Ray's own has a page for each worker."""
    from ray.exceptions import RayActorError

    failed = getattr(error, "worker_failures", None) or {}
    for rank, cause in failed.items():
        if isinstance(cause, RayActorError):
            return f"WorkerError: worker {rank} of {processes} was ended, as by SIGKILL"
    rank, cause = next(iter(failed.items()), ("-", error))
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()] or [repr(cause)]
    telling = [line for line in lines if "Error" in line] or lines
    return f"WorkerError: worker {rank} of {processes}: {telling[-1]}"


def _demand_answer(address: str) -> None:
    """End at once where nothing listens: Ray would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), 10).close()
    except OSError as error:
        sys.exit(f"ConnectionError: no Ray cluster answers at {address}: {error.strerror or error}")


def _cluster(asked: argparse.Namespace) -> dict:
    if asked.address != "local":
        return {"address": asked.address}
    # Its sockets lie there, and the path of a socket must be short.
    own = {"address": "local", "include_dashboard": False, "_temp_dir": os.environ["TMPDIR"]}
    own |= {"_node_ip_address": "127.0.0.1", "object_store_memory": 128 << 20}
    return own if asked.gpu else own | {"num_cpus": asked.processes, "num_gpus": 0}


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("config", help="Axolotl's, in this folder")
    parser.add_argument("--address", required=True, help="`local` starts a cluster here")
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--gpu", action="store_true", help="each worker takes one")
    parser.add_argument("--carry", nargs="*", default=[], help="variables that workers get")
    return parser.parse_args()


if __name__ == "__main__":
    main()
