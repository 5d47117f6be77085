"""Current and past champions, and the rollback to an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import PromoteError, TrainError
from harness_forge.core.hints import did_you_mean
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.identity import AdapterIdentity
from harness_forge.registry.champion import ROLLBACK, ChampionTerm
from harness_forge.registry.signing import trust
from harness_forge.registry.timing import stamp

Say = Callable[[str], None]
SHORTEST = 4
"""Of a hash that names an entry, in hexadecimal digits."""


@dataclass(frozen=True)
class SlotHistory:
    """The champions of one slot.

    Args:
        name: of the champion, else of the adapter that was decided on last.
        slot: skill and role; an adapter's name where old lines have no skill.
        stack: the current champion, last, and those before it.
        past_champions: all there ever were, oldest first.
        lines: every ledger line of the slot, oldest first.
    """

    name: str
    slot: str
    stack: list[ChampionTerm]
    past_champions: list[ChampionTerm]
    lines: list[dict[str, Any]]

    @property
    def called(self) -> set[str]:
        """Return every word that means this slot."""
        return {self.slot, *(line["candidate"]["name"] for line in self.lines)}


def slot_histories(config: ForgeConfig, say: Say = lambda text: None) -> list[SlotHistory]:
    """Return every slot of the ledger, which is verified; pointers are repaired.

    In a read-only home nothing is repaired.

    Raises:
        PromoteError: the ledger is not what was written.
    """
    home = Path(config.forge_home)
    lines = decisions.read(home)
    if not lines and not decisions.path(home).exists():
        return []
    try:
        return _repaired(home, say)
    except decisions.ReadOnly as error:
        say(f"{error.said}; read as it is")
        return _histories(lines)


def _repaired(home: Path, say: Say) -> list[SlotHistory]:
    with decisions.opened(home, say) as book:
        found = _histories(book.lines)
        for one in found:
            if champion.point(home, one.slot, one.stack):
                pointer = champion.pointer(home, one.slot)
                say(f"{pointer}: was behind the ledger; repaired")
        for pointer in champion.remove_stale_pointers(home, book.lines):
            say(f"{pointer}: this name is no longer a slot; removed")
    return found


def _histories(lines: list[dict[str, Any]]) -> list[SlotHistory]:
    found = []
    for slot in sorted(set(champion.slots_of(lines))):
        stack, own = champion.champion_stack(lines, slot), champion.lines_of(lines, slot)
        name = stack[-1].candidate.name if stack else own[-1]["candidate"]["name"]
        found.append(SlotHistory(name, slot, stack, champion.past_champions(lines, slot), own))
    return found


def find_slot(found: Sequence[SlotHistory], word: str) -> SlotHistory:
    """Return the slot that a word means: its name, or that of an adapter decided on for it.

    Raises:
        PromoteError: it means none, or several.
    """
    exact = [one for one in found if one.slot == word]
    meant = exact or [one for one in found if word in one.called]
    if len(meant) == 1:
        return meant[0]
    slots = ", ".join(one.slot for one in meant or found)
    if meant:
        raise PromoteError(f"champion {word}", "is decided on in several", f"one of: {slots}")
    meant = did_you_mean(word, {name for one in found for name in (one.slot, *one.called)})
    hint = f"{meant}decided on so far: {slots}" if found else "forge promote"
    raise PromoteError(f"champion {word}", "there is none", hint)


def find_champion(one: SlotHistory, word: str) -> ChampionTerm:
    """Return the champion of a slot that a word names.

    Args:
        word: the hash of its ledger line or of its content, or the start of
            one; its adapter's name with hash; or its version, with or without
            the name.

    Raises:
        PromoteError: no champion of the slot is called so, or several are.
    """
    found = [term for term in one.past_champions if word in _words(term)]
    if not found and len(word) >= SHORTEST:
        hashes = ((term, (term.line, term.candidate.digest)) for term in one.past_champions)
        found = [term for term, both in hashes if any(h.startswith(word) for h in both)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(term.candidate.label for term in found or one.past_champions)
    what = f"{len(found)} have this name" if found else f"{word} was never champion there"
    labels = {name for term in one.past_champions for name in _words(term)}
    meant = "" if found else did_you_mean(word, labels)
    hint = f"{meant}champions so far: {known}" if known else ""
    raise PromoteError(f"champion {one.slot}", what, hint)


def _words(term: ChampionTerm) -> set[str]:
    fields = term.facts.get("version") or {}
    return {term.candidate.label, fields.get("name"), fields.get("number"), term.line} - {None}


def rollback(
    config: ForgeConfig,
    name: str | None,
    reason: str,
    say: Say = lambda text: None,
    to: str | None = None,
) -> tuple[AdapterIdentity, AdapterIdentity]:
    """Go back to an earlier champion; return the one that was removed and the one restored.

    Args:
        name: of the adapter, or of the slot; None takes the recipe's, `train.name`.
        to: the one to go back to, as `find_champion` takes it; None takes the one before.

    Raises:
        PromoteError: there is no champion, none to go back to, or that one's
            adapter is gone.
    """
    home, name = Path(config.forge_home), name or config.train.name
    if not decisions.read(home):
        find_slot([], name)
    with decisions.opened(home, say) as book:
        one = find_slot(_histories(book.lines), name)
        down, up = _from_and_to(one, to)
        _check_present(up, config)
        _write(home, book, one, up, {"why": reason}, say)
    return down, up


def take_down(
    config: ForgeConfig,
    slot: str,
    champion_now: AdapterIdentity,
    said: Mapping[str, Any],
    say: Say = lambda text: None,
) -> AdapterIdentity | None:
    """Remove a champion; return the one before it, which is champion again, or None.

    Without one before it the slot has no champion: the base model answers alone.

    Args:
        champion_now: the one to remove.
        said: what the ledger's line says: `why`, and whatever it rests on.

    Raises:
        PromoteError: another one is champion by now, or the one before it is gone.
    """
    home = Path(config.forge_home)
    with decisions.opened(home, say) as book:
        one = find_slot(_histories(book.lines), slot)
        if not one.stack or one.stack[-1].candidate != champion_now:
            what = f"{champion_now.label} is not champion any more"
            raise PromoteError(f"champion {slot}", what, "nothing was changed")
        up = one.stack[-2].candidate if one.stack[:-1] else None
        if up:
            _check_present(up, config)
        _write(home, book, one, up, said, say)
    return up


def _write(
    home: Path,
    book: decisions.DecisionLedger,
    one: SlotHistory,
    up: AdapterIdentity | None,
    said: Mapping[str, Any],
    say: Say,
) -> None:
    """Write a rollback's line, and move the pointer."""
    down = one.stack[-1].candidate
    taken = _removed_for(one, up) if up else [down]
    facts = {key: one.stack[-1].facts.get(key) for key in ("skill", "role", "target")}
    book.append(
        {
            "kind": ROLLBACK,
            "candidate": asdict(down),
            **{key: value for key, value in facts.items() if value},
            "decision": "rolled back",
            **said,
            "champion_before": asdict(down),
            "champion_after": asdict(up) if up else None,
            "taken_down": [asdict(each) for each in taken],
            **stamp(book.lines, say),
        }
    )
    champion.point(home, one.slot, champion.champion_stack(book.lines, one.slot))


