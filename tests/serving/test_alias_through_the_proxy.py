"""`forge proxy` in front of `forge serve`: an alias always answers, and follows a swap."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from swapped_adapters import altered

from harness_forge.cli import main
from harness_forge.config.compose.engine import compose
from harness_forge.serving import server, state

TOOLS = [{"type": "function", "function": {"name": "apply_fix", "parameters": {}}}]


@pytest.fixture
def door(fake):
    """The URL of a proxy before a server that goes on by itself."""
    assert main(["serve", "--detach", "train.name=mine", *fake]) == 0
    running, port = state.one(Path("home")), server.free_port("127.0.0.1")
    upstream = f"proxy.upstreams.local.url={running.url.removesuffix('/v1')}"
    command = [sys.executable, "-m", "harness_forge.cli", "proxy", upstream, f"proxy.port={port}"]
    url = f"http://127.0.0.1:{port}/v1"
    with subprocess.Popen(
        [*command, *fake], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as proxy:
        try:
            awaited(url)
            yield url
        finally:
            proxy.terminate()
            state.stop(Path("home"), running)


def awaited(url):
    for _ in range(300):
        try:
            return httpx.get(f"{url}/models", trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("no proxy")


def asked(url):
    """Return who answered for the alias; '' is the base model."""
    body = {"model": "stig-champion", "messages": [{"role": "user", "content": "x"}]}
    reply = httpx.post(f"{url}/chat/completions", json=body | {"tools": TOOLS}, trust_env=False)
    calls = reply.raise_for_status().json()["choices"][0]["message"].get("tool_calls")
    return json.loads(calls[0]["function"]["arguments"])["by"] if calls else ""


def test_an_alias_follows_a_swap(door, fake):
    assert asked(door) == ""
    new = altered(compose(None, fake), "mine", 4)
    assert main(["serve", "swap", "stig-champion", str(new.folder), *fake]) == 0
    assert asked(door) == new.folder.name
