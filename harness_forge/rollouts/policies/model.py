"""The model under test as a policy: sampled answers, parsed strictly."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from harness_forge.config.policy import PolicyConfig
from harness_forge.core.chat.call_forms import HERMES
from harness_forge.core.records import Origin, Outcome, Turn
from harness_forge.rollouts.policies import prompts, reflection
from harness_forge.rollouts.policies.parsing import parse_message
from harness_forge.rollouts.policies.proposal import PromptRequest, Proposal
from harness_forge.rollouts.policies.reflection import Reflection


class Chat(Protocol):
    """Anything that completes a chat: an endpoint or a local model."""

    model: str

    def complete(self, messages, tools, sampling):
        """Return a `Completion`."""

    def close(self) -> None:
        """Close the connection or end the process."""


def named(config: PolicyConfig, model: str) -> str:
    """Return the name in `runs.policy`, such as `model:smollm2-135m+3shot`.

    Args:
        config: its `adapter` is a name here, not a folder.
        model: its name at the endpoint or in the recipe.
    """
    shots = f"+{config.shots}shot" if config.shots else ""
    return f"model:{config.adapter or model}{shots}"


class Model:
    """n independent samples for each work item.

    Args:
        config: samples, temperature, max_tokens, reflect.
        chat: gives the answers.
        seed: the first sample's seed; later samples count up.
        form: how it writes calls in its text, a name of `core.chat.call_forms.FORMS`.
    """

    def __init__(self, config: PolicyConfig, chat: Chat, seed: int, form: str = HERMES) -> None:
        self._form = form
        self.name = named(config, chat.model)
        self._config, self._chat, self._seed = config, chat, seed

    def episode(self, request: PromptRequest) -> Generator[Proposal, Outcome, None]:
        """Yield `samples` proposals, whatever their outcomes."""
        for sample in range(self._config.samples):
            sampling = self._sampling(request.item.item_id, sample)
            done = self._chat.complete(request.messages, request.tools, sampling)
            call, failure = parse_message(
                done.message, done.finish_reason, request.tools, self._form
            )
            yield Proposal(
                origin=Origin.MODEL,
                response=done.message,
                model=done.model,
                adapter=self._config.adapter,
                tool_call=call,
                failure=failure,
                variant=f"sample-{sample}",
                sampling=sampling,
                finish_reason=done.finish_reason,
                prompt_tokens=done.prompt_tokens,
                completion_tokens=done.completion_tokens,
                cached_tokens=done.cached_tokens,
                reasoning_tokens=done.reasoning_tokens,
                elapsed_s=done.elapsed_s,
            )

    def reflect(
        self, request: PromptRequest, proposal: Proposal, outcome: Outcome
    ) -> Reflection | None:
        """Ask the same model what went wrong, if `policy.reflect` is set."""
        if not self._config.reflect or outcome.passed or outcome.infrastructure:
            return None
        answer = prompts.answer_text(proposal.tool_call) or str(
            proposal.response.get("content") or ""
        )
        messages = prompts.reflector_messages(request.item, answer, outcome)
        sampling = self._sampling(request.item.item_id, 0)
        started = datetime.now(UTC)
        done = self._chat.complete(messages, (), sampling)
        text = str(done.message.get("content") or "")
        turn = Turn(
            agent="reflector",
            messages=messages,
            tools=(),
            response=done.message,
            model=done.model,
            sampling=sampling,
            finish_reason=done.finish_reason,
            prompt_tokens=done.prompt_tokens,
            completion_tokens=done.completion_tokens,
            cached_tokens=done.cached_tokens,
            reasoning_tokens=done.reasoning_tokens,
            started_at=started,
            elapsed_s=done.elapsed_s,
        )
        lesson, tips = reflection.read(text, request.item.family)
        return Reflection(turn, text, lesson, tips)

    def close(self) -> None:
        """Close the endpoint or stop the child process."""
        self._chat.close()

    def _sampling(self, item_id: str, sample: int) -> Mapping[str, Any]:
        settings = {
            "temperature": self._config.temperature,
            "max_tokens": self._config.max_tokens,
        }
        if self._config.temperature > 0:
            # One seed for each item and sample: the same run draws the same answers, whatever
            # the order of its threads.
            digest = hashlib.sha256(f"{self._seed}/{item_id}/{sample}".encode()).digest()
            settings["seed"] = int.from_bytes(digest[:4]) >> 1
        return settings
