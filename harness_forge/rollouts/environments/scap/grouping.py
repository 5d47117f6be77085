"""Find rules that are nearly the same item, so that a split keeps them together.

Two rules are in one cluster if they have the same check, the same official
fix, official fixes with the same effect on the root, or the same gold answer:
a script learned in training must not be asked for in the holdout. Ids,
comments and variable names are ignored: the content repeats checks under new
ones.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from harness_forge.core.answer_forms import answer_form, clusters
from harness_forge.core.disjoint_sets import leaders
from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold import write_fix

_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_NAMES = ("comment", "test_id", "variable", "var_check")


def group_keys(
    rules: Mapping[str, ScapRule], effects: Mapping[str, str], answers: Mapping[str, str]
) -> dict[str, str]:
    """Return the smallest id of each rule's cluster.

    Args:
        effects: rule id -> hash of what its official fix changes, '' if nothing.
        answers: what `our_answers` returned.
    """
    return leaders(
        {
            rule_id: _marks(rule, effects.get(rule_id, ""), answers.get(rule_id))
            for rule_id, rule in rules.items()
        }
    )


def our_answers(rules: Mapping[str, ScapRule]) -> dict[str, str]:
    """Return our fix script of each rule that has one."""
    fixes = {name: write_fix(rule) for name, rule in rules.items()}
    return {name: fix.fix_script for name, fix in fixes.items() if fix}


def answer_clusters(rules: Mapping[str, ScapRule], answers: Mapping[str, str]) -> dict[str, str]:
    """Return the cluster of each rule by the form of its answer: ours, else the content's.

    A rule without any answer is left out.

    Args:
        answers: what `our_answers` returned.
    """
    known = {n: answers.get(n) or _COMMENT.sub("", r.fix).strip() for n, r in rules.items()}
    return clusters(
        {
            name: answer_form(f"{name} {rules[name].title}", answer)
            for name, answer in known.items()
            if answer
        }
    )


def effect(changes: Mapping[str, Mapping[str, Any] | None]) -> str:
    """Return a hash of the changes to the root, '' if there are none."""
    kept = {path: entry and entry | {"text": ""} for path, entry in changes.items()}
    return _hash(kept) if kept else ""


def _marks(rule: ScapRule, effect: str, answer: str | None) -> list[str]:
    marks = [f"effect {effect}"] if effect else []
    if rule.checks:
        marks.append(f"check {_hash([_plain(asdict(check)) for check in rule.checks])}")
    if answer:
        marks.append(f"answer {answer}")
    fix = " ".join(_COMMENT.sub("", rule.fix).replace(rule.id, "").split())
    return [*marks, f"fix {fix}"] if fix else marks


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in _NAMES}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
