"""`forge serve` from start to end, with a program in vLLM's place that speaks as it does."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness_forge.cli import main


def serve(*words):
    return main(["serve", *words])


def fault(capsys):
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def gone(pid):
    """Return whether a process that was sent SIGKILL is gone: it dies when it is next scheduled."""
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)


def engine(home):
    """Return the process that the server started."""
    log = next((Path(home) / "serving").glob("*.log")).read_text()
    return int(re.search(r"engine (\d+)", log)[1])


def test_smoke_asks_base_and_adapter(fake, capsys):
    assert serve("mine", "--smoke", *fake) == 0
    report = json.loads(Path("outputs/smoke.json").read_text())
    assert set(report["answers"]) == {"local", "mine"}
    assert report["differences"]["mine"]["answer"] is True
    assert "mine: calls apply_fix, 3 tokens" in capsys.readouterr().out
    assert gone(engine("home"))


def test_an_adapter_that_answers_as_the_base_does_fails(fake, capsys, monkeypatch):
    monkeypatch.setenv("FAKE_VLLM", "same")
    Path("outputs").mkdir()
    Path("outputs/smoke.json").write_text("{}")
    assert serve("mine", "--smoke", *fake) == 14
    assert "adapter mine: answers as local does, as if no adapter were there" in fault(capsys)
    assert not Path("outputs/smoke.json").exists()
    assert gone(engine("home"))


def test_a_base_that_answers_as_its_neighbour_fails(fake, capsys, monkeypatch):
    monkeypatch.setenv("FAKE_VLLM", "mix")
    assert serve("mine", "--smoke", *fake) == 14
    assert "model local: answers otherwise while an adapter answers" in fault(capsys)


def test_a_base_is_served_alone(fake, capsys):
    assert serve("--base", "--smoke", *fake) == 0
    assert json.loads(Path("outputs/smoke.json").read_text())["differences"] == {}


def test_what_it_died_of_is_told_in_one_line(fake, capsys, monkeypatch):
    monkeypatch.setenv("FAKE_VLLM", "die")
    assert serve("mine", *fake) == 14
    said = fault(capsys)
    first = "forge: vLLM: ended while it started with code 1: ValueError: no memory for blocks\n"
    assert said.startswith(f"{first}  hint: its whole log: ")
    assert Path(said.split("log: ")[1].strip()).is_file()


def test_one_that_never_answers_is_ended(fake, capsys, monkeypatch):
    monkeypatch.setenv("FAKE_VLLM", "deaf")
    assert serve("mine", *fake, "serve.start_timeout_s=1.5") == 14
    assert "does not answer after 1.5 s; its last words: Using max model len" in fault(capsys)


def test_a_port_in_use_is_told_before_anything_starts(fake, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve("mine", *fake, f"serve.port={port}") == 14
    assert fault(capsys) == (
        f"forge: serve.port: {port}: is in use\n"
        "  hint: choose another: serve.port=8001, or serve.port=0 for a free one\n"
    )


def test_a_missing_workset_is_told(fake, capsys):
    (Path("home") / "worksets" / "serve" / "workset.json").unlink()
    assert serve("mine", *fake) == 5
    assert "`forge workset install serve`" in fault(capsys)


def test_print_needs_no_workset(fake, capsys):
    (Path("home") / "worksets" / "serve" / "workset.json").unlink()
    assert serve("mine", "--print", *fake, "serve=cuda", "serve.port=8000") == 0
    said = capsys.readouterr().out
    assert "vllm serve" in said
    assert "--max-lora-rank 32" in said


def test_a_workset_for_other_hardware_is_told(fake, capsys):
    assert serve("mine", *fake, "serve=cuda") == 14
    assert "serve.hardware: cuda: the serve workset is installed for cpu" in fault(capsys)


def test_a_command_for_another_machine_is_shown_all_the_same(fake, capsys):
    assert serve("mine", "--print", *fake, "serve=cuda", "serve.port=8000") == 0
    shown = capsys.readouterr().out
    assert serve("mine", "--compose", *fake, "serve=cuda", "serve.port=8000") == 0
    assert "--gpu-memory-utilization" in shown and "driver: nvidia" in capsys.readouterr().out


def test_an_adapter_of_another_base_is_refused(fake, capsys):
    Path("model/config.json").write_text('{"changed": 1}')
    assert serve("mine", "--print", *fake) == 14
    assert "adapter mine: was trained on base model local" in fault(capsys)


def test_a_damaged_adapter_is_refused(fake, capsys):
    weights = next(Path("home/adapters").glob("mine-*")) / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-2])
    assert serve("mine", "--print", *fake) == 9
    assert "is damaged" in fault(capsys)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_forge_ends_the_server_and_its_children(fake, number):
    command = [sys.executable, "-m", "harness_forge.cli", "serve", "mine", *fake]
    # A shell may have told its children to ignore Ctrl-C.
    forge = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    for line in forge.stdout:
        if "Ctrl-C ends it" in line:
            break
    pid = engine("home")
    assert alive(pid)
    os.kill(forge.pid, number)
    assert forge.wait(timeout=20) == 130
    assert forge.stderr.read() == "forge: stopped\n"
    forge.stdout.close()
    forge.stderr.close()
    assert gone(pid)
