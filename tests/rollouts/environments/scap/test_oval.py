from pathlib import Path

import pytest

from harness_forge.rollouts.environments.scap.content import load_rules

SITE = Path(__file__).with_name("site-ds.xml")


@pytest.fixture(scope="module")
def checks():
    return {name: rule.checks for name, rule in load_rules(SITE, "strict").items()}


def test_branches_keep_the_way_through_and_and_or(checks):
    branches = {check.kind: check.branch for check in checks["door_limit"]}
    assert branches["rpminfo"] == ("OR.0", "OR.0")  # negated: its AND became an OR
    assert branches["textfilecontent54"] == ("OR.1", "AND.0")
    assert branches["variable"] == ("OR.1", "AND.1")


def test_a_negated_definition_negates_its_tests(checks):
    package = checks["door_limit"][0]
    assert (package.kind, package.negated) == ("rpminfo", True)


def test_negated_criteria_turn_the_operator_over(checks):
    gate, package = checks["no_gate"]
    assert gate.branch == ("AND.0",)
    assert gate.negated and package.negated


def test_a_pattern_is_joined_from_its_parts(checks):
    door = checks["door_limit"][1]
    assert door.pattern == r"^max\.doors=(\d+)$"
    assert door.paths == ("/etc/house.conf",)


def test_a_value_of_the_machine_stays_open_and_names_its_source(checks):
    collected = checks["door_limit"][2]
    assert collected.target.get("var_ref").values == ()
    assert collected.sources[0].get("filepath").value == "/etc/house.conf"


def test_a_set_keeps_its_parts_and_filters(checks):
    (lamp,) = checks["lamp_mode"]
    everything, red = lamp.targets
    assert (everything.excluded, red.excluded) == (False, True)
    assert everything.filters[0][0] == "exclude"
    assert everything.filters[0][1]["user_id"].value == "0"
    assert lamp.paths == ("/lamps", "/more", "/etc/red")
