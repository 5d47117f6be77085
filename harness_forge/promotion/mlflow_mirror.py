"""Copies the champions to MLflow's model registry.

The ledger is the source. Each copy is complete, so one decision repairs what a fault
left out of the copy before. The copy decides nothing; its faults are reported and ignored.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness_forge.config.schema import ForgeConfig
from harness_forge.promotion.history import SlotHistory, slot_histories
from harness_forge.registry.adapters import registry
from harness_forge.registry.champion import ChampionTerm
from harness_forge.registry.mlflow_client import client_of

ALIAS = "champion"
"""Of the current champion; `models:/<slot>@champion` is its address in MLflow."""

LINE = "forge.ledger_line"
"""Tag of a version: hash of the ledger line that promoted it."""

_HERE = ("", "localhost", "127.0.0.1", "::1")

Say = Callable[[str], None]


def mirror(config: ForgeConfig, say: Say = lambda text: None) -> bool:
    """Write every slot of the ledger to MLflow; True if it was configured and succeeded.

    A slot is a registered model. Each past champion is a version, with its digest and
    ledger line as tags; the current one has the alias.

    Args:
        say: called with the reason of a failure; nothing is raised.
    """
    if not (uri := config.promote.mlflow):
        return False
    try:
        if (where := urlsplit(uri).hostname or "") not in _HERE:
            raise ValueError(f"{where} is another machine, and nothing leaves this one")
        client = client_of(uri)
        for one in slot_histories(config):
            _mirror_slot(client, one, Path(config.forge_home))
    # Whatever MLflow raises, the decision is made and recorded.
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        hint = ": pip install 'harness-forge[mlflow]'" if isinstance(error, ImportError) else ""
        say(f"MLflow was not updated ({first or type(error).__name__}{hint}); the ledger holds it")
        return False
    return True


def _mirror_slot(client: Any, one: SlotHistory, home: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not client.search_registered_models(f"name='{one.slot}'"):
            client.create_registered_model(one.slot, description="Champions, by harness-forge.")
        known = client.search_model_versions(f"name='{one.slot}'")
        numbers = {version.tags.get(LINE): version.version for version in known}
        for term in one.past_champions:
            if term.line not in numbers:
                numbers[term.line] = _version(client, one.slot, term, home)
        _alias(client, one, numbers)


def _version(client: Any, slot: str, term: ChampionTerm, home: Path) -> str:
    adapter = term.candidate
    tags = {
        LINE: term.line,
        "forge.adapter": adapter.label,
        "forge.digest": adapter.digest,
        "forge.version": term.version,
        "forge.promoted": term.since,
        "forge.rule": str(term.facts.get("rule", "")),
    }
    folder = (registry.folder(home) / adapter.label).absolute()
    why = str(term.facts.get("why", ""))
    return client.create_model_version(
        slot, source=folder.as_uri(), tags=tags, description=why
    ).version


def _alias(client: Any, one: SlotHistory, numbers: dict[str, str]) -> None:
    held = client.get_registered_model(one.slot).aliases.get(ALIAS)
    if not one.stack:
        if held:
            client.delete_registered_model_alias(one.slot, ALIAS)
        return
    wanted = numbers[_first(one.past_champions, one.stack[-1])]
    if str(held) != str(wanted):
        client.set_registered_model_alias(one.slot, ALIAS, wanted)


def _first(past_champions: Sequence[ChampionTerm], term: ChampionTerm) -> str:
    """Return the ledger line of an adapter's first promotion: it names the version."""
    return next(one.line for one in past_champions if one.candidate == term.candidate)
