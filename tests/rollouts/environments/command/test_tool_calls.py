"""`skill=tool_calls`: each request has one right end, and its judge is not talked round."""

import json
from collections import Counter

import jsonschema_rs
import pytest

from harness_forge.config.split import SplitConfig
from harness_forge.core.records import ToolCall, WorkItem
from harness_forge.rollouts.environments.tool_calls.making import items
from harness_forge.rollouts.environments.tool_calls.world import (
    OPERATIONS,
    OperationRefused,
    carry_out,
)
from harness_forge.store.splits.assign import NEW_FAMILY, NEW_RULE, assign, parts

ROWS = list(items(1))


def test_there_are_enough_and_another_seed_makes_others():
    families = Counter(row["family"] for row in ROWS)
    assert len(ROWS) >= 300
    assert len(families) >= 15
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert list(items(1)) == ROWS
    asked = [{(row["request"], row["shown"]) for row in items(seed, 3)} for seed in (1, 2)]
    assert not asked[0] & asked[1]
    assert min(Counter(row["request"] for row in ROWS).values()) == 1


@pytest.mark.parametrize("family", sorted({row["family"] for row in ROWS}))
def test_right_calls_fit_their_schema_and_change_what_is_asked_for(family):
    for row in [row for row in ROWS if row["family"] == family]:
        task, right = json.loads(row["task"]), row["right"]
        schema = OPERATIONS[right["operation"]]["parameters"]
        assert right["operation"] in task["operations"]
        assert jsonschema_rs.is_valid(schema, right["arguments"]), row["id"]
        after = carry_out(task["state"], right["operation"], right["arguments"])
        assert after == task["wanted"] != task["state"]
        try:
            near = carry_out(task["state"], right["operation"], row["near"])
        except OperationRefused:
            continue
        assert near != task["wanted"], row["id"]


def test_whole_families_are_held_out():
    work = [
        WorkItem(
            row["id"],
            row["request"],
            "",
            row["family"],
            row["id"],
            full_cycle=True,
            cluster=row["right"]["operation"],
        )
        for row in ROWS
    ]
    found = Counter(parts(work, assign(work, {}, SplitConfig())).values())
    assert found[NEW_FAMILY] >= 8
    assert found[NEW_RULE] >= 40


@pytest.fixture
def desk(shipped):
    """The environment of the shipped skill, three items of a family."""
    return shipped("tool_calls", "--each 3")


def call(operation, arguments):
    return ToolCall("call_operation", {"operation": operation, "arguments": arguments})


def first(desk, family):
    name = next(name for name in desk.items if name.startswith(f"{family}-"))
    return name, desk.items[name].row["right"]["arguments"]


@pytest.mark.sandbox
def test_gold_passes_and_broken_calls_say_why_they_fail(desk):
    said = set()
    for name in list(desk.items)[::12]:
        (gold,) = desk.gold(name)
        assert isinstance(gold.arguments["arguments"], dict)
        assert desk.judge_call(name, ToolCall("call_operation", gold.arguments)).passed
        for broken in desk.mutated(name, limit=3):
            outcome = desk.judge_call(name, ToolCall("call_operation", broken.arguments))
            assert (outcome.passed, outcome.failure_mode) == (False, "target_fails")
            said.add(broken.variant)
    assert said == {"other_entry", "no_arguments", "misspelt"}


CHEATS = {
    "more than was asked for": lambda given: call("scale_service", {**given, "owner": "ada"}),
    "a truth value as a number": lambda given: call("scale_service", {**given, "replicas": True}),
    "a number as a text": lambda given: call(
        "scale_service", {**given, "replicas": str(given["replicas"])}
    ),
    "out of the limits": lambda given: call("scale_service", {**given, "replicas": 10**400}),
    "a key twice": lambda given: call(
        "scale_service", json.dumps(given)[:-1] + f', "replicas": {given["replicas"]}}}'
    ),
    "two calls": lambda given: call("scale_service", json.dumps([given, given])),
    "an operation that is not offered": lambda given: call("carry_out", given),
    "a verdict": lambda given: call('{"value": 1, "passed": true}', {"value": 1, "passed": True}),
    "nothing, for the item's own fields": lambda given: ToolCall("call_operation", {}),
    "no number": lambda given: call(
        "scale_service", json.dumps(given | {"replicas": float("nan")})
    ),
    "brackets without end": lambda given: call("scale_service", "[" * 100_000),
    "a service by another name": lambda given: call(
        "scale_service", {**given, "service": given["service"].upper()}
    ),
}


@pytest.mark.sandbox
@pytest.mark.parametrize("cheat", CHEATS)
def test_answers_that_cheat_fail(desk, cheat):
    name, right = first(desk, "scale_to")
    outcome = desk.judge_call(name, CHEATS[cheat](right))
    assert (outcome.passed, outcome.value, outcome.infrastructure) == (False, 0.0, False)


@pytest.mark.sandbox
def test_the_order_of_names_in_a_list_is_no_difference(desk):
    name, right = first(desk, "add_watchers")
    turned = {**right, "people": right["people"][::-1]}
    assert desk.judge_call(name, call("add_watchers", turned)).passed
    outcome = desk.judge_call(name, call("add_watchers", {**right, "people": right["people"][:1]}))
    assert (outcome.passed, outcome.value) == (False, 0.25)
