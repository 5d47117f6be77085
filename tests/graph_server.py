"""Starts a real Bolt server, from the workset `graph`, in a process of its own."""

import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness_forge.core.errors import WorksetError
from harness_forge.worksets.worksets import python_of

ROOT = Path(__file__).parents[1]
SERVER = ROOT / "tests/bolt_server.py"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def serving(folder, port):
    """Run the server of a folder; the process is killed at the end."""
    try:
        python = python_of("graph", ROOT / ".forge")
    except WorksetError as error:
        pytest.skip(f"{error.where} {error.what}")
    folder.mkdir(exist_ok=True)
    words = [python, SERVER, folder, str(port), str(free_port())]
    process = subprocess.Popen(
        words,
        cwd=folder,  # where it writes its logs
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert "up\n" in iter(process.stdout.readline, ""), "the Bolt server ended"
            yield process
        finally:
            process.kill()
