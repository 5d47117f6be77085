"""GRPO's rewards by the real judge, in the sandbox."""

import json

import pytest

from harness_forge.config.command import CommandLimits
from harness_forge.config.compose.engine import compose
from harness_forge.evaluation.rewards import EnvironmentJudge
from harness_forge.training.reward_server import reward_of

pytestmark = pytest.mark.sandbox

GOOD = "def f(n):\n    return n + 2\n"


ADD = json.dumps({"item_id": "add_2", "skill": "small"})


def called(code):
    return f"<tool_call>{json.dumps({'name': 'write', 'arguments': {'code': code}})}</tool_call>"


def test_an_answer_is_rewarded_by_what_it_comes_to_in_the_sandbox(world):
    limits = CommandLimits(wall_s=3, cpu_s=1)
    judge = EnvironmentJudge(compose(), world(apply="python3 solution.py", limits=limits), [], {})
    said = {
        "right": (called(GOOD), "stop"),
        "wrong": (called("def f(n):\n    return n\n"), "stop"),
        # The check passes, because the answer has emptied it.
        "cheats": (called("open('test_it.py', 'w')\n"), "stop"),
        "hangs": (called("while True: pass\n"), "stop"),
        "cut off": (called(GOOD), "length"),
        "talks on": (called(GOOD) + " So there.", "stop"),
        "no call": (GOOD, "stop"),
    }
    found = {name: judge.verdict(ADD, *one) for name, one in said.items()}
    assert {name: reward_of(one) for name, one in found.items()} == {
        "right": 1.0, "wrong": 0.0, "cheats": 0.0, "hangs": 0.0,
        "cut off": 0.0, "talks on": 0.0, "no call": 0.0,
    }  # fmt: skip
    assert found["cheats"]["failure_mode"] == "guard_broken"
    assert found["cut off"]["failure_mode"] == "cut_off"
    assert found["hangs"]["failure_mode"] == "timeout"
    assert found["no call"]["summary"] == "the answer holds no tool call"
