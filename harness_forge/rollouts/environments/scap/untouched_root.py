"""Measurements of the untouched root, and of each rule's reference fix on it.

Attempts are compared with them. They depend on the content, the root and the
sandbox only, so they are made once and cached in forge's home.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.judge import PASS

REVISION = 3
"""Increase it when the same root would be measured differently."""

GUARD_SIZE = 20
"""Rules judged together with every target."""

RELATED = 12
"""Most rules judged together with a target because they look at its files."""

_PACKAGE_RULES = 6  # more add nothing: they all say that the package database works


@dataclass(frozen=True)
class Reference:
    """The effect of the content's own remediation on the untouched root.

    Args:
        after: the scanner's verdict afterwards, None if it was not run.
        faults: the guard's faults; they are allowed on this rule.
        full_cycle: fails before, passes after, and breaks nothing that counts.
        effect: hash of the changes, '' if there are none.
    """

    before: str | None
    after: str | None = None
    faults: tuple[str, ...] = ()
    killed: str | None = None
    full_cycle: bool = False
    effect: str = ""
    seconds: float = 0.0


@dataclass
class UntouchedRoot:
    """The untouched root's entries and verdicts, and the guard set.

    Args:
        entries: every entry of the untouched root by path.
        verdicts: rule id -> verdict on it.
        guard_rules: judged together with every target.
        references: measured so far.
    """

    entries: dict[str, dict[str, Any]]
    verdicts: dict[str, str]
    guard_rules: tuple[str, ...]
    references: dict[str, Reference] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write it atomically: two processes may measure at once."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(asdict(self)))
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> UntouchedRoot | None:
        """Return the saved measurements, None if they are missing or damaged."""
        try:
            row = json.loads(path.read_text())
            references = {
                name: Reference(**r | {"faults": tuple(r["faults"])})
                for name, r in row["references"].items()
            }
            return cls(row["entries"], row["verdicts"], tuple(row["guard_rules"]), references)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def guards(untouched: UntouchedRoot, rules: Mapping[str, ScapRule]) -> dict[str, tuple[str, ...]]:
    """Return for every rule the rules that must still pass after an attempt at it.

    These are the guard set and rules that look at the same files.
    """
    paths = {rule.id: {p for check in rule.checks for p in check.paths} for rule in rules.values()}
    passing = sorted(
        r for r, verdict in untouched.verdicts.items() if verdict == PASS and r in rules
    )
    return {
        rule_id: tuple(
            name
            for name in dict.fromkeys(
                (*untouched.guard_rules, *[r for r in passing if mine & paths[r]][:RELATED])
            )
            if name != rule_id
        )
        for rule_id, mine in paths.items()
    }


def choose_guard(before: Mapping[str, str], wiped: Mapping[str, str]) -> tuple[str, ...]:
    """Return the guard set: rules that pass, and that fail when files are deleted.

    Args:
        before: verdicts on the untouched root; wiped: on an empty one.
    """
    noticing = [
        name
        for name, verdict in sorted(before.items())
        if verdict == PASS and wiped.get(name) != PASS
    ]
    packages = [name for name in noticing if name.startswith("package_")][:_PACKAGE_RULES]
    others = [name for name in noticing if not name.startswith("package_")]
    return tuple((others + packages)[:GUARD_SIZE])
