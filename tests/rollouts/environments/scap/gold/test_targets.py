"""Targets of made-up rules, and of the real ones against our own fixes."""

import importlib.util
from pathlib import Path

from harness_forge.rollouts.environments.scap.gold import write_fix
from harness_forge.rollouts.environments.scap.targets import SHARED, targets

FILE = Path(__file__).parents[5] / "harness_forge/evaluation/lmeval/task/scoring.py"
_spec = importlib.util.spec_from_file_location("scoring", FILE)
scoring = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(scoring)


def chosen(*rules):
    return targets({rule.id: rule for rule in rules})


def test_a_rule_about_a_file_has_its_path(rule, check):
    key = check("file", {"filepath": "/etc/key"})
    assert chosen(rule(key)) == {"a_rule": ("/etc/key",)}


def test_a_file_that_is_looked_for_everywhere_has_its_name(rule, check):
    assert chosen(rule(check("file", {"path": "/", "filename": "bad.equiv"}))) == {
        "a_rule": ("bad.equiv",)
    }


def test_a_setting_is_told_from_the_file_it_shares(rule, check, text):
    rules = [
        rule(text("/etc/x.conf", rf"^{word}[ \t]+(\w+)$"), rule_id=word)
        for word in ("UseThis", "UseThat")
    ]
    assert chosen(*rules) == {"UseThis": ("UseThis",), "UseThat": ("UseThat",)}


def test_the_kind_of_machine_is_no_target(rule, check):
    assert chosen(rule(check("uname", {"name": "x86_64"}))) == {"a_rule": ()}


def test_a_name_that_many_rules_share_is_no_target(rule, check):
    package = check("rpminfo", {"name": "common"})
    rules = [rule(package, rule_id=f"r{n}") for n in range(SHARED + 1)]
    assert set(chosen(*rules).values()) == {()}
    assert set(chosen(*rules[1:]).values()) == {("common",)}


def test_our_fixes_name_their_own_target_and_seldom_another(content):
    fixes = {rule.id: fix.fix_script for rule in content.values() if (fix := write_fix(rule))}
    goals = {rule_id: found for rule_id, found in targets(content).items() if found}
    own = [rule_id for rule_id in fixes if rule_id in goals]
    assert len(own) > 0.9 * len(fixes)
    assert sum(named(fixes[rule_id], goals[rule_id]) for rule_id in own) > 0.9 * len(own)
    # Far apart in the content's order, so that few look at the same thing.
    others = zip(own, own[len(own) // 2 :] + own[: len(own) // 2], strict=True)
    assert sum(named(fixes[other], goals[rule_id]) for rule_id, other in others) < 0.1 * len(own)


def named(script, goals):
    return any(scoring.names(script, goal) for goal in goals)


def test_a_value_is_no_target(rule, text):
    rules = [
        rule(text("/etc/x.conf", rf"^{word}\s*=\s*{value}$"), rule_id=word)
        for word, value in (("UseThis", "none"), ("UseThat", "/bin/true"))
    ]
    assert chosen(*rules) == {"UseThis": ("UseThis",), "UseThat": ("/bin/true", "UseThat")}
