"""Python of a model runs in the sandbox: what passes, and what gains nothing by cheating."""

from pathlib import Path

import pytest

from harness_forge.core.errors import EvalError, SandboxError
from harness_forge.evaluation.lmeval import programs
from harness_forge.evaluation.lmeval.answers import ScoredAnswer
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.rollouts.environments.sandbox.sandbox import Limits

HOME = Path(__file__).parents[3] / ".forge"
CHECK = {
    "kind": "code",
    "entry_point": "add",
    "prefix": 'from typing import List\n\ndef add(a: int, b: int) -> int:\n    """Add."""\n',
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
}
GOOD = "```python\ndef add(a, b):\n    return a + b\n```"

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def box():
    try:
        found = programs.opened(HOME)
    except EvalError as error:
        pytest.skip(str(error))
    yield found
    found.close()


def test_a_function_that_passes_its_tests_passes(box):
    assert programs.passes(CHECK, GOOD, box)
    typed = "```python\ndef add(a: List[int], b):\n    return a + b\n```"
    assert programs.passes(CHECK, typed, box)


@pytest.mark.parametrize(
    "code",
    [
        "def add(a, b): return a - b",
        "def add(a, b): return nothing",
        "import sys; sys.exit(0)\ndef add(a, b): return 0",
        "import os; os._exit(0)",
        "def add(a, b):\n    while True: pass",
        "x = 'a' * 10**10",
        "def add(a, b):\n    open('/usr/x', 'w'); return a + b",
        "import socket; socket.create_connection(('::1', 22), 2)\ndef add(a, b): return a + b",
        "print('\\n' * 10**7)",
        "'''",
    ],
)
def test_what_is_wrong_hangs_or_leaves_early_fails(box, code, monkeypatch):
    monkeypatch.setattr(programs, "LIMITS", Limits(wall_s=3, cpu_s=2))
    assert not programs.passes(CHECK, code, box)


def answer(name, text=GOOD, parses=1.0):
    return ScoredAnswer("s", name, "p", text, "stop", {"code_parses": parses})


def document(name):
    return Document("s", name, name, "f", "g", "fixed", [], [], check=CHECK)


class Failing:
    """A sandbox that fails as many times as it is told, then runs."""

    def __init__(self, box, times):
        self.box, self.times = box, times

    def reset(self):
        if self.times[0]:
            self.times[0] -= 1
            raise SandboxError("", "it failed")
        self.box.reset()

    def apply(self, *words):
        return self.box.apply(*words)

    def close(self):
        pass


@pytest.mark.parametrize(("times", "lost"), [(0, False), (1, False), (2, True)])
def test_a_sandbox_that_fails_twice_is_no_verdict(box, monkeypatch, times, lost):
    left = [times]
    monkeypatch.setattr(programs, "opened", lambda home: Failing(box, left))
    found = programs.judged([document("a"), document("b")], [answer("a"), answer("b")], HOME)
    assert [one.infrastructure for one in found] == [lost, False]
    assert found[1].scores["pass_at_1"] == 1.0
    assert ("pass_at_1" in found[0].scores) is not lost


def test_what_does_not_parse_is_wrong_without_being_run(box, monkeypatch):
    monkeypatch.setattr(programs, "opened", lambda home: Failing(box, [99]))
    (found,) = programs.judged([document("a")], [answer("a", "no code", 0.0)], HOME)
    assert (found.scores["pass_at_1"], found.infrastructure) == (0.0, False)
