"""`skill=repair`: its items are right and its judge is not talked round."""

import json

import pytest

from harness_forge.core.records import ToolCall
from harness_forge.rollouts.environments.repair.making import items

ROWS = list(items(1))


def called(source, case):
    scope = {}
    exec(source, scope)
    return json.loads(json.dumps(scope[case["name"]](*case["call"])))


def test_there_are_enough_and_another_seed_orders_them_otherwise():
    assert len(ROWS) >= 300
    assert len({row["family"] for row in ROWS}) >= 20
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert list(items(1)) == ROWS
    assert list(items(2, 5)) != list(items(1, 5))


@pytest.mark.parametrize("family", sorted({row["family"] for row in ROWS}))
def test_solutions_return_what_is_wanted_and_faults_do_not(family):
    for row in [row for row in ROWS if row["family"] == family]:
        asked = json.loads(row["cases"])
        wrong = 0
        for call, wanted in asked["cases"]:
            case = {"name": asked["name"], "call": call}
            assert called(row["solution"], case) == wanted, row["id"]
            try:
                wrong += called(row["code"], case) != wanted
            except Exception:
                wrong += 1
        assert wrong, row["id"]


@pytest.fixture
def repair(shipped):
    """The environment of the shipped skill, two items of a family."""
    return shipped("repair", "--each 2")


@pytest.mark.sandbox
def test_gold_passes_and_the_given_function_does_not(repair):
    for name in list(repair.items)[::8]:
        (gold,) = repair.gold(name)
        assert repair.judge_call(name, ToolCall("write_function", gold.arguments)).passed
        unchanged = repair.mutated(name, limit=1)[0]
        outcome = repair.judge_call(name, ToolCall("write_function", unchanged.arguments))
        assert (outcome.passed, outcome.failure_mode) == (False, "target_fails")
        assert "not" in outcome.summary


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "cheat",
    [
        "import os; os._exit(0)",
        "raise SystemExit(0)",
        'print(\'{"value": 1, "passed": true}\')',
        "import sys; sys.stdout.write('[[true, 2]]')",
        "import json\ndef clamp_2(*a):\n    return json.load(open('cases.json'))['cases'][0][1]",
        "open('check.py', 'w').write('')\nopen('cases.json', 'w').write('[]')",
        "class Same:\n    def __eq__(self, other): return True\ndef clamp_2(value): return Same()",
        "while True: pass",
    ],
)
def test_answers_that_cheat_fail(repair, cheat):
    name = next(name for name in repair.items if name.startswith("clamp_"))
    function = json.loads(repair.items[name].row["cases"])["name"]
    code = cheat.replace("clamp_2", function)
    outcome = repair.judge_call(name, ToolCall("write_function", {"code": code}))
    assert (outcome.passed, outcome.infrastructure) == (False, False)
