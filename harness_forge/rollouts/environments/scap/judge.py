"""Ask the scanner for verdicts on a disposable root.

Owns what a verdict is: what OpenSCAP said of a rule, once. A scanner that
hangs, dies or leaves a rule out has said nothing of it; it is asked once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness_forge.rollouts.environments.scap.sandbox import Limits, Sandbox
from harness_forge.rollouts.environments.scap.slim import RULE_PREFIX, SlimContent

PASS, FAIL = "pass", "fail"

_MIB = 1 << 20

LIMITS = Limits(
    wall_s=10.0,
    cpu_s=20.0,
    memory_bytes=1024 * _MIB,
    address_bytes=8192 * _MIB,  # probes are threads: they map much and use little
    processes=512,
    output_bytes=4 * _MIB,
    output_kept=4 * _MIB,
)
"""What one evaluation may use: ten seconds, where a third of one is usual."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the scanner said.

    Args:
        by_rule: rule id -> `pass`, `fail`, `notapplicable`, `unknown`, `error` …
        unjudged: rules it was asked about and left out, twice.
        seconds: spent on it, retries included.
    """

    by_rule: dict[str, str] = field(default_factory=dict)
    unjudged: tuple[str, ...] = ()
    seconds: float = 0.0

    def passed(self, rule_id: str) -> bool:
        """Tell whether the scanner said `pass`, and nothing else."""
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
    return Verdicts(found, tuple(r for r in asked if r not in found), round(seconds, 3))


def verdicts(output: str) -> dict[str, str]:
    """Read rule id and verdict from the lines of `--progress`.

    Warnings of the scanner stand between them, sometimes on the same line.
    """
    found = {}
    for line in output.splitlines():
        start = line.find(RULE_PREFIX)
        if start >= 0:
            rule_id, _, verdict = line[start + len(RULE_PREFIX) :].partition(":")
            found[rule_id] = verdict.strip()
    return found
