"""Who stands as champion, who stood before, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import PromoteError, TrainError
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import registry
from harness_forge.registry.candidate import Candidate
from harness_forge.registry.champion import ROLLBACK, Reign
from harness_forge.registry.timing import stamp

Say = Callable[[str], None]
SHORTEST = 4
"""Of a hash that names an entry, in hexadecimal digits."""


@dataclass(frozen=True)
class Standing:
    """The champions of one seat.

    Args:
        name: of the adapter that stands, or was decided on last.
        seat: skill and role; a name from before those were written down.
        stack: the one that stands, last, and those before it.
        stood: all that ever did, oldest first.
        lines: every ledger line about the seat, oldest first.
    """

    name: str
    seat: str
    stack: list[Reign]
    stood: list[Reign]
    lines: list[dict[str, Any]]

    @property
    def called(self) -> set[str]:
        """Return every word that means this seat."""
        return {self.seat, *(line["candidate"]["name"] for line in self.lines)}


def standing(config: ForgeConfig, say: Say = lambda text: None) -> list[Standing]:
    """Return every seat that was decided on; the ledger is verified, pointers are made good.

    A home that can only be read is read.

    Raises:
        PromoteError: the ledger is not what was written.
    """
    home = Path(config.forge_home)
    lines = decisions.read(home)
    if not lines and not decisions.path(home).exists():
        return []
    try:
        return _made_good(home, say)
    except decisions.ReadOnly as error:
        say(f"{error.where}: {error.what}; read as it is")
        return _standing(lines)


def _made_good(home: Path, say: Say) -> list[Standing]:
    with decisions.opened(home, say) as book:
        found = _standing(book.lines)
        for one in found:
            if champion.point(home, one.seat, one.stack):
                place = champion.pointer(home, one.seat)
                say(f"{place}: was behind the ledger; made good")
        for place in champion.retire(home, book.lines):
            say(f"{place}: a name is no seat any more; taken away")
    return found


def _standing(lines: list[dict[str, Any]]) -> list[Standing]:
    found = []
    for seat in sorted(set(champion.seats(lines))):
        stack, own = champion.reigns(lines, seat), champion.about(lines, seat)
        name = stack[-1].candidate.name if stack else own[-1]["candidate"]["name"]
        found.append(Standing(name, seat, stack, champion.stood(lines, seat), own))
    return found


def chosen(found: Sequence[Standing], word: str) -> Standing:
    """Return the seat that a word means: itself, or the name of an adapter decided on for it.

    Raises:
        PromoteError: it means none, or several.
    """
    exact = [one for one in found if one.seat == word]
    meant = exact or [one for one in found if word in one.called]
    if len(meant) == 1:
        return meant[0]
    seats = ", ".join(one.seat for one in meant or found)
    if meant:
        raise PromoteError(f"champion {word}", "is decided on in several", f"one of: {seats}")
    hint = f"decided on so far: {seats}" if found else "forge promote"
    raise PromoteError(f"champion {word}", "there is none", hint)


def entry(one: Standing, word: str) -> Reign:
    """Return the champion of a seat that a word names.

    Args:
        word: the hash of its ledger line or of its content, or the start of
            one; its adapter's name with hash; or its version, with or without
            the name.

    Raises:
        PromoteError: none ever stood there that is called so, or several are.
    """
    found = [reign for reign in one.stood if word in _words(reign)]
    if not found and len(word) >= SHORTEST:
        hashes = ((reign, (reign.line, reign.candidate.digest)) for reign in one.stood)
        found = [reign for reign, both in hashes if any(h.startswith(word) for h in both)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(reign.candidate.label for reign in found or one.stood)
    what = f"{len(found)} are called so" if found else f"none called {word} ever stood there"
    raise PromoteError(f"champion {one.seat}", what, f"stood: {known}" if known else "")


def _words(reign: Reign) -> set[str]:
    told = reign.facts.get("version") or {}
    return {reign.candidate.label, told.get("name"), told.get("number"), reign.line} - {None}


def rollback(
    config: ForgeConfig,
    name: str | None,
    reason: str,
    say: Say = lambda text: None,
    to: str | None = None,
) -> tuple[Candidate, Candidate]:
    """Go back to an earlier champion; return the one taken down and the one that stands.

    Args:
        name: of the adapter, or of the seat; None takes the recipe's, `train.name`.
        to: the one to go back to, as `entry` takes it; None takes the one before.

    Raises:
        PromoteError: none stands, there is none to go back to, or that one's
            adapter is gone.
    """
    home, name = Path(config.forge_home), name or config.train.name
    if not decisions.read(home):
        chosen([], name)
    with decisions.opened(home, say) as book:
        one = chosen(_standing(book.lines), name)
        down, up = _both(one, to)
        _there(up, home)
        taken = _above(one, up)
        facts = {key: one.stack[-1].facts.get(key) for key in ("skill", "role", "target")}
        book.append(
            {
                "kind": ROLLBACK,
                "candidate": asdict(down),
                **{key: value for key, value in facts.items() if value},
                "decision": "rolled back",
                "why": reason,
                "champion_before": asdict(down),
                "champion_after": asdict(up),
                "taken_down": [asdict(each) for each in taken],
                **stamp(book.lines, say),
            }
        )
        champion.point(home, one.seat, champion.reigns(book.lines, one.seat))
    return down, up


def _above(one: Standing, up: Candidate) -> list[Candidate]:
    """Return who leaves for `up`: all above it; only who stood, if it was taken down before."""
    stack = [reign.candidate for reign in one.stack]
    if up not in stack:
        return stack[-1:]
    return stack[len(stack) - stack[::-1].index(up) :]


def _there(up: Candidate, home: Path) -> None:
    try:
        registry.resolve(up.label, home)
    except TrainError as error:
        place = registry.folder(home) / up.label
        hint = f"put it back into {place}"
        raise PromoteError(f"champion {up.label}", f"cannot stand: {error.what}", hint) from None


def _both(one: Standing, to: str | None) -> tuple[Candidate, Candidate]:
    if not one.stack:
        raise PromoteError(f"champion {one.seat}", "there is none", "forge promote")
    top = one.stack[-1].candidate
    if to is not None:
        up = entry(one, to).candidate
        if up == top:
            raise PromoteError(f"champion {up.label}", "stands already", "forge champion ls")
        return top, up
    if len(one.stack) < 2:
        what = f"{top.label} is the first: there is nothing before it to go back to"
        raise PromoteError(f"champion {one.name}", what, "serve the base model alone instead")
    return top, one.stack[-2].candidate
