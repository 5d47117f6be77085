"""Starts and stops Ray: no telemetry, bound to the loopback only, no processes left behind.

A cluster that is started here is this export's alone.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from harness_forge.config.engine import EngineConfig
from harness_forge.core.errors import ExportError
from harness_forge.core.ray_variables import ray_variables

_STORE_BYTES = 256 << 20
"""Of shared memory, for shards on their way; what does not fit waits on disk."""


@contextmanager
def session(config: EngineConfig) -> Iterator[Any]:
    """Yield Ray, connected to the engine's cluster.

    Raises:
        ExportError: Ray is not installed, or the cluster cannot be reached.
    """
    local = config.address is None
    with _environment(ray_variables(local=local)):
        ray = _imported()
        if ray.is_initialized():
            what = "this process is connected to a Ray cluster already"
            raise ExportError("engine.kind", what, "export from another process")
        # Sockets are made in it, and the path of a socket must be short.
        with TemporaryDirectory(prefix="forge-ray-") as folder:
            try:
                own = _own(config, folder) if local else {"address": config.address}
                with RayErrors(), _signals_kept():
                    ray.init(**own, log_to_driver=False, configure_logging=False)
                yield ray
            finally:
                ray.shutdown()


class RayErrors:
    """Translates Ray's errors inside the block into one-line errors."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, KeyboardInterrupt | SystemExit | ExportError):
            return
        from ray.exceptions import RayError

        if isinstance(error, RayError | ConnectionError | TimeoutError | RuntimeError | ValueError):
            raise _translate_error(error) from None


def _translate_error(error: BaseException) -> ExportError:
    from ray.exceptions import OutOfMemoryError, RayActorError

    if isinstance(error, RayActorError | OutOfMemoryError):
        what = "a worker on the cluster ended before its work did"
        hint = "no dataset was written; was memory short? fewer engine.workers take less"
        return ExportError("engine.workers", what, hint)
    words = (str(error).strip() or type(error).__name__).splitlines()[0]
    hint = "no dataset was written; engine.address=null starts a cluster here"
    return ExportError("engine.address", f"the Ray cluster is lost or not there: {words}", hint)


def _own(config: EngineConfig, folder: str) -> dict[str, Any]:
    """Return the arguments that start a local cluster for this export."""
    return {
        "address": "local",
        "num_cpus": config.workers or len(os.sched_getaffinity(0)),
        "num_gpus": 0,
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
        "_node_ip_address": "127.0.0.1",
        "_temp_dir": folder,
    }


def _imported() -> Any:
    try:
        import ray
    except ImportError as error:
        what = "is not installed" if error.name == "ray" else f"cannot be imported: {error}"
        hint = "pip install 'harness-forge[ray]', or engine=local"
        raise ExportError("engine.kind=ray", f"Ray {what}", hint) from None
    return ray


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Restore signal handlers after the block: Ray's handlers end the process with a trace."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment inside the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
