"""A small harness that asks a model as gemma-forge does, and writes the run log that it writes.

Of each rule: the architect picks and plans, the worker calls `apply_fix` once
and closes in words, a check judges, the reflector draws a lesson from a
failure. Every agent talks to one base URL and names itself in its system
prompt alone. The log is cut as gemma-forge's is: 200 characters of an
argument, 500 of a result, 1000 of a text; it holds no prompt.

    python gemma_driver.py http://127.0.0.1:30000/v1 MODEL runs/run-20261121-081100.jsonl
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx

PREFIX = "xccdf_org.ssgproject.content_rule_"
ARGUMENT, RESULT, TEXT = 200, 500, 1000
TOOL = {
    "type": "function",
    "function": {
        "name": "apply_fix",
        "description": "Run a script that fixes the rule, as root.",
        "parameters": {
            "type": "object",
            "properties": {
                "fix_script": {"type": "string"},
                "revert_script": {"type": "string"},
                "description": {"type": "string"},
            },
            "required": ["fix_script", "revert_script", "description"],
        },
    },
}
RULES = [(f"{PREFIX}sshd_option_{n}", f"Set option {n} of the SSH daemon") for n in range(6)]


class Driver:
    """One run.

    Args:
        url: of the models, up to and with /v1.
        judge: says of a fix script whether the rule passes after it.
        force: make the model call the tool; for models that seldom do.
    """

    tool, temperature = TOOL, 0.3
    closing: Mapping = {}
    """What else a worker's request says that is for words after a call."""

    def __init__(self, url, model, log, judge, attempts=2, force=False, limit=2048):
        self.url, self.model, self.judge, self.attempts = url, model, judge, attempts
        self.force, self.limit = force, limit
        self.client = httpx.Client(timeout=3600)
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log, self.begun = log.open("a"), time.monotonic()
        self.run = log.stem.removeprefix("run-")

    def event(self, name, agent="harness", **data):
        record = {
            "timestamp": datetime.now(UTC).isoformat(),
            "elapsed_s": round(time.monotonic() - self.begun, 1),
            "event_type": name,
            "agent": agent,
            "iteration": 0,
            "data": data,
        }
        self.log.write(json.dumps(record) + "\n")
        self.log.flush()

    def system(self, agent):
        """Return an agent's system prompt, its name in it as the ADK has it."""
        return f'You secure hosts.\n\nYou are an agent. Your internal name is "{agent}".'

    def task(self, rule, title, plan, attempt):
        """Return what the worker is asked."""
        told = f"STIG rule: {title}\n({rule})"
        return f"{told}\n\nPlan: {plan[:500]}\n\nAttempt {attempt}\n\nFix it."

    def ask(self, agent, words, tools=(), after=(), force=False):
        """Ask without a history."""
        body = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": self.system(agent)},
                {"role": "user", "content": words},
                *after,
            ],
            "temperature": self.temperature,
            "max_tokens": self.limit,
        }
        if tools:
            body["tools"] = list(tools)
        if after:
            body |= self.closing
        if force:
            body["tool_choice"] = {"type": "function", "function": {"name": "apply_fix"}}
        answer = self.client.post(f"{self.url}/chat/completions", json=body)
        answer.raise_for_status()
        return answer.json()["choices"][0]["message"]

    def said(self, agent, text):
        if text:
            self.event("agent_response", agent, text=text[:TEXT], tokens=None, model=self.model)

    def all(self, rules=RULES):
        """Attempt every rule and close the log."""
        self.event("run_start", "system", run_id=self.run, start_time=time.time())
        nodes = [{"id": rule, "title": title, "category": "ssh"} for rule, title in rules]
        self.event("graph_state", "system", nodes=nodes, edges=[], counts={})
        for place, (rule, title) in enumerate(rules):
            self.rule(rule, title, [name for name, _ in rules[place:]])
        self.event("run_complete", "system", iterations=len(rules))
        self.log.close()
        self.client.close()

    def rule(self, rule, title, failing):
        listed = "\n".join(f"- {name}" for name in failing[:15])
        plan = self.ask("architect", f"Failing STIG rules:\n{listed}\n\nSelect one and plan.")
        plan = plan.get("content") or ""
        self.said("architect", plan)
        self.event("rule_selected", "architect", rule_id=rule, title=title, category="ssh")
        outcome = "escalated"
        for attempt in range(1, self.attempts + 1):
            if self.attempt(rule, title, plan, attempt):
                outcome = "remediated"
                break
        self.event("rule_complete", rule_id=rule, title=title, category="ssh", outcome=outcome)

    def attempt(self, rule, title, plan, attempt):
        self.event("attempt_start", rule_id=rule, category="ssh", attempt=attempt)
        words = self.task(rule, title, plan, attempt)
        self.event("prompt_assembled", "worker", phase="apply_fix", rule_id=rule, attempt=attempt)
        answer = self.ask("worker", words, [self.tool], force=self.force)
        call = (answer.get("tool_calls") or [None])[0]
        script, text = "", answer.get("content") or ""
        if call:
            script, text = self.called(words, answer, call)
        self.said("worker", text)
        passed = self.judge(rule, script)
        signal = {"value": float(passed), "confidence": 1.0}
        mode = "clean_failure" if passed else "evaluator_gap"
        self.event(
            "evaluation", passed=passed, failure_mode=mode, summary="", outcome_signal=signal
        )
        if passed:
            self.event("remediated", rule_id=rule, category="ssh", attempt=attempt)
            return True
        self.event("revert", rule_id=rule, attempt=attempt)
        told = (
            f"STIG rule: {title}\n({rule})\n\nAttempt {attempt}\n\n{text[:500]}\n\nWhy did it fail?"
        )
        lesson = self.ask("reflector", told).get("content") or ""
        self.said("reflector", lesson)
        self.event("reflection", "reflector", rule_id=rule, text=lesson[:500], attempt=attempt)
        return False

    def called(self, words, answer, call):
        """Run the call, log it cut, and let the worker close in words."""
        try:
            told = json.loads(call["function"]["arguments"])
        except ValueError:
            told = {}
        cut = {key: str(value)[:ARGUMENT] for key, value in told.items()}
        self.event("tool_call", "worker", tool=call["function"]["name"], args=cut)
        result = "APPLIED: exit code 0"
        self.event("tool_result", "worker", tool="apply_fix", result=repr(result)[:RESULT])
        after = [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": json.dumps({"result": result})},
        ]
        closing = self.ask("worker", words, [self.tool], after)
        return str(told.get("fix_script") or told or ""), closing.get("content") or ""


if __name__ == "__main__":
    place, name, file = sys.argv[1:4]
    # What a real check would say hangs on a host; here a call that can be read passes.
    Driver(place, name, Path(file), lambda rule, script: bool(script), 1, True, 128).all()
