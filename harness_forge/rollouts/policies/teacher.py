"""Teachers: policies that know their answers beforehand.

Gold stops at the first answer that passes. Mutated plays all of its broken
answers and says what is broken in each. Neither asks a model, so token counts
stay empty, and neither is evidence about tips or roles.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from harness_forge.core.records import Origin, Outcome, TeacherAnswer, Tip, ToolCall, Turn
from harness_forge.rollouts.policies import prompts, reflection
from harness_forge.rollouts.policies.proposal import PromptRequest, Proposal
from harness_forge.rollouts.policies.reflection import Reflection

_PREFERRED = "write the active setting in the file the check reads, then stop"


class Teacher:
    """A policy over a table of known answers.

    Args:
        name: `gold` or `mutated`.
        answers: item_id to the answers to try, in order.
    """

    def __init__(self, name: str, answers: Callable[[str], Sequence[TeacherAnswer]]) -> None:
        self.name = name
        self._answers = answers

    def episode(self, request: PromptRequest) -> Generator[Proposal, Outcome, None]:
        """Yield known answers until one passes; broken answers are all played."""
        tool = request.tools[0]["function"]["name"]
        for answer in self._answers(request.item.item_id):
            outcome = yield Proposal(
                origin=answer.origin,
                response=tool_message(tool, answer.arguments),
                model=self.name,
                tool_call=ToolCall(tool, answer.arguments),
                variant=answer.variant,
                why=answer.why,
                finish_reason="tool_calls",
            )
            if outcome.passed and answer.origin is not Origin.MUTATED:
                return

    def reflect(
        self, request: PromptRequest, proposal: Proposal, outcome: Outcome
    ) -> Reflection | None:
        """Explain a deliberate mistake that did fail."""
        if outcome.passed or outcome.infrastructure or not proposal.why:
            return None
        item = request.item
        rule = prompts.ASKED not in item.facts
        kind = "rules" if rule else "tasks"
        tip = Tip(
            text=f"On {item.family} {kind}, do not repeat this mistake: {proposal.why}",
            tip_type="recovery",
            mechanism=proposal.why,
            trigger_conditions=(item.item_id,),
            application_context=(item.family,),
        )
        text = reflection.render(
            pattern=f"{proposal.variant} on {item.item_id}",
            cause=proposal.why,
            preferred=_PREFERRED if rule else "give the whole answer, then stop",
            lesson=proposal.why,
            tips=[tip],
        )
        turn = Turn(
            agent="reflector",
            messages=prompts.reflector_messages(
                item, prompts.answer_text(proposal.tool_call), outcome
            ),
            tools=(),
            response={"role": "assistant", "content": text},
            model=self.name,
            finish_reason="stop",
        )
        return Reflection(turn, text, proposal.why, (tip,))

    def close(self) -> None:
        """Do nothing: nothing is open."""


def tool_message(name: str, arguments: Mapping[str, Any]) -> dict:
    """Return an assistant message with one call, arguments as a JSON string."""
    call = {
        "id": "call_0",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(dict(arguments), ensure_ascii=False)},
    }
    return {"role": "assistant", "content": None, "tool_calls": [call]}
