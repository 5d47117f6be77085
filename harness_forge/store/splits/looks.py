"""A look at a holdout: who was scored on which items, and which looks share items."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

from harness_forge.core.records import WorkItem


@dataclass(frozen=True, slots=True)
class Look:
    """One run of one policy over items of a holdout, or one scoring of its answers.

    Args:
        label: the policy as stored with the run, such as `model:<name>`.
        candidate: digest of the adapter or model that might be promoted; None
            for a baseline, which spends nothing.
        items: the evaluated items, by the names that the skill gives them.
        content_digest: digest of the content that judged.
        run_id: the run; skill and run id identify the look.
        keys: the same items by their content, as `item_key` names them.
        time: UTC, set when the look is written.
        number: counts candidates' looks from 1; 0 for the others.
        alpha: significance level of a test that rests on it; 0 if none may.
        tested: a significance test uses it; lm-eval's scores feed none.
        same_as: run id of the candidate's look whose number and level this one has.
        source: how the line came in, if not when the look was made.
        budget: alpha and schedule that `alpha` was planned by.
        recipe: of one of several adapters of a recipe, the recipe's training and how many
            adapters were to be judged, see `recipe_name`; '' for an adapter alone.
    """

    skill: str
    label: str
    candidate: str | None
    items: Sequence[str]
    content_digest: str
    run_id: str
    keys: Sequence[str] = ()
    time: str = ""
    number: int = 0
    alpha: float = 0.0
    size: int = 0
    tested: bool = True
    same_as: str = ""
    source: str = ""
    budget: Mapping[str, Any] | None = None
    recipe: str = ""

    @property
    def spends(self) -> bool:
        """Whether the look takes a part of the error budget that no other look has."""
        return self.candidate is not None and not self.same_as

    @property
    def identity(self) -> tuple[str, str]:
        """Return what makes it this look: the same again is no second one."""
        return self.skill, self.run_id


NO_LOOK = (ValueError, TypeError, RecursionError)
"""What `parse` raises where a line is no look."""


def parse(line: bytes | Mapping[str, Any]) -> Look:
    """Return the look of a ledger's line; keys of later versions are left out."""
    row = json.loads(line) if isinstance(line, bytes) else line
    names = {field.name for field in fields(Look)}
    return Look(**{key: row[key] for key in row if key in names})


def is_look(line: bytes) -> bool:
    """Return whether a line is a look; a truncated one is not."""
    try:
        return bool(parse(line))
    except NO_LOOK:
        return False


def item_key(item: WorkItem) -> str:
    """Return the key of an item, the same in every store and skill.

    Recorded items have no check of their own to hash; their title is hashed instead.
    """
    facts = [item.item_id, item.digest or item.title]
    return sha256(json.dumps(facts).encode()).hexdigest()[:16]


def item_keys(items: Iterable[WorkItem]) -> list[str]:
    """Return the keys of items, sorted."""
    return sorted(item_key(item) for item in items)


def share(one: Look, other: Look) -> bool:
    """Return whether two looks have an item in common.

    By content, whatever the skill is called; within one skill also by name, so
    that a reworded check does not make an item new.
    """
    if one.skill == other.skill and not set(one.items).isdisjoint(other.items):
        return True
    return not set(one.keys).isdisjoint(other.keys)


def recipe_name(training: str, adapters: int) -> str:
    """Return the name of a recipe whose adapters are judged together.

    Args:
        training: key of its first adapter's training.
        adapters: how many; more of them, decided on after a look, are another recipe.
    """
    return f"{training}/{adapters}"


def recipe_size(look: Look) -> int:
    """Return of how many adapters a look is."""
    return int(look.recipe.rpartition("/")[2]) if look.recipe else 1


def covers(one: Look, other: Look) -> bool:
    """Return whether `one` has every item of `other`."""
    by_name = one.skill == other.skill and set(other.items) <= set(one.items)
    return by_name or (bool(other.keys) and set(other.keys) <= set(one.keys))
