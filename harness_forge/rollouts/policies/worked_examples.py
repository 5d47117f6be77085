"""Worked examples: training items with an answer that passed.

Few-shot prompts show some of them; the baselines `nearest` and `template` copy one.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from harness_forge.core.records import Message, ToolCall, WorkItem


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """A training item and its answer that passed.

    Args:
        response: the assistant's message with its call, as stored.
        source: the row it comes from, such as `stig.attempts:12`.
    """

    item: WorkItem
    tool_call: ToolCall
    response: Message
    source: str = ""


def spread(examples: Iterable[WorkedExample], seed: int) -> list[WorkedExample]:
    """Return examples in the order in which prompts take them.

    One of each family in turn, families with the most items first, so that a few
    examples cover as much of the skill as they can. Within a family, and among
    families of one size, a salted hash decides.
    """
    families: dict[str, list[WorkedExample]] = defaultdict(list)
    for example in examples:
        families[example.item.family].append(example)
    ordered = sorted(families, key=lambda name: (-len(families[name]), _draw(seed, name)))
    columns = [
        sorted(families[name], key=lambda example: _draw(seed, example.item.item_id))
        for name in ordered
    ]
    rounds = zip_longest(*columns)
    return [example for each in rounds for example in each if example is not None]


def shown(ordered: Sequence[WorkedExample], item: WorkItem, count: int) -> list[WorkedExample]:
    """Return the first `count` examples that are not of the item's own group."""
    return [e for e in ordered if e.item.group_key != item.group_key][:count]


def digest(examples: Iterable[WorkedExample]) -> str:
    """Return a hash of items and answers, in order; other examples make another run."""
    rows = [
        [e.item.item_id, e.item.title, e.item.severity, e.item.group_key, e.response]
        for e in examples
    ]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _draw(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}/{name}".encode()).digest()
