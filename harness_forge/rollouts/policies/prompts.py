"""The prompts of each agent role: fixed sections, without the answer.

The worker sees its role, the rule's id, title and severity, and the tool
schema: no description or fix text of the content, and no plan that saw the
answer. Training, evaluation and replay all render these same functions.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness_forge.core.records import Message, Outcome, Tip, WorkItem
from harness_forge.rollouts.policies.worked_examples import Worked

_WORKER = (
    "You are the worker of a system hardening harness. Make the given rule pass on "
    "{host} without breaking anything else. Answer with one call of apply_fix."
)
_REFLECTOR = (
    "You are the reflector of a system hardening harness. An attempt at a rule failed. "
    "Say what pattern failed and why, then give the lines BANNED:, PREFERRED:, LESSON:, "
    "DISTILLED: and TIPS_JSON:."
)


def worker_messages(
    item: WorkItem, host: str, tips: Sequence[Tip] = (), examples: Sequence[Worked] = ()
) -> list[Message]:
    """Return the worker's prompt.

    Args:
        tips: one section of the question, in order of rank.
        examples: earlier questions with their answers, put before it as turns.
    """
    earlier = [
        message
        for example in examples
        for message in ({"role": "user", "content": _question(example.item)}, example.response)
    ]
    return [
        {"role": "system", "content": _WORKER.format(host=host)},
        *earlier,
        {"role": "user", "content": _question(item, tips)},
    ]


def _question(item: WorkItem, tips: Sequence[Tip] = ()) -> str:
    lines = [f"Rule: {item.item_id}", f"Title: {item.title}", f"Severity: {item.severity}"]
    if tips:
        lines += ["Tips:", *(f"- {tip.text}" for tip in tips)]
    return "\n".join(lines)


def reflector_messages(item: WorkItem, script: str, outcome: Outcome) -> list[Message]:
    """Return the reflector's prompt after a failed attempt."""
    body = (
        f"Rule: {item.item_id}\nTitle: {item.title}\n"
        f"Fix script:\n{script}\n"
        f"Verdict: {outcome.failure_mode}: {outcome.summary}"
    )
    return [{"role": "system", "content": _REFLECTOR}, {"role": "user", "content": body}]


def rendered(messages: Sequence[Message]) -> str:
    """Return the prompt as one text, as `attempts.approach_prompt` stores it."""
    return "\n\n".join(_words(message) for message in messages)


def _words(message: Message) -> str:
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    texts = [f"{call['name']} {call['arguments']}" for call in calls]
    return "\n".join(texts) if texts else str(message["content"])
