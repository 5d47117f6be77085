"""Decide an attempt's outcome: success, failure with its mode, or no verdict.

The one rule of success: the script ended by itself, the target passes, and
nothing in the guard set got worse. Anything the script caused is a failure.
Only a scanner that fails on an untouched root too gives no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness_forge.core.records import Outcome
from harness_forge.rollouts.environments.sandbox.sandbox import FAILURES, ScriptResult
from harness_forge.rollouts.environments.scap.judge import PASS
from harness_forge.rollouts.environments.scap.lab import ScriptRun

EVALUATOR = "openscap"

_OUTPUT_KEPT = 2000  # characters


@dataclass(frozen=True)
class OutcomeWriter:
    """Writes outcomes for one version of the evaluator."""

    version: str

    def judged(self, rule_id: str, played: ScriptRun, faults: Sequence[str]) -> Outcome:
        """Return the outcome of an attempt at `rule_id`.

        Args:
            faults: damage that is not allowed, sorted.
        """
        if rule_id in played.at_fault:
            return self.unjudged("the scanner gives no verdict, nor on an untouched root")
        target = played.verdicts.by_rule.get(rule_id)
        mode, summary = _failure(played.applied, target, faults)
        return Outcome(
            passed=mode is None,
            value=float(mode is None),
            confidence=1.0,
            failure_mode=mode,
            summary=summary,
            evaluator=EVALUATOR,
            evaluator_version=self.version,
            seconds=round(played.applied.seconds + played.verdicts.seconds, 3),
            signals={
                "target": target,
                "faults": list(faults),
                "script": {
                    "rc": played.applied.rc,
                    "killed": played.applied.killed,
                    "seconds": played.applied.seconds,
                    "output": played.applied.output[:_OUTPUT_KEPT],
                },
                "judge_seconds": played.verdicts.seconds,
            },
        )

    def unjudged(self, why: str, *, infrastructure: bool = True) -> Outcome:
        """Return an outcome without a verdict.

        Args:
            infrastructure: False where only this script cannot be judged.
        """
        return Outcome(
            passed=False,
            value=0.0,
            confidence=0.0 if infrastructure else 1.0,
            failure_mode="unjudgeable",
            summary=why.splitlines()[0],
            evaluator=EVALUATOR,
            evaluator_version=self.version,
            infrastructure=infrastructure,
        )


def _failure(
    applied: ScriptResult, target: str | None, faults: Sequence[str]
) -> tuple[str | None, str]:
    """Return the failure mode, None for success, and a sentence."""
    if applied.killed:
        return FAILURES[applied.killed], f"the script was killed: limit on {applied.killed}"
    if target != PASS:
        said = f"the rule says {target}" if target else "the scanner cannot read what is left"
        end = f"; the script exited {applied.rc}" if applied.rc else ""
        return "target_fails", said + end
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        return "guard_broken", f"the rule passes, but broken: {', '.join(faults[:3])}{more}"
    return None, "the rule passes and nothing else got worse"
