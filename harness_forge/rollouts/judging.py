"""Judges one answer as a run does: reads it strictly, and carries it out in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.core.chat.call_forms import HERMES
from harness_forge.rollouts.environments.environment import Environment
from harness_forge.rollouts.policies.parsing import parse_message
from harness_forge.rollouts.runs.attempts import FAILURES


def judged(
    environment: Environment,
    item: str,
    message: Mapping[str, Any],
    finish: str,
    form: str = HERMES,
) -> dict[str, Any]:
    """Return passed, value, failure_mode, summary and infrastructure of an answer to an item.

    Args:
        message: of the assistant, in OpenAI's form.
        finish: `length` for an answer that was cut off.
        form: how the model writes calls in `content`.
    """
    call, why = parse_message(message, finish, environment.tools, form)
    if call is None:
        failed = {"passed": False, "value": 0.0, "failure_mode": why, "infrastructure": False}
        return {**failed, "summary": FAILURES[str(why)]}
    outcome = environment.judge_call(item, call)
    names = ("passed", "value", "failure_mode", "summary", "infrastructure")
    return {name: getattr(outcome, name) for name in names}
