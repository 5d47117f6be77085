"""Tell which rules are nearly the same item, so that no split parts them.

Owns the clusters: two rules with the same check, or with the same official
fix, once their own ids and their comments are taken out, are one.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping

from harness_forge.environments.scap.content import Rule

_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


def group_keys(rules: Mapping[str, Rule]) -> dict[str, str]:
    """Return the smallest id of each rule's cluster."""
    leader = {rule_id: rule_id for rule_id in rules}

    def find(rule_id: str) -> str:
        while leader[rule_id] != rule_id:
            rule_id = leader[rule_id]
        return rule_id

    first: dict[Hashable, str] = {}
    for rule_id in sorted(rules):
        for mark in _marks(rules[rule_id]):
            other = find(first.setdefault(mark, rule_id))
            mine = find(rule_id)
            leader[max(mine, other)] = min(mine, other)
    return {rule_id: find(rule_id) for rule_id in rules}


def _marks(rule: Rule) -> list[Hashable]:
    marks: list[Hashable] = []
    if rule.checks:
        marks.append(("check", rule.digest))
    fix = " ".join(_COMMENT.sub("", rule.fix).replace(rule.id, "").split())
    if fix:
        marks.append(("fix", fix))
    return marks
