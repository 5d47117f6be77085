"""Takes the weights of rejected adapters away, and keeps the record of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from harness_forge.core.errors import TrainError
from harness_forge.registry import decisions, standing
from harness_forge.registry.adapters import replicates
from harness_forge.registry.adapters.package import WEIGHTS
from harness_forge.registry.adapters.parents import parents_of
from harness_forge.registry.standing import Standing

REJECTED = "rejected"
Used = Callable[[str, str, str], Sequence[str]]


@dataclass(frozen=True)
class Prunable:
    """A rejected adapter that has its weights.

    Args:
        when: time of the decision, as the ledger has it.
        bytes: of its weights.
        kept: why they stay; '' if nothing needs them.
    """

    label: str
    folder: Path
    when: str
    bytes: int
    kept: str


def rejected(home: Path, before: datetime, used: Used) -> list[Prunable]:
    """Return the adapters whose last decision was a rejection and that have weights.

    Args:
        before: decisions after this time are too young.
        used: returns aliases and servers of an adapter by its name, label and digest.

    Raises:
        PromoteError: the ledger of decisions cannot be read.
    """
    lines = decisions.read(home)
    last = {line["candidate"]["digest"]: line for line in lines}
    found = standing.standings(home)
    needed = _needed(found)
    return [
        Prunable(
            one.label,
            one.folder,
            str(last[one.digest]["time"]),
            (one.folder / WEIGHTS).stat().st_size,
            _kept(one, last[one.digest], before, used, needed),
        )
        for one in found
        if one.decision == REJECTED and (one.folder / WEIGHTS).is_file()
    ]


def _needed(found: Sequence[Standing]) -> dict[str, str]:
    """Return the adapters by digest that one which was not rejected was made of, and that one."""
    return {
        str(parent["digest"]): one.label
        for one in found
        if one.decision != REJECTED
        for parent in parents_of(one.lineage)
    }


def _kept(
    one: Standing, line: dict[str, Any], before: datetime, used: Used, needed: dict[str, str]
) -> str:
    if one.champion_of or one.target_of:
        return f"champion of {', '.join([*one.champion_of, *one.target_of])}, now or before"
    if one.names:
        return f"{', '.join(one.names)} means it"
    if words := used(str(one.lineage.get("name") or ""), one.label, one.digest):
        return f"in use: {', '.join(words)}"
    if one.digest in needed:
        return f"{needed[one.digest]} was made of it"
    if replicates.LINEAGE in one.lineage:
        return "one of several of its recipe"
    if decisions.time_of(line) > before:
        return "decided on too lately"
    return ""


def remove_weights(home: Path, one: Prunable) -> None:
    """Delete the weights of an adapter unless it became champion since.

    Raises:
        PromoteError: the ledger of decisions cannot be opened.
        TrainError: it is in use now, or its weights cannot be deleted.
    """
    # While the ledger is held, no promotion and no rollback can come in between.
    with decisions.opened(home):
        now = standing.find(standing.standings(home), one.label)
        standing.check_removable(now)
        try:
            (now.folder / WEIGHTS).unlink(missing_ok=True)
        except OSError as error:
            what = f"cannot be deleted: {error.strerror}"
            raise TrainError(str(now.folder / WEIGHTS), what, "its record is whole") from None
