"""Starts a real Bolt server, from the workset `graph`, in a process of its own."""

import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness_forge.config.graph import GraphConfig
from harness_forge.core.errors import WorksetError
from harness_forge.store.bolt import opened
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


@pytest.fixture(scope="session")
def bolt_url(tmp_path_factory):
    port = free_port()
    with serving(tmp_path_factory.mktemp("bolt"), port):
        yield f"bolt://127.0.0.1:{port}"


@pytest.fixture
def graph_config(bolt_url, monkeypatch):
    """The settings of an empty graph."""
    monkeypatch.setenv("FORGE_GRAPH_PASSWORD", "open sesame")
    config = GraphConfig(url=bolt_url, user="root", database="graph", batch=7, timeout_s=3)
    with opened(config) as graph:
        graph.ask("MATCH (x) DETACH DELETE x")
    return config


@pytest.fixture
def ask_graph(graph_config):
    """Asks the graph one query."""

    def ask(query, config=graph_config, **values):
        with opened(config) as graph:
            return graph.ask(query, **values)

    return ask
