"""Events as gemma-forge's run log has them: its keys, habits and limits. The words are ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

PREFIX = "xccdf_org.ssgproject.content_rule_"


class Log:
    """Writes events one after the other, as the logger does."""

    def __init__(self, run_id: str = "20260418-173522") -> None:
        self.lines: list[str] = []
        self.at = datetime(2026, 4, 18, 17, 35, tzinfo=UTC)
        self("run_start", "system", run_id=run_id, start_time="then")

    def __call__(self, event_type: str, agent: str = "harness", **data) -> None:
        self.at += timedelta(seconds=1)
        event = {
            "timestamp": self.at.isoformat(),
            "elapsed_s": float(len(self.lines)),
            "event_type": event_type,
            "agent": agent,
            "iteration": 0,
            "data": data,
            "gpu_state": [{"index": 0, "power_w": 60.0}],
        }
        self.lines.append(json.dumps(event))

    def said(self, agent: str, text: str) -> None:
        """An agent's text, cut at 1000 characters."""
        self(
            "agent_response",
            agent,
            text=text[:1000],
            tokens={"prompt": 900, "completion": 40},
            model="/weights/base",
            tool_calls=1,
            capped=False,
        )

    def attempt(self, rule: str, number: int = 1, script: str = "echo fix", **evaluation) -> None:
        """An attempt up to its evaluation; arguments are cut at 200 characters."""
        self("attempt_start", rule_id=PREFIX + rule, category="ssh", attempt=number, max_attempts=9)
        self("prompt_assembled", "worker", phase="apply_fix", sections_included=["rule_identity"])
        self("tool_call", "worker", tool="apply_fix", args={"fix_script": script[:200]})
        self("tool_result", "worker", tool="apply_fix", result="{'result': 'APPLIED: ok'}")
        self.said("worker", "I wrote the setting.")
        passed = evaluation.get("passed", False)
        signal = {"value": float(passed), "confidence": 1.0, "signal_type": "binary"}
        self(
            "evaluation",
            **{
                "passed": passed,
                # The failure's default, also on a pass.
                "failure_mode": "clean_failure" if passed else "evaluator_gap",
                "summary": "health=True, rule=False",
                "health": "HEALTHY",
                "health_ok": True,
                "outcome_signal": signal,
            }
            | evaluation,
        )

    def failed(self, rule: str, number: int = 1, **changes) -> None:
        """An attempt that failed, was reverted and reflected on."""
        self.attempt(rule, number, **changes)
        self("revert", rule_id=PREFIX + rule, restore_ok=True, attempt=number)
        self.said("reflector", "REFLECTION: look first")
        self("ban_added", "reflector", rule_id=PREFIX + rule, pattern="sed -i", attempt=number)
        self("reflection", "reflector", rule_id=PREFIX + rule, text="look first", attempt=number)
        self(
            "tip_added",
            "reflector",
            tip_id=1,
            tip_type="warning",
            text="Look before you write.",
            mechanism="the file may be elsewhere",
            rule_id=PREFIX + rule,
            trigger_conditions=["sshd"],
            application_context=["ssh"],
            source_run_id="5444a199-cbc",
        )

    def finished(self, rule: str, outcome: str) -> None:
        """The end of a rule."""
        self(
            "rule_complete", rule_id=PREFIX + rule, title="A title", category="ssh", outcome=outcome
        )

    def write(self, path) -> None:
        """Write the file."""
        path.write_text("".join(line + "\n" for line in self.lines))
