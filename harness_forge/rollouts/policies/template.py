"""The template baseline: copies a similar training item's answer, with the item's own words in it.

A model must beat it to show that it knows more than a search and replace does. It has
no knowledge of any skill: ids are words, and answers are tool calls that may hold them.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from harness_forge.core.records import Origin, Outcome, WorkItem
from harness_forge.rollouts.policies.id_words import IdWords, Replacement, replaced
from harness_forge.rollouts.policies.nearest import Nearest
from harness_forge.rollouts.policies.proposal import PromptRequest, Proposal
from harness_forge.rollouts.policies.reflection import Reflection
from harness_forge.rollouts.policies.teacher import tool_message
from harness_forge.rollouts.policies.worked_examples import WorkedExample

NAME = "template"


class TemplatePolicy:
    """One answer for each item: another item's, with differing words of the id replaced.

    The example with the most words of its id in common with the item's, in order, is
    copied; on a tie the more similar one, as `Nearest` measures it, then the first by
    item id. An example whose answer holds none of the words to replace comes after all
    others: copied whole it would be an answer to another item. Chosen on validation items.

    Args:
        examples: training items with answers that passed.
    """

    name = NAME

    def __init__(self, examples: Sequence[WorkedExample]) -> None:
        self._similar = Nearest(examples)
        self._words = {e.item.item_id: IdWords.of(e.item.item_id) for e in examples}

    def filled(self, item: WorkItem) -> tuple[WorkedExample, Mapping[str, Any]]:
        """Return the example that is copied, and its arguments with the item's own words.

        Raises:
            RunError: there is no example of another group.
        """
        own = IdWords.of(item.item_id)
        ranked = sorted(
            self._similar.candidates(item),
            key=lambda scored: (-self._shared(scored[0], own), -scored[1]),
        )
        for example, _ in ranked:
            arguments = self._fill(example, own)
            if arguments != example.tool_call.arguments:
                return example, arguments
        return ranked[0][0], ranked[0][0].tool_call.arguments

    def episode(self, request: PromptRequest) -> Generator[Proposal, Outcome, None]:
        """Yield the filled answer, once."""
        example, arguments = self.filled(request.item)
        call = replace(example.tool_call, arguments=arguments)
        yield Proposal(
            origin=Origin.OURS,
            response=tool_message(call.name, dict(arguments)),
            model=NAME,
            tool_call=call,
            variant=example.item.item_id,
            finish_reason="tool_calls",
        )

    def reflect(
        self, request: PromptRequest, proposal: Proposal, outcome: Outcome
    ) -> Reflection | None:
        """Return None: a copy learns nothing."""
        return None

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def _shared(self, example: WorkedExample, own: IdWords) -> int:
        blocks = _aligned(self._words[example.item.item_id], own).get_matching_blocks()
        return sum(block.size for block in blocks)

    def _fill(self, example: WorkedExample, own: IdWords) -> Mapping[str, Any]:
        known = self._words[example.item.item_id]
        return replaced(example.tool_call.arguments, _replacements(known, own))


def _aligned(known: IdWords, own: IdWords) -> SequenceMatcher:
    return SequenceMatcher(a=known.words, b=own.words, autojunk=False)


def _replacements(known: IdWords, own: IdWords) -> list[Replacement]:
    """Return what is written instead of what, longest first.

    A differing segment of several words is also tried in parts, word for word, where both
    ids have as many. Words that only one id has need a shared word beside them as context.
    """
    found = []
    for kind, a, b, c, d in _aligned(known, own).get_opcodes():
        if kind == "replace":
            found.append((a, b, c, d))
            if b - a == d - c:
                found += [
                    (a + at, a + at + size, c + at, c + at + size)
                    for size in range(b - a - 1, 0, -1)
                    for at in range(b - a - size + 1)
                ]
        elif kind != "equal":
            before, after = int(a > 0), int(b < len(known.words))
            found.append((a - before, b + after, c - before, d + after))
            if before:
                found.append((a - 1, b, c - 1, d))
            elif after:
                found.append((a, b + 1, c, d + 1))
    made = [Replacement(known.cut(a, b), own.cut(c, d)) for a, b, c, d in found if b > a and d > c]
    return sorted(made, key=lambda one: -len(one.old.words))
