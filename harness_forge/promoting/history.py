"""Who stands as champion, who stood before, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness_forge.adapters import registry
from harness_forge.errors import PromoteError, TrainError
from harness_forge.promoters import Candidate, champion, ledger
from harness_forge.promoters.champion import ROLLBACK, Reign
from harness_forge.schema import ForgeConfig

Say = Callable[[str], None]


@dataclass(frozen=True)
class Standing:
    """The champions of one adapter name.

    Args:
        stack: the one that stands, last, and those before it.
        lines: every ledger line about the name, oldest first.
    """

    name: str
    stack: list[Reign]
    lines: list[dict[str, Any]]


def standing(config: ForgeConfig, say: Say = lambda text: None) -> list[Standing]:
    """Return every name that was decided on; the ledger is verified, pointers are made good.

    Raises:
        PromoteError: the ledger is not what was written.
    """
    home = Path(config.forge_home)
    if not ledger.path(home).exists():
        champion.check(home, [])
        return []
    with ledger.opened(home, say) as book:
        champion.check(home, book.lines)
        found = []
        for name in champion.names(book.lines):
            stack = champion.reigns(book.lines, name)
            if champion.point(home, name, stack):
                say(f"{champion.pointer(home, name)}: was behind the ledger; made good")
            own = [line for line in book.lines if line["candidate"]["name"] == name]
            found.append(Standing(name, stack, own))
    return found


def rollback(
    config: ForgeConfig, name: str | None, reason: str, say: Say = lambda text: None
) -> tuple[Candidate, Candidate]:
    """Go back to the champion before; return the one taken down and the one that stands.

    Args:
        name: of the adapter; None takes the recipe's, `train.name`.

    Raises:
        PromoteError: none stands, none stood before it, or that one's adapter is gone.
    """
    home, name = Path(config.forge_home), name or config.train.name
    if not ledger.path(home).exists():
        _last_two(name, [], [])
    with ledger.opened(home, say) as book:
        champion.check(home, book.lines)
        stack = champion.reigns(book.lines, name)
        down, up = _last_two(name, stack, champion.names(book.lines))
        try:
            registry.resolve(up.label, home)
        except TrainError as error:
            place = registry.folder(home) / up.label
            hint = f"put it back into {place}"
            raise PromoteError(
                f"champion {up.label}", f"cannot stand: {error.what}", hint
            ) from None
        book.append(
            {
                "kind": ROLLBACK,
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "candidate": asdict(down),
                "decision": "rolled back",
                "why": reason,
                "champion_before": asdict(down),
                "champion_after": asdict(up),
            }
        )
        champion.point(home, name, champion.reigns(book.lines, name))
    return down, up


def _last_two(name: str, stack: list[Reign], known: list[str]) -> tuple[Candidate, Candidate]:
    if not stack:
        hint = f"decided on so far: {', '.join(known)}" if known else "forge promote"
        raise PromoteError(f"champion {name}", "there is none", hint)
    if len(stack) < 2:
        what = f"{stack[-1].candidate.label} is the first: there is nothing before it to go back to"
        raise PromoteError(f"champion {name}", what, "serve the base model alone instead")
    return stack[-1].candidate, stack[-2].candidate
