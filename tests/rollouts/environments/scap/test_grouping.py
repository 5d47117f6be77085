"""Rules that are one item under two names stay on one side of a split."""

from __future__ import annotations

from harness_forge.rollouts.environments.scap import grouping
from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold import Fix
from harness_forge.rollouts.environments.scap.grouping import effect, group_keys, our_answers
from harness_forge.rollouts.environments.scap.oval_records import Entity, OvalObject, ResolvedTest


def rule(rule_id, fix="", path="/etc/x", variable=""):
    target = OvalObject({"filepath": Entity((path,), variable=variable)})
    check = ResolvedTest("file", f"test_{rule_id}", ("AND.0",), False, "", "all", (target,))
    return ScapRule(rule_id, "", "low", "f", (), fix, (check,), rule_id)


def keys(*rules, effects=None):
    known = {r.id: r for r in rules}
    return group_keys(known, effects or {}, our_answers(known))


def test_the_same_check_under_other_names_is_one_item():
    assert keys(rule("b", variable="v1"), rule("a", variable="v2")) == {"a": "a", "b": "a"}


def test_another_file_is_another_item():
    assert keys(rule("a"), rule("b", path="/etc/y")) == {"a": "a", "b": "b"}


def test_the_same_fix_but_for_comments_and_ids_is_one_item():
    one, two = rule("a", "# of a\nset a\n"), rule("b", "set  b\n", path="/etc/y")
    assert keys(one, two) == {"a": "a", "b": "a"}


def test_the_same_effect_is_one_item():
    rules = rule("a", "x"), rule("b", "y", path="/etc/y")
    assert keys(*rules, effects={"a": "e", "b": "e"}) == {"a": "a", "b": "a"}
    assert keys(*rules, effects={"a": "", "b": ""}) == {"a": "a", "b": "b"}


def test_clusters_join():
    rules = rule("a", "x"), rule("b", "x", path="/etc/y"), rule("c", "z", path="/etc/y")
    assert set(keys(*rules).values()) == {"a"}


def test_effect_tells_changes_apart():
    entry = {"kind": "file", "content": "1", "text": "long"}
    assert effect({}) == ""
    assert effect({"/a": entry}) == effect({"/a": entry | {"text": "other"}})
    assert effect({"/a": entry}) != effect({"/a": None})


def test_the_same_answer_of_ours_is_one_item(monkeypatch):
    answer = Fix("set it", "", "", "w")
    monkeypatch.setattr(grouping, "write_fix", lambda rule: answer if rule.id != "c" else None)
    rules = rule("a", "x"), rule("b", "y", path="/etc/y"), rule("c", "z", path="/etc/z")
    assert keys(*rules) == {"a": "a", "b": "a", "c": "c"}
