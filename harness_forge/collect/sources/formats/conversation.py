"""What the records of every format are read into: a conversation, with what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness_forge.core.records import Message

ANSWERS, FIRST_ANSWER = "@answers", "@first_answer"
"""Names in a scope that no mapping names: for the reader of turns alone."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """One answer of a model, and exactly what it was shown.

    Args:
        shown: the messages before it, in any known form.
        said: the answer, in any known form.
        agent: who gave it; None for the conversation's agent.
        model: None for the conversation's model.
        tools: that were offered; None for the conversation's tools.
        finish_reason: why it ended, in OpenAI's words; `length` is a cut answer.
        started_at: ISO text, or seconds or milliseconds since 1970.
        prompt_tokens: of the prompt, as the record counts them.
        completion_tokens: of the answer, reasoning included.
        cached_tokens: of the prompt's, those read from a cache; None where it does not say.
        reasoning_tokens: of the answer's, those of reasoning; None where it does not say.
    """

    shown: Sequence[Any]
    said: Any
    agent: str | None = None
    model: str | None = None
    tools: Any = None
    finish_reason: str | None = None
    started_at: Any = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One try at one item: what was said, and what became of it.

    Args:
        item: what the try is at; None where the record does not say.
        messages: the whole conversation, in any form that `core/chat` knows. Every
            answer was shown all that lies before it.
        answers: instead of `messages`, where that is not so: after a compaction, or
            where agents take turns that do not see each other's words.
        first_answer: place of the first message in `messages` that is an answer of this
            record; assistant messages before it are history that another record has.
        title, family, run, attempt, agent, model: as in a mapping.
        tools: that were offered, in any known form; None where the record holds none.
        outcome: a number, truth value or word; None for no verdict.
        finish_reason: of the last answer.
        started_at: ISO text, or seconds or milliseconds since 1970.
        extra: more that a mapping may name, such as scores by their names.
    """

    item: str | None = None
    messages: Sequence[Any] = ()
    answers: Sequence[ModelAnswer] = ()
    first_answer: int = 0
    title: str | None = None
    family: str | None = None
    run: str | None = None
    attempt: int | None = None
    agent: str | None = None
    model: str | None = None
    tools: Any = None
    outcome: Any = None
    finish_reason: str | None = None
    started_at: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def scope(self, record: Any) -> dict[str, Any]:
        """Return what a mapping may name.

        Args:
            record: as it lies in the file, under the name `record`.
        """
        said = list(self.messages)
        if self.answers and not said:
            said = [*self.answers[-1].shown, self.answers[-1].said]
        return {
            **self.extra,
            "record": record,
            "item": self.item,
            "title": self.title,
            "family": self.family,
            "run": self.run,
            "attempt": self.attempt,
            "agent": self.agent,
            "model": self.model,
            "messages": said,
            "tools": self.tools,
            "outcome": self.outcome,
            "finish_reason": self.finish_reason,
            "started_at": self.started_at,
            ANSWERS: self.answers,
            FIRST_ANSWER: self.first_answer,
        }


def words(content: Any, between: str = "") -> str:
    """Return the texts of a content, be it one text or parts; '' where there are none."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    texts = (one.get("text") for one in parts if isinstance(one, Mapping))
    return between.join(one for one in texts if isinstance(one, str))


def first_words(messages: Sequence[Message]) -> str:
    """Return the first user's words, '' where there are none, or none that are a text."""
    for one in messages:
        if isinstance(one, Mapping) and one.get("role") in ("user", "human"):
            return words(one.get("content"), "\n")
    return ""
