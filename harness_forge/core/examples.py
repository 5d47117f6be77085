"""The records of a dataset: what its lines say, before they have the form of a format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness_forge.core.records import Message


class RowSource(NamedTuple):
    """The origin of an example: one row of the store, and its split.

    `source` names the row, such as `stig.turns:123`.
    """

    source: str
    run_id: str
    item_id: str
    family: str
    split: str
    policy: str
    origin: str
    evaluator: str


class Example(NamedTuple):
    """A prompt and the answer to learn from it.

    `id` is a hash of prompt and answer: the same words have the same id in
    every dataset.
    """

    id: str
    prompt: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    answer: Message
    origin: RowSource


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Two answers to the same prompt, one that passed and one that failed.

    The two `evidence` texts are JSON: what each verdict rests on; '' where the
    outcome of the attempt says it.
    """

    id: str
    prompt: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    chosen: Message
    rejected: Message
    chosen_origin: RowSource
    rejected_origin: RowSource
    chosen_evidence: str = ""
    rejected_evidence: str = ""

    @property
    def origin(self) -> RowSource:
        """The origin of the chosen answer."""
        return self.chosen_origin


@dataclass(frozen=True, slots=True)
class LabelledExample:
    """A single answer labelled good or bad.

    Args:
        label: True for an answer to learn, False for one to unlearn.
        evidence: what the label rests on, as a JSON text; '' where the outcome
            of the attempt says it.
    """

    id: str
    prompt: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    answer: Message
    label: bool
    origin: RowSource
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class PromptExample:
    """A prompt, and what an evaluator needs to judge answers to it.

    Args:
        reference: what an evaluator needs to judge an answer, as a JSON text.
    """

    id: str
    prompt: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    reference: str
    origin: RowSource
