"""Turns of auditor and architect that a teacher can write, because their answers are judged.

The auditor's verdict on an answer is the evaluator's own. The architect picks one of two
answers, of which one was broken on purpose and failed; that the other passes is for the
export to ask (docs/decisions/110-verdicts-of-teachers.md).
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

from harness_forge.core.records import Message, Origin, Outcome, Turn, WorkItem
from harness_forge.rollouts.policies import prompts
from harness_forge.rollouts.policies.proposal import Proposal


def turns(
    roles: Collection[str],
    item: WorkItem,
    proposal: Proposal,
    outcome: Outcome,
    sound: str,
) -> list[Turn]:
    """Return the turns of `roles` about a teacher's judged answer.

    A broken answer that passed says more about the check than about the answer, and an
    outcome without a verdict says nothing: neither has any.

    Args:
        roles: of `config.policy.VERDICT_ROLES`.
        sound: the teacher's unbroken answer; '' if none is known.
    """
    broken = proposal.origin is Origin.MUTATED
    if outcome.infrastructure or (broken and outcome.passed):
        return []
    answer, found = prompts.answer_text(proposal.tool_call), []
    if "architect" in roles and broken and sound not in ("", answer):
        found.append(_pick(item, answer, sound, proposal.model))
    if "auditor" in roles:
        verdict = "PASS" if outcome.passed else "FAIL"
        messages = prompts.auditor_messages(item, answer)
        found.append(_turn("auditor", messages, f"VERDICT: {verdict}", proposal.model))
    return found


def _pick(item: WorkItem, broken: str, sound: str, model: str) -> Turn:
    # The place follows from both texts, so that it is the same in every run and tells nothing.
    first = sha256(f"{item.item_id}\n{broken}\n{sound}".encode()).digest()[0] % 2 == 0
    answers = (sound, broken) if first else (broken, sound)
    messages = prompts.architect_messages(item, answers)
    return _turn("architect", messages, f"PICK: {'A' if first else 'B'}", model)


def _turn(agent: str, messages: list[Message], text: str, model: str) -> Turn:
    return Turn(
        agent=agent,
        messages=messages,
        tools=(),
        response={"role": "assistant", "content": text},
        model=model,
        finish_reason="stop",
    )
