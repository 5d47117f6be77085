"""The prompts of each agent role: fixed sections, without the answer.

An item of a `command` skill brings its own texts (`facts.asked`). For a rule, the worker
sees its own role, the rule's id, title and severity, and the tool's schema. With
`prompt.context=description` it also sees the content's words on what the rule wants
and how it is checked. It never sees the content's fix, nor a plan that saw the answer.
Training, evaluation and replay all render these same functions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness_forge.config.prompt import PromptConfig, PromptContext
from harness_forge.core.errors import RunError
from harness_forge.core.records import Message, Outcome, Tip, ToolCall, WorkItem
from harness_forge.rollouts.policies.worked_examples import WorkedExample

_WORKER = (
    "You are the worker of a system hardening harness. Make the given rule pass on "
    "{host} without breaking anything else. Answer with one call of apply_fix."
)
ASKED = "asked"
"""The fact that holds an item's own `system` and `question`."""

_REFLECTOR_OF_OTHERS = (
    "You are the reflector of an agent harness. An attempt at a task failed. "
    "Say what pattern failed and why, then give the lines BANNED:, PREFERRED:, LESSON:, "
    "DISTILLED: and TIPS_JSON:."
)
_REFLECTOR = (
    "You are the reflector of a system hardening harness. An attempt at a rule failed. "
    "Say what pattern failed and why, then give the lines BANNED:, PREFERRED:, LESSON:, "
    "DISTILLED: and TIPS_JSON:."
)

_AUDITOR = (
    "You are the auditor of an agent harness. Say whether the answer does what the task asks. "
    "Answer with VERDICT: PASS or VERDICT: FAIL."
)
_ARCHITECT = (
    "You are the architect of an agent harness. Two answers to a task are proposed. "
    "Say which one is to be carried out. Answer with PICK: A or PICK: B."
)

LONGEST = 1200
"""Most characters of an item's description and check in a prompt: 400 tokens, so that
the whole prompt has at most 700."""

_AS_IT_IS = PromptConfig()


def worker_messages(
    item: WorkItem,
    host: str,
    tips: Sequence[Tip] = (),
    examples: Sequence[WorkedExample] = (),
    prompt: PromptConfig = _AS_IT_IS,
) -> list[Message]:
    """Return the worker's prompt.

    Args:
        tips: one section of the question, in order of rank.
        examples: earlier questions with their answers, put before it as turns.
        prompt: what is said of the item, and of those of the examples.

    Raises:
        RunError: the store knows no description of the item.
    """
    earlier = [
        message
        for example in examples
        for message in (
            {"role": "user", "content": _question(example.item, prompt)},
            example.response,
        )
    ]
    return [
        {"role": "system", "content": _system(item, host)},
        *earlier,
        {"role": "user", "content": _question(item, prompt, tips)},
    ]


def _system(item: WorkItem, host: str) -> str:
    own = item.facts.get(ASKED)
    return own["system"] if own else _WORKER.format(host=host)


def _question(item: WorkItem, prompt: PromptConfig, tips: Sequence[Tip] = ()) -> str:
    own = item.facts.get(ASKED)
    lines = [own["question"]] if own else _rule(item, prompt)
    if tips:
        lines += ["Tips:", *(f"- {tip.text}" for tip in tips)]
    return "\n".join(lines)


def _rule(item: WorkItem, prompt: PromptConfig) -> list[str]:
    lines = [f"Rule: {item.item_id}", f"Title: {item.title}", f"Severity: {item.severity}"]
    if prompt.context == PromptContext.description:
        lines += _described(item)
    return lines


def _described(item: WorkItem) -> list[str]:
    """Return the sections of an item's description and check, whole lines, `LONGEST` in all.

    The check is cut first: the description says more of what is to be done.
    """
    sections, left = [], LONGEST
    for title, key in (("Description", "description"), ("Check", "question")):
        if key not in item.facts:
            raise RunError(
                f"item {item.item_id}",
                "the store has no description of it, which prompt.context=description shows",
                "survey the items again: `forge run policy=gold`; or leave the context away",
            )
        if text := cut(str(item.facts[key]), left):
            sections.append(f"{title}:\n{text}")
            left -= len(text)
    return sections


def cut(text: str, longest: int) -> str:
    """Return the first whole lines of at most `longest` characters; of one long line, its words."""
    if len(text) <= longest:
        return text
    head = text[: max(longest, 0)]
    end = text.rfind("\n", 0, len(head) + 1)
    return head[:end] if end > 0 else head.rpartition(" ")[0]


def takes_script(argument: str) -> bool:
    """Return whether a tool's main argument is a shell script, as its name says."""
    return argument.endswith(("script", "command"))


def answer_text(call: ToolCall | None) -> str:
    """Return what a call answers as one text: its script, its only text, or its arguments."""
    if call is None:
        return ""
    if "fix_script" in call.arguments:
        return str(call.arguments["fix_script"])
    values = list(call.arguments.values())
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return json.dumps(dict(call.arguments), ensure_ascii=False)


def reflector_messages(item: WorkItem, answer: str, outcome: Outcome) -> list[Message]:
    """Return the reflector's prompt after a failed attempt."""
    if own := item.facts.get(ASKED):
        verdict = f"Verdict: {outcome.failure_mode}: {outcome.summary}"
        said = f"{own['question']}\n\nAnswer:\n{answer}\n{verdict}"
        return [
            {"role": "system", "content": _REFLECTOR_OF_OTHERS},
            {"role": "user", "content": said},
        ]
    body = (
        f"Rule: {item.item_id}\nTitle: {item.title}\n"
        f"Fix script:\n{answer}\n"
        f"Verdict: {outcome.failure_mode}: {outcome.summary}"
    )
    return [{"role": "system", "content": _REFLECTOR}, {"role": "user", "content": body}]


def auditor_messages(item: WorkItem, answer: str) -> list[Message]:
    """Return the auditor's prompt about an answer, which says nothing of its outcome."""
    said = f"{_question(item, _AS_IT_IS)}\n\nAnswer:\n{answer}"
    return [{"role": "system", "content": _AUDITOR}, {"role": "user", "content": said}]


def architect_messages(item: WorkItem, answers: tuple[str, str]) -> list[Message]:
    """Return the architect's prompt about two answers, A and B."""
    first, second = answers
    said = f"{_question(item, _AS_IT_IS)}\n\nAnswer A:\n{first}\n\nAnswer B:\n{second}"
    return [{"role": "system", "content": _ARCHITECT}, {"role": "user", "content": said}]


def rendered(messages: Sequence[Message]) -> str:
    """Return the prompt as one text, as `attempts.approach_prompt` stores it."""
    return "\n\n".join(_words(message) for message in messages)


def _words(message: Message) -> str:
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    texts = [f"{call['name']} {call['arguments']}" for call in calls]
    return "\n".join(texts) if texts else str(message["content"])
