"""The machine itself: Python, cores, memory, GPU, clock, disk."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness_forge.config.health import DiskConfig, HealthConfig
from harness_forge.core import version as own
from harness_forge.core.files import existing
from harness_forge.core.numbers import counted, size
from harness_forge.report.doctor.finding import Finding, fail, note, ok
from harness_forge.report.health.alerts import disk as disk_alerts
from harness_forge.report.health.disk import disks
from harness_forge.worksets.hardware import has_bf16, has_nvidia, nvidia_says

_AHEAD = timedelta(minutes=5)
"""Clocks of two machines may differ by so much."""


def machine() -> Iterator[Finding]:
    """Yield what the machine is."""
    version = platform.python_version()
    yield ok("machine", "forge", f"{own.__version__} on Python {version}")
    cores = len(os.sched_getaffinity(0))
    yield ok("machine", "processor", f"{counted(cores, 'core')}, {platform.machine()}")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield ok("machine", "memory", size(memory))
    yield _gpu()


def _gpu() -> Finding:
    if not has_nvidia():
        precision = "bfloat16" if has_bf16() else "float32"
        said = f"no NVIDIA driver: trainings run on the processor, in {precision}"
        return note("machine", "gpu", said)
    gpus = nvidia_says("name,memory.total")
    if gpus is None:
        remedy = "install the driver again, or train.hardware=cpu serve.hardware=cpu"
        return fail("machine", "gpu", "there is a driver, and nvidia-smi does not answer", remedy)
    return ok("machine", "gpu", "; ".join(f"{one} MiB" for one in gpus) or "none")


def clock(marks: dict[str, datetime], now: datetime) -> Iterator[Finding]:
    """Yield whether the clock agrees with what was written before.

    Args:
        marks: times that have passed, by what they are of.
    """
    made = Path(own.__file__).stat().st_mtime
    marks = {"forge's own files": datetime.fromtimestamp(made, UTC), **marks}
    remedy = "set the clock (timedatectl set-ntp true); or what was written came from one ahead"
    late = {name: when for name, when in marks.items() if when > now + _AHEAD}
    for name, when in late.items():
        said = f"{now:%Y-%m-%d %H:%M} UTC, and {name} {when:%Y-%m-%d %H:%M}"
        yield fail("clock", "time", said, remedy)
    if not late:
        yield ok("clock", "time", f"{now:%Y-%m-%d %H:%M:%S} UTC, after all that was written")
    synchronised = _synchronised()
    if synchronised is not None:
        said = "synchronised" if synchronised else "not synchronised with a time server"
        remedy = "timedatectl set-ntp true, where the network has a time server"
        yield ok("clock", "ntp", said) if synchronised else note("clock", "ntp", said, remedy)


def _synchronised() -> bool | None:
    """Return whether systemd says that the clock is synchronised; None if it says nothing."""
    if not shutil.which("timedatectl"):
        return None
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        return {"yes": True, "no": False}.get(said.stdout.strip())
    return None


def disk(folders: Sequence[Path], config: DiskConfig) -> Iterator[Finding]:
    """Yield whether there is room, by the thresholds of `forge health`, and leave to write."""
    known = disks(folders)
    short = {one.subject: one for one in disk_alerts(known, HealthConfig(disk=config))}
    for one in known:
        said = f"{size(one.free)} of {size(one.total)} free"
        if alert := short.get(one.path):
            wanted = f"{said}; {alert.threshold} are wanted"
            yield fail("disk", one.path, wanted, alert.remedy)
        else:
            yield ok("disk", one.path, said)
    for folder in folders:
        place = existing(folder)
        if not os.access(place, os.W_OK | os.X_OK):
            remedy = f"give {os.environ.get('USER') or 'this user'} leave to write there"
            yield fail("disk", str(folder), f"{place} cannot be written", remedy)
