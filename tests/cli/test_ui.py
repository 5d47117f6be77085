"""`forge ui`: says where it serves, serves it, ends with Ctrl-C; slips."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from harness_forge.cli import main


def test_it_says_where_it_serves_and_ends_with_ctrl_c(tmp_path):
    command = [sys.executable, "-m", "harness_forge.cli", "ui", "--json", "ui.port=0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as served:  # fmt: skip
        text = "".join(iter(served.stdout.readline, "}\n")) + "}"
        facts = json.loads(text)
        assert facts["write"] is False
        assert str(facts["port"]) in facts["url"]
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert b"There is no record yet." in opener.open(facts["url"], timeout=20).read()
        served.send_signal(signal.SIGINT)
        assert served.wait(20) == 0
        assert served.stderr.read() == ""
    assert list(tmp_path.iterdir()) == []  # it makes nothing


def test_a_port_that_is_taken_is_told(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["ui", f"ui.port={port}"]) == 14
    assert f"127.0.0.1:{port}: cannot listen there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["now"], "'now' is not right"),
        (["ui.port=70000"], "must lie between 0 and 65535"),
        (["ui.page=1"], "must lie between 5 and 500"),
        (["ui.writes=true"], "did you mean 'write'?"),
    ],
)
def test_slips_are_named(capsys, words, said):
    assert main(["ui", *words]) == 2
    assert said in capsys.readouterr().err
