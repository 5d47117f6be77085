"""A skill under `verifiers`: what its process answers, and the library's own evaluation."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness_forge.rollouts.verifiers.forge import Forge

pytestmark = pytest.mark.sandbox

SKILL = """\
defaults:
  - _command
  - _self_
name: sums
command:
  items: items.jsonl
  family: sums
  prompt: "How much is {k} and {k}? Submit the number."
  answer: {answer.txt: "{answer}"}
  files: {wanted.txt: "{sum}"}
  judge: test -s answer.txt && test "$(cat answer.txt)" = "$(cat wanted.txt)"
  gold: {answer: "{sum}"}
"""


def submitted(text):
    call = {"name": "submit", "arguments": json.dumps({"answer": text})}
    return {"content": None, "tool_calls": [{"id": "c", "type": "function", "function": call}]}


@pytest.fixture
def overrides(home, store, tmp_path, monkeypatch):
    """A project with a skill of five sums; returns the settings that name it."""
    (tmp_path / "conf/skill").mkdir(parents=True)
    (tmp_path / "conf/skill/sums.yaml").write_text(SKILL)
    rows = [{"id": f"s{k}", "k": k, "sum": 2 * k} for k in range(1, 6)]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORGE_PYTHON", raising=False)
    return ["skill=sums", f"forge_home={home}", f"store.url='{store.url}'"]


def test_items_are_asked_as_in_a_run_and_judged_by_the_environment(overrides):
    forge = Forge([*overrides, "run.split=train", "run.limit=1"])
    try:
        (one,) = forge.items
        assert one["system"] == "Solve the task. Answer with one call of submit."
        assert one["tools"][0]["function"]["name"] == "submit"
        right = str(2 * int(one["item"][1:]))
        said = [
            (submitted(right), "stop", None),
            (submitted("0"), "stop", "target_fails"),
            (submitted(right), "length", "cut_off"),
            ({"content": right}, "stop", "no_call"),
        ]
        for message, finish, mode in said:
            found = forge.judge(one["item"], message, finish)
            assert (found["failure_mode"], found["passed"]) == (mode, mode is None)
        # A fault of the judge is no failure of the model's.
        assert forge.judge("no such item", submitted("1"), "stop")["infrastructure"]
    finally:
        forge.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["run.split=holdout"], "held-out items are not offered here"),
        (["run.split=quarantine"], "held-out items are not offered here"),
        ([], "held-out items are not offered here"),
        (["run.splt=train"], "did you mean"),
    ],
)
def test_what_is_wrong_is_said_by_forge(overrides, settings, said):
    with pytest.raises(RuntimeError, match=said):
        Forge([*overrides, *settings])


def test_a_python_that_is_none_is_named(overrides, monkeypatch):
    monkeypatch.setenv("FORGE_PYTHON", "/no/such/python")
    with pytest.raises(RuntimeError, match="FORGE_PYTHON=/no/such/python: No such file"):
        Forge(overrides)


class Model(BaseHTTPRequestHandler):
    """Knows one sum."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert asked["tools"][0]["function"]["name"] == "submit"
        message = submitted("2") | {"role": "assistant"}
        choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        said = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
        data = json.dumps(said | {"choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def test_the_librarys_own_evaluation_runs_it(overrides, tmp_path):
    """With `FORGE_VERIFIERS_PYTHON`, a Python that has the package `verifiers` 0.4."""
    python = os.environ.get("FORGE_VERIFIERS_PYTHON")
    if not python:
        pytest.skip("FORGE_VERIFIERS_PYTHON names no Python that has the package verifiers")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    command = [Path(python).with_name("vf-eval"), "harness_forge", "-m", "m", "--no-push"]
    command += ["--env.taskset.skill", "sums", "--env.taskset.overrides", json.dumps(overrides[1:])]
    command += ["--client.type", "eval", "--client.base-url", url, "--client.api-key-var", "KEY"]
    command += ["--env.agent.runtime.type", "subprocess", "-o", tmp_path / "out"]
    env = {**os.environ, "KEY": "x", "FORGE_PYTHON": sys.executable}
    env["PYTHONPATH"] = str(Path(__file__).parents[4])
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stderr
    (file,) = (tmp_path / "out").rglob("traces.jsonl")
    traces = [json.loads(line)["traces"][0] for line in file.read_text().splitlines()]
    passed = {one["task"]["data"]["item"]: one["rewards"]["passed"]["score"] for one in traces}
    assert passed == {item: float(item == "s1") for item in passed}
    assert len(passed) > 1
