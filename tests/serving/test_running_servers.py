"""`forge serve --detach | status | logs | stop`, with a program in vLLM's place."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness_forge.cli import main
from harness_forge.core.errors import ServeError
from harness_forge.serving import aliases, state

HOME = Path("home")


def serve(*words):
    return main(["serve", *words])


@pytest.fixture
def detached(fake, capsys):
    """A server that goes on by itself; its state."""
    assert serve("--detach", "train.name=mine", *fake) == 0
    said = capsys.readouterr().out
    assert re.match(r"serve: local, mine at http://127.0.0.1:\d+/v1, process \d+", said)
    running = state.one(HOME)
    yield running
    if running.server.alive or running.owner.alive:
        state.stop(HOME, running)


def test_status_logs_and_stop(detached, fake, capsys):
    assert serve("status", *fake) == 0
    said = capsys.readouterr().out
    assert f"serve: {detached.url} answers, on cpu since " in said
    assert re.search(r"^  mine from .*/adapters/mine-[0-9a-f]{12}$", said, re.MULTILINE)
    assert serve("logs", *fake) == 0
    assert "Using max model len 2048" in capsys.readouterr().out
    assert serve("stop", *fake) == 0
    assert not detached.server.alive
    assert not detached.owner.alive
    assert not state.place(HOME, detached.port).exists()
    assert serve("stop", *fake) == 14
    assert "no server runs" in capsys.readouterr().err
    # The log of one that has ended can still be read.
    assert serve("logs", *fake) == 0


def test_before_a_champion_stands_its_alias_is_the_base(detached):
    assert aliases.read(HOME)["stig-champion"].model == "local"


def test_a_server_that_lost_its_forge_is_told_and_stopped(detached, fake, capsys):
    os.kill(detached.owner.pid, signal.SIGKILL)
    while detached.owner.alive:
        time.sleep(0.05)
    assert serve("status", *fake) == 0
    assert "the forge that started it is gone" in capsys.readouterr().out
    assert serve("stop", *fake) == 0
    assert not detached.server.alive


def test_stale_files_are_forgotten_and_their_number_is_not_killed(detached, fake, capsys):
    own = replace(state.process(os.getpid()), started=1)
    state.write(HOME, replace(detached, server=own, owner=own, port=1))
    (state.folder(HOME) / "2.json").write_text("{torn")
    assert serve("status", *fake) == 0
    said = capsys.readouterr().out
    assert "the server on port 1 is gone without a word; forgotten" in said
    assert "the server on port 2 is gone" in said
    assert [one.port for one in state.servers(HOME)[0]] == [detached.port]


def test_of_several_one_must_be_told(detached):
    state.write(HOME, replace(detached, port=1))
    with pytest.raises(ServeError, match="several servers run: 1, "):
        state.one(HOME, 8000)
    assert state.one(HOME, 1).port == 1


def test_what_a_detached_one_died_of_is_told(fake, capsys, monkeypatch):
    monkeypatch.setenv("FAKE_VLLM", "die")
    assert serve("--detach", "train.name=mine", *fake) == 14
    said = capsys.readouterr().err
    assert said.startswith("forge: vLLM: ended while it started with code 1: ValueError: no memory")
    assert state.servers(HOME) == ([], [])


def test_a_killed_process_is_not_alive():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    one = state.process(child.pid)
    assert one.alive
    child.kill()
    child.wait()
    assert not one.alive
    assert not replace(state.process(os.getpid()), boot="another").alive


def test_words_that_exclude_each_other(fake, capsys):
    assert serve("--unit", "--print", *fake) == 2
    assert serve("status", "more", *fake) == 2
    assert "'more' is one word too many" in capsys.readouterr().err


def test_a_chosen_name_is_never_given_to_other_weights(fake, capsys):
    assert serve("mine:local-stig-v1", "--print", *fake) == 0
    assert "local-stig-v1=" in capsys.readouterr().out
    known = Path("home/serving/names.json")
    known.write_text(json.dumps({"local-stig-v1": "0" * 64}))
    assert serve("mine:local-stig-v1", "--print", *fake) == 14
    assert "name local-stig-v1: was given to another adapter before" in capsys.readouterr().err
