"""Swaps an adapter of the registry into a running server, proven before its alias moves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.core.errors import ServeError
from harness_forge.core.files import write_json
from harness_forge.registry import current, served_champions
from harness_forge.registry.adapters import package, registry
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.signing import trust
from harness_forge.rollouts.policies import probes
from harness_forge.serving import aliases, server_plan, smoke, state, swap
from harness_forge.serving.state import Running
from harness_forge.serving.swap import Incoming, SwapResult


def server(config: ForgeConfig) -> Running:
    """Return the server on `serve.port`, or the only one that runs.

    Raises:
        ServeError: there is none, or several and none on that port.
    """
    return state.one(Path(config.forge_home), config.serve.port)


def swapped(config: ForgeConfig, alias: str, name: str | None) -> SwapResult:
    """Put an adapter behind an alias of the running server.

    Args:
        name: of the adapter; None is the recipe's newest.

    Raises:
        ServeError: no server runs, the adapter does not fit, cannot be loaded or
            is not live; the old one is still served.
        TrainError: there is no such adapter, or it is damaged.
    """
    return _swap(config, server(config), [alias], current.current_adapter(config, name))


def followed(config: ForgeConfig) -> tuple[list[SwapResult], list[str]]:
    """Put every champion of the ledger behind its aliases, and return notes on those left out.

    Raises:
        PromoteError: the ledger cannot be read.
        ServeError: as `swapped`; or there is no champion.
    """
    running = server(config)
    found, notes = served_champions.served_champions(config, current.base_model_of(config))
    if not found:
        hint = "`forge promote` makes one; or name alias and adapter: forge serve swap ALIAS NAME"
        raise ServeError("forge serve swap", "; ".join(notes) or "there is no champion", hint)
    return [_swap(config, running, one.aliases, one.adapter) for one in found], notes


def to_base(config: ForgeConfig, slot: str) -> list[str]:
    """Point the aliases of a slot that has no champion any more to the base model; return them.

    Raises:
        ServeError: no server runs.
    """
    home, running = Path(config.forge_home), server(config)
    known = aliases.read(home)
    named = [name for name in served_champions.names(slot) if name in known]
    aliases.move_all(home, named, running.base, running.url)
    return named


def _swap(
    config: ForgeConfig, running: Running, names: Sequence[str], adapter: Adapter
) -> SwapResult:
    home = Path(config.forge_home)
    server_plan.check(adapter, current.base_model_of(config))
    one = server_plan.by_content(_registered(config, adapter))
    if one.rank > running.rank:
        room = f"room for rank {running.rank}" if running.rank else "no room for adapters"
        hint = f"start it again with serve.max_lora_rank={one.rank} and an adapter"
        raise ServeError(f"adapter {one.name}", f"has rank {one.rank}; the server has {room}", hint)
    return swap.swap(
        home,
        running.url,
        names,
        Incoming(one.name, one.folder, adapter.digest, one.rank),
        prove=lambda new, old: _prove(config, running, new, old),
        drain_s=config.serve.drain_s,
    )


def _registered(config: ForgeConfig, adapter: Adapter) -> Adapter:
    """Return the adapter's copy in the registry: vLLM reads the folder again, so it must stay."""
    folder = registry.folder(Path(config.forge_home)) / adapter.label
    if not (folder / package.WEIGHTS).is_file():
        package.copy(adapter, folder)
    # What is there already need not be what was asked for, down to its signature.
    return trust.demand(package.load(folder), config.signing)


def _prove(config: ForgeConfig, running: Running, new: str, old: str | None) -> None:
    """Check that the new one answers as itself: not like the base, not like the old one.

    Its first answer is stored, and every later one must equal it.
    """
    asked: dict[str, Any] = {
        "messages": probes.messages([each.skill.host for each in skills_of(config)])[0],
        "tools": probes.tools(),
        "max_tokens": config.serve.smoke_tokens,
    }
    first = smoke.smoke(running.url, running.base, [new], **asked)["answers"][new]["first"]
    if (
        old not in (None, running.base)
        and smoke.apart(running.url, old, new, **asked) < smoke.LEAST
    ):
        what = f"answers as {old} does, which it is to follow"
        raise ServeError(f"adapter {new}", what, "are they the same weights? `forge prove` says")
    proof_file = Path(config.forge_home) / "serving" / "proofs" / f"{running.base}.{new}.json"
    if proof_file.is_file():
        moved = smoke.gap(json.loads(proof_file.read_text(encoding="utf-8")), first)
        if moved > smoke.MIXED:
            what = f"answers otherwise than when it was first served (by {moved:.2g} nats)"
            raise ServeError(f"adapter {new}", what, f"if that is right, delete {proof_file}")
    else:
        write_json(proof_file, first)