def _removed_for(one: SlotHistory, up: AdapterIdentity) -> list[AdapterIdentity]:
    """Return whom `up` replaces: all above it, or the current one if `up` was removed before."""
    stack = [term.candidate for term in one.stack]
    if up not in stack:
        return stack[-1:]
    return stack[len(stack) - stack[::-1].index(up) :]


def _check_present(up: AdapterIdentity, config: ForgeConfig) -> None:
    home = Path(config.forge_home)
    try:
        trust.demand(registry.resolve(up.label, home), config.signing)
    except TrainError as error:
        folder = registry.folder(home) / up.label
        hint = f"put it back into {folder}"
        what = f"cannot be restored: {error.what}"
        raise PromoteError(f"champion {up.label}", what, hint) from None


def _from_and_to(one: SlotHistory, to: str | None) -> tuple[AdapterIdentity, AdapterIdentity]:
    if not one.stack:
        raise PromoteError(f"champion {one.slot}", "there is none", "forge promote")
    top = one.stack[-1].candidate
    if to is not None:
        up = find_champion(one, to).candidate
        if up == top:
            raise PromoteError(f"champion {up.label}", "is champion already", "forge champion ls")
        return top, up
    if len(one.stack) < 2:
        what = f"{top.label} is the first: there is nothing before it to go back to"
        raise PromoteError(f"champion {one.name}", what, "serve the base model alone instead")
    return top, one.stack[-2].candidate
