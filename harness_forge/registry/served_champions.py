"""The champions that a server can serve, and their aliases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.core.errors import EvalError, ServeError, TrainError
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.lineage import check_lineage
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.models.folder import BaseModel
from harness_forge.registry.signing import trust

WORKER = "worker"


@dataclass(frozen=True)
class ServedChampion:
    """A champion that this base model can serve.

    Args:
        slot: such as stig.worker.
        aliases: names that mean it while it is champion.
    """

    slot: str
    adapter: Adapter
    aliases: list[str]


def served_champions(
    config: ForgeConfig, base_model: BaseModel
) -> tuple[list[ServedChampion], list[str]]:
    """Return the champions trained on this base model, and a note on each other one.

    Raises:
        PromoteError: the ledger was tampered with.
        ServeError: a champion's adapter is missing, damaged, or not signed as asked.
    """
    home = Path(config.forge_home)
    lines = decisions.read(home)
    found, passed = [], []
    for slot in dict.fromkeys(champion.slots_of(lines)):
        if not (stack := champion.champion_stack(lines, slot)):
            continue
        adapter = _adapter(config, slot, stack[-1].candidate.label)
        try:
            check_lineage(adapter, base_model)
        except EvalError as error:
            passed.append(f"{slot}: its champion is not served: {error.said}")
            continue
        version = [stack[-1].version] if stack[-1].version else []
        found.append(ServedChampion(slot, adapter, [*names(slot), *version]))
    return found, passed


def names(slot: str) -> list[str]:
    """Return the aliases of a slot, such as stig-worker-champion; stig-champion is the worker."""
    skill, dot, role = slot.rpartition(".")
    if not dot:
        return [f"{slot}-champion"]
    full = f"{skill}-{role}-champion"
    return [f"{skill}-champion", full] if role == WORKER else [full]


def aliases_without_champion(config: ForgeConfig, found: list[ServedChampion]) -> list[str]:
    """Return the aliases of the recipe's skills that have no champion yet."""
    taken = {alias for one in found for alias in one.aliases}
    wanted = [f"{each.skill.name}-champion" for each in skills_of(config)]
    return [alias for alias in wanted if alias not in taken]


def _adapter(config: ForgeConfig, slot: str, label: str) -> Adapter:
    try:
        found = registry.resolve(label, Path(config.forge_home))
        return trust.demand(found, config.signing)
    except TrainError as error:
        hint = "copy the adapter back, `forge rollback`, or name an adapter: forge serve NAME"
        raise ServeError(f"champion of {slot}: {error.where}", error.what, hint) from None
