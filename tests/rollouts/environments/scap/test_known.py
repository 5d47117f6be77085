"""What falls short of what is known is said with the rules, and why."""

from __future__ import annotations

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import WorkItem
from harness_forge.rollouts.environments.scap import known
from harness_forge.rollouts.environments.scap.doctor import usable
from harness_forge.rollouts.environments.scap.known import Versions

VERSIONS = Versions("0.1.65", "1.3.7", True)
MEASURED = [VERSIONS, Versions("0.1.65", "1.3.7", False), Versions("0.1.76", "1.4.2", True)]


def items(table):
    """Work items that were measured as `table` says."""
    made = []
    for rule_id, word in table.items():
        before, _, after = ("fail>pass" if word == "full" else word).partition(">")
        facts = {"before": None if before == "-" else before, "after": after or None}
        row = WorkItem(rule_id, "t", "low", "f", rule_id, word == "full", "d", facts=facts)
        made.append(row)
    return made


@pytest.fixture(params=["stig", "ubuntu"])
def config(request):
    return compose(None, [f"skill={request.param}"]).skill.scap


@pytest.mark.parametrize("versions", MEASURED, ids=str)
def test_the_count_of_a_skill_is_that_of_its_table(config, versions):
    table = known.known(config, versions)
    assert known.expected(config, versions) == sum(word == "full" for word in table.values()) > 100


def test_what_is_known_is_said_in_whole_sentences():
    assert usable(326, VERSIONS) == (
        "326 are known to fail at first and pass after their own fix"
        " (content 0.1.65, OpenSCAP 1.3.7, many uids)"
    )
    assert usable(None, VERSIONS).startswith("how many fail at first and pass after their own fix ")


def test_what_is_known_falls_short_of_nothing(config):
    table = known.known(config, VERSIONS)
    assert known.verdicts(items(table)) == table
    assert known.shortfall(items(table), config, VERSIONS) == []


def test_a_rule_that_passes_untouched_is_named():
    config = compose(None, ["skill=stig"]).skill.scap
    table = known.known(config, VERSIONS) | {"sshd_disable_root_login": "pass"}
    assert known.shortfall(items(table), config, VERSIONS) == [
        "325 rules have the full cycle where 326 are known to "
        "(content 0.1.65, OpenSCAP 1.3.7, many uids)",
        "pass on the untouched root, not fail: sshd_disable_root_login",
        f"hint: {known._REMEDY}",
    ]


def test_other_versions_fall_short_of_nothing():
    config = compose(None, ["skill=stig"]).skill.scap
    assert known.shortfall([], config, Versions("9.9", "9.9", True)) == []


@pytest.mark.sandbox
def test_this_machine_gives_the_known_table_rule_by_rule(stig):
    table = known.known(compose(None, ["skill=stig"]).skill.scap, stig.versions)
    if not table:
        pytest.skip(f"no table of {stig.versions}")
    assert known.verdicts(stig.survey()) == table


def test_of_a_skill_that_takes_some_rules_only_these_are_expected():
    config = compose(None, ["skill=demo"]).skill.scap
    table = known.known(config, VERSIONS)
    own = {rule: word for rule, word in table.items() if rule.startswith(("file_", "sysctl_"))}
    wanted = known.expected(config, VERSIONS)
    assert 50 < wanted <= sum(word == "full" for word in own.values()) < len(table)
    lost = next(rule for rule, word in own.items() if word == "full" and "owner" in rule)
    first, reason, _ = known.shortfall(items({**own, lost: "fail>fail"}), config, VERSIONS)
    assert (
        first == f"{wanted - 1} rules have the full cycle where {wanted} are known to ({VERSIONS})"
    )
    assert reason == f"fail after the remediation: {lost}"
