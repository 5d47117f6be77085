"""A proxy that hangs is killed and started again; one that does so again is bypassed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from fake_models import Server, serving

ROOT = Path(__file__).parents[3]
CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": []}


@contextmanager
def watched(tmp_path, *words):
    """Start `forge proxy` as a user does; yields the process that watches and its URL."""
    command = [sys.executable, "-m", "harness_forge.cli", "proxy", f"forge_home={tmp_path}"]
    command += ["proxy.port=0", "proxy.watch_s=2", "proxy.capture=false", *words]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process, process.stdout.readline().split(" in front")[0].removeprefix("proxy: ")
        finally:
            process.terminate()


def child(process):
    """Return the id of the proxy that is watched, as soon as there is one."""
    file = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    for _ in range(600):
        with suppress(IndexError):
            return int(file.read_text().split()[0])
        time.sleep(0.1)
    raise AssertionError("no proxy")


def state(url):
    return httpx.get(f"{url}/forge/health", timeout=300).json()["state"]


@pytest.mark.timeout(600)
def test_one_that_stands_still_costs_its_callers_seconds_and_the_second_time_itself(tmp_path):
    with (
        serving(Server()) as models,
        watched(tmp_path, f"proxy.upstreams.local.url={models}") as (process, url),
    ):
        assert state(url) == "well"
        for expected in ("well", "bypassed"):
            pid = child(process)
            os.kill(pid, signal.SIGSTOP)
            # Asked while it stands still: the caller waits, and is answered by the next.
            assert httpx.post(url + CHAT, json=BODY, timeout=300).status_code == 200
            assert child(process) != pid and state(url) == expected
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        told = process.stderr.read().splitlines()
    assert told == [
        "proxy: hung for 2 s and was killed; it is started again",
        "proxy: hung for 2 s and was killed; it passes everything on and keeps nothing",
    ]


def test_one_that_cannot_begin_says_why_and_is_not_tried_again(tmp_path):
    with watched(tmp_path, "proxy.upstreams.local.url=http://example.com") as (process, _):
        assert process.wait(60) not in (0, None)
        assert "is not this host" in process.stderr.read()
