"""A small file system that a test can fill; only root can mount one."""

import contextlib
import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest


@contextmanager
def small_disk(folder, megabytes=4):
    """Yield a folder on a disk of its own."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder, leave=0):
    """Write until nothing fits any more, and free `leave` bytes again."""
    place = folder / "fill"
    with contextlib.suppress(OSError), place.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    os.truncate(place, place.stat().st_size - leave)
    return place
