"""A person's yes or no to a candidate that the rule would promote (`promote.approval`).

The rule decides first: only what it would promote waits. A yes or a no is a line of the
ledger of its own, with who gave it and why; it reads no result anew and spends no look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import PromoteError
from harness_forge.core.hints import did_you_mean
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import registry, taint
from harness_forge.registry.adapters.identity import AdapterIdentity
from harness_forge.registry.champion import AWAITING, PROMOTED, REJECTED
from harness_forge.registry.signing import trust
from harness_forge.registry.timing import stamp

Line = Mapping[str, Any]
Say = Callable[[str], None]
_OF_THE_LINE = ("time", "clock", "previous", "hash")


def waiting(lines: Sequence[Line]) -> list[Line]:
    """Return the decisions that still wait for a person, at most one of each slot, oldest first.

    A later decision on the slot, or another champion, ends the wait.
    """
    last = dict(zip(champion.slots_of(lines), lines, strict=True))
    return [line for line in lines if line["decision"] == AWAITING and line in last.values()]


def approve(
    config: ForgeConfig,
    name: str | None,
    reason: str,
    by: str,
    *,
    decline: bool = False,
    say: Say = lambda text: None,
) -> Line:
    """Write a person's yes or no to a candidate that waits, and return the ledger's line.

    Args:
        name: the adapter, with or without hash, or its slot; None takes the only one that waits.
        reason: one sentence, for the ledger.
        by: who says so.
        decline: no; the candidate is rejected, and the champion stays.

    Raises:
        PromoteError: none waits, or several do and none is named; it is tainted; its adapter is
            gone; or the ledger cannot be written.
    """
    home = Path(config.forge_home)
    if not decisions.path(home).exists():
        _find([], name)
    with decisions.opened(home, say) as book:
        found = _find(waiting(book.lines), name)
        candidate = AdapterIdentity.of(found["candidate"])
        if not decline:
            _check(candidate, config)
        after = asdict(candidate) if not decline else found["champion_before"]
        book.append(
            {
                **{key: value for key, value in found.items() if key not in _OF_THE_LINE},
                "decision": REJECTED if decline else PROMOTED,
                "why": f"{'Declined' if decline else 'Approved'} by {by}: {reason}",
                "champion_after": after,
                "approval": {"by": by, "reason": reason, "of": found["hash"]},
                **stamp(book.lines, say),
            }
        )
        slot = champion.slots_of(book.lines)[-1]
        champion.point(home, slot, champion.champion_stack(book.lines, slot))
        return book.lines[-1]


def _find(found: Sequence[Line], word: str | None) -> Line:
    """Return the waiting decision that a word means."""
    names = [_words(line) for line in found]
    meant = [line for line, own in zip(found, names, strict=True) if word is None or word in own]
    if len(meant) == 1:
        return meant[0]
    labels = ", ".join(own[0] for own in names)
    if not found:
        what = "no candidate waits for approval"
        raise PromoteError(word or "forge approve", what, "forge champion shows every decision")
    if meant:
        raise PromoteError(word or "forge approve", "several candidates wait", f"one of: {labels}")
    hint = f"{did_you_mean(word or '', {one for own in names for one in own})}waiting: {labels}"
    raise PromoteError(f"adapter {word}", "does not wait for approval", hint)


def _words(line: Line) -> list[str]:
    """Return what a waiting decision may be called, its label first."""
    one = AdapterIdentity.of(line["candidate"])
    slot = champion.slots_of([line])[0]
    return [one.label, one.name, one.digest, slot]


def _check(candidate: AdapterIdentity, config: ForgeConfig) -> None:
    home = Path(config.forge_home)
    if told := taint.says(home, candidate.digest):
        hint = "forge approve --decline, and train again"
        raise PromoteError(f"adapter {candidate.label}", f"is tainted: {told}", hint)
    trust.demand(registry.resolve(candidate.label, home), config.signing)
