"""The nearest-answer baseline: copies the answer of the most similar training item.

A model must beat it to show that it learned more than where to copy from. Items
are compared by the words of rule id and title, weighted by rarity.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Generator, Mapping, Sequence

from harness_forge.core.errors import RunError
from harness_forge.core.records import Origin, Outcome, WorkItem
from harness_forge.rollouts.policies.proposal import PromptRequest, Proposal
from harness_forge.rollouts.policies.reflection import Reflection
from harness_forge.rollouts.policies.worked_examples import WorkedExample

NAME = "nearest"

Vector = Mapping[str, float]


class Nearest:
    """One answer for each item, copied word for word.

    Similarity is the cosine of TF-IDF vectors over the tokens of rule id and
    title, with the smoothed weight ln((1 + n) / (1 + df)) + 1 of n training
    items (Manning, Raghavan and Schütze, Introduction to Information
    Retrieval, 2008, chapter 6; smoothed as in scikit-learn). On a tie the first
    by item id is used.

    Args:
        examples: training items with answers that passed.
    """

    name = NAME

    def __init__(self, examples: Sequence[WorkedExample]) -> None:
        self._examples = sorted(examples, key=lambda example: example.item.item_id)
        seen = Counter(word for example in self._examples for word in set(tokens(example.item)))
        size = len(self._examples)
        self._weight = {word: math.log((1 + size) / (1 + n)) + 1 for word, n in seen.items()}
        self._unseen = math.log(1 + size) + 1
        self._vectors = [self._vector(example.item) for example in self._examples]

    def nearest(self, item: WorkItem) -> tuple[WorkedExample, float]:
        """Return the most similar example of another group, and its similarity, 0 to 1."""
        return max(self.candidates(item), key=lambda scored: scored[1])

    def candidates(self, item: WorkItem) -> list[tuple[WorkedExample, float]]:
        """Return the examples of other groups by item id, each with its similarity.

        Raises:
            RunError: there is none.
        """
        own = self._vector(item)
        found = [
            (example, _dot(own, vector))
            for example, vector in zip(self._examples, self._vectors, strict=True)
            if example.item.group_key != item.group_key
        ]
        if not found:
            raise RunError(
                f"item {item.item_id}",
                "every worked example is of its own group; there is no other answer to copy",
                "make more with `forge run policy=gold`",
            )
        return found

    def episode(self, request: PromptRequest) -> Generator[Proposal, Outcome, None]:
        """Yield the copied answer, once."""
        example, similarity = self.nearest(request.item)
        yield Proposal(
            origin=Origin.OURS,
            response=example.response,
            model=NAME,
            tool_call=example.tool_call,
            variant=f"{example.item.item_id} {similarity:.3f}",
            finish_reason="tool_calls",
        )

    def reflect(
        self, request: PromptRequest, proposal: Proposal, outcome: Outcome
    ) -> Reflection | None:
        """Return None: a copy learns nothing."""
        return None

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def _vector(self, item: WorkItem) -> Vector:
        counts = Counter(tokens(item))
        raw = {word: n * self._weight.get(word, self._unseen) for word, n in counts.items()}
        length = math.sqrt(sum(value * value for value in raw.values()))
        return {word: value / length for word, value in raw.items()} if length else {}


def tokens(item: WorkItem) -> list[str]:
    """Return the words of rule id and title, in lower case."""
    return re.findall(r"[a-z0-9]+", f"{item.item_id} {item.title}".lower())


def _dot(one: Vector, other: Vector) -> float:
    return sum(value * other[word] for word, value in one.items() if word in other)
