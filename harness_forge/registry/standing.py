"""What each adapter of the registry is, what was decided on it, and what still needs it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness_forge.core.errors import TrainError
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.package import LINEAGE

DAMAGED = "damaged"
"""The decision shown for a folder whose lineage cannot be read."""


@dataclass(frozen=True)
class Standing:
    """One folder of the registry; its weights are not read.

    Args:
        label: the name of the folder.
        names: links in the registry that mean it, such as stig-worker.
        bytes: what its files take.
        lineage: what it was made from; {} where that cannot be read.
        decision: the last line of the ledger about it, such as promoted; '' for none.
        champion_of: slots that it is champion of.
        target_of: slots in which a rollback may bring it back.
    """

    folder: Path
    label: str
    names: tuple[str, ...]
    bytes: int
    lineage: Mapping[str, Any] = field(default_factory=dict)
    decision: str = ""
    champion_of: tuple[str, ...] = ()
    target_of: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The hash of its content; '' where its lineage cannot be read."""
        return str(self.lineage.get("digest") or "")

    def part(self, key: str) -> Mapping[str, Any]:
        """Return a part of its lineage, such as base or dataset; {} if it has none."""
        found = self.lineage.get(key)
        return found if isinstance(found, Mapping) else {}


def standings(home: Path) -> list[Standing]:
    """Return every folder of the registry, by name.

    Raises:
        PromoteError: the ledger of decisions cannot be read.
    """
    return _standings(home, decisions.read(home))


def _standings(home: Path, lines: Sequence[champion.Line]) -> list[Standing]:
    root = registry.folder(home)
    entries = [one for one in root.glob("*") if not one.name.startswith(".")]
    links: dict[str, list[str]] = {}
    for one in entries:
        if one.is_symlink():
            links.setdefault(one.resolve().name, []).append(one.name)
    slots = {
        slot: (champion.champion_stack(lines, slot), champion.past_champions(lines, slot))
        for slot in dict.fromkeys(champion.slots_of(lines))
    }
    found = []
    for folder in sorted(one for one in entries if one.is_dir() and not one.is_symlink()):
        lineage = _lineage(folder)
        # A champion whose lineage is damaged is known by the name of its folder.
        known = {folder.name, lineage.get("digest")}
        tops = [slot for slot, (stack, _) in slots.items() if stack and _is(stack[-1], known)]
        past = [slot for slot, (_, every) in slots.items() if any(_is(one, known) for one in every)]
        found.append(
            Standing(
                folder,
                folder.name,
                tuple(sorted(links.get(folder.name, ()))),
                sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir()),
                lineage,
                _decision(lines, lineage["digest"]) if lineage else DAMAGED,
                tuple(tops),
                tuple(slot for slot in past if slot not in tops),
            )
        )
    return found


def find(found: Sequence[Standing], name: str) -> Standing:
    """Return the folder that a name, a folder's name, or the start of a hash means.

    Raises:
        TrainError: it means none, or several.
    """
    meant = [one for one in found if name in (one.label, *one.names)]
    if not meant and len(name) >= 4:
        meant = [one for one in found if one.digest.startswith(name)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        labels = ", ".join(one.label for one in meant)
        raise TrainError(f"adapter {name}", "several have this hash", f"one of: {labels}")
    known = [word for one in found for word in (one.label, *one.names)]
    raise registry.unknown(name, known)


def check_removable(one: Standing) -> None:
    """Refuse an adapter that is champion, or that a rollback may bring back.

    Raises:
        TrainError: it is.
    """
    if one.champion_of:
        what = f"is champion of {', '.join(one.champion_of)}"
        hint = "it stays for as long as the ledger names it"
        raise TrainError(f"adapter {one.label}", what, hint)
    if one.target_of:
        what = f"was champion of {', '.join(one.target_of)}, and a rollback may bring it back"
        hint = "it stays for as long as the ledger names it"
        raise TrainError(f"adapter {one.label}", what, hint)


def remove(home: Path, one: Standing) -> None:
    """Delete a folder of the registry and the links that mean it; whole, or not at all.

    Raises:
        PromoteError: the ledger of decisions cannot be opened.
        TrainError: it is champion, or a rollback may need it; or it cannot be deleted.
    """
    # While the ledger is held, no promotion and no rollback can come in between.
    with decisions.opened(home) as book:
        now = find(_standings(home, book.lines), one.label)
        check_removable(now)
        gone = now.folder.with_name(f".{now.label}.{os.getpid()}")
        try:
            now.folder.rename(gone)
        except OSError as error:
            what = f"cannot be deleted: {error.strerror}"
            raise TrainError(str(now.folder), what, "nothing was deleted") from None
        for name in now.names:
            (registry.folder(home) / name).unlink(missing_ok=True)
        shutil.rmtree(gone, ignore_errors=True)


def _lineage(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / LINEAGE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("digest"), str) else {}


def _is(term: champion.ChampionTerm, known: set[str | None]) -> bool:
    return bool({term.candidate.digest, term.candidate.label} & known)


def _decision(lines: Sequence[Mapping[str, Any]], digest: str) -> str:
    about = [str(line["decision"]) for line in lines if line["candidate"]["digest"] == digest]
    return about[-1] if about else ""
