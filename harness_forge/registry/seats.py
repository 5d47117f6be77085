"""Joins the champion ledger with a server: which adapters stand, and the aliases they have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.schema import ForgeConfig, skills_of
from harness_forge.core.errors import EvalError, ServeError, TrainError
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.lineage import Subject, check_lineage
from harness_forge.registry.adapters.package import Adapter

WORKER = "worker"


@dataclass(frozen=True)
class Seated:
    """A champion that this base model can serve.

    Args:
        seat: what it is champion of, such as stig.worker.
        aliases: names that stand for it as long as it stands.
    """

    seat: str
    adapter: Adapter
    aliases: list[str]


def seated(config: ForgeConfig, subject: Subject) -> tuple[list[Seated], list[str]]:
    """Return the champions trained on this base model, and a line for each that was not.

    Raises:
        PromoteError: the ledger was tampered with.
        ServeError: a champion's adapter is gone or damaged.
    """
    home = Path(config.forge_home)
    lines = decisions.read(home)
    found, passed = [], []
    for seat in dict.fromkeys(champion.seats(lines)):
        if not (stack := champion.reigns(lines, seat)):
            continue
        adapter = _adapter(home, seat, stack[-1].candidate.label)
        try:
            check_lineage(adapter, subject)
        except EvalError as error:
            passed.append(f"{seat}: its champion is not served: {error.where}: {error.what}")
            continue
        version = [stack[-1].version] if stack[-1].version else []
        found.append(Seated(seat, adapter, [*names(seat), *version]))
    return found, passed


def names(seat: str) -> list[str]:
    """Return the aliases of a seat: stig-champion for stig's worker, with the role for any."""
    skill, dot, role = seat.rpartition(".")
    if not dot:
        return [f"{seat}-champion"]
    full = f"{skill}-{role}-champion"
    return [f"{skill}-champion", full] if role == WORKER else [full]


def empty(config: ForgeConfig, found: list[Seated]) -> list[str]:
    """Return the aliases of the recipe's skills that no champion stands behind yet."""
    taken = {alias for one in found for alias in one.aliases}
    wanted = [f"{each.skill.name}-champion" for each in skills_of(config)]
    return [alias for alias in wanted if alias not in taken]


def _adapter(home: Path, seat: str, label: str) -> Adapter:
    try:
        return registry.resolve(label, home)
    except TrainError as error:
        hint = "copy the adapter back, `forge rollback`, or name an adapter: forge serve NAME"
        raise ServeError(f"champion of {seat}: {error.where}", error.what, hint) from None
