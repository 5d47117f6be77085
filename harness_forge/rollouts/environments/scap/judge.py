"""Ask the scanner for verdicts on a disposable root.

A verdict is what OpenSCAP reported for a rule. If the scanner hangs, dies or
leaves a rule out, there is no verdict; it is asked once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from harness_forge.rollouts.environments.sandbox.sandbox import Limits, Sandbox
from harness_forge.rollouts.environments.scap.slim import RULE_PREFIX, SlimContent

PASS, FAIL = "pass", "fail"

_MIB = 1 << 20

LIMITS = Limits(
    wall_s=10.0,
    cpu_s=20.0,
    memory_bytes=1024 * _MIB,
    address_bytes=8192 * _MIB,  # probes are threads: they map much memory and use little
    processes=512,
    output_bytes=4 * _MIB,
    output_kept=4 * _MIB,
)
"""Limits of one evaluation: ten seconds, where a third of one is usual."""
PATIENCE = 12
"""How often its usual time what is measured once and kept may take on a busy machine."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The scanner's verdicts.

    Args:
        by_rule: rule id -> `pass`, `fail`, `notapplicable`, `unknown`, `error` …
        unjudged: rules that it left out twice.
        cut: the limit that ended the last evaluation, if one did.
        seconds: total time, retries included.
    """

    by_rule: dict[str, str] = field(default_factory=dict)
    unjudged: tuple[str, ...] = ()
    seconds: float = 0.0
    cut: str | None = None

    def passed(self, rule_id: str) -> bool:
        """Return whether the verdict is exactly `pass`."""
        return self.by_rule.get(rule_id) == PASS


def judge(
    sandbox: Sandbox, content: SlimContent, rule_ids: Iterable[str], limits: Limits = LIMITS
) -> Verdicts:
    """Evaluate `rule_ids` on the sandbox's root as it is now."""
    asked = tuple(dict.fromkeys(rule_ids))
    if not asked:
        return Verdicts()
    files = content.files(asked)
    found: dict[str, str] = {}
    seconds = 0.0
    for _ in range(2):
        answer = sandbox.scan(files, limits)
        seconds += answer["seconds"]
        found |= verdicts(answer["output"])
        if all(rule_id in found for rule_id in asked):
            break
    unjudged = tuple(r for r in asked if r not in found)
    return Verdicts(found, unjudged, round(seconds, 3), answer["killed"])


def patient(limits: Limits) -> Limits:
    """Return limits with more time by the clock; processor time stays as it is."""
    return replace(limits, wall_s=limits.wall_s * PATIENCE)


def verdicts(output: str) -> dict[str, str]:
    """Parse rule ids and verdicts from the lines of `--progress`.

    The scanner's warnings come between them, sometimes on the same line.
    """
    found = {}
    for line in output.splitlines():
        start = line.find(RULE_PREFIX)
        if start >= 0:
            rule_id, _, verdict = line[start + len(RULE_PREFIX) :].partition(":")
            found[rule_id] = verdict.strip()
    return found
