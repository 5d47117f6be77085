"""Repeats who is champion in MLflow's model registry, for people who look there.

The ledger is the truth and this a copy: it is made from the ledger, whole each
time, so that what a fault left out is there after the next decision. It decides
nothing, and whatever goes wrong with it is told and passed over.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness_forge.config.schema import ForgeConfig
from harness_forge.promotion.history import Standing, standing
from harness_forge.registry.adapters import registry
from harness_forge.registry.champion import Reign

ALIAS = "champion"
"""Of the version that stands; `models:/<seat>@champion` is its address in MLflow."""

LINE = "forge.ledger_line"
"""Tag of a version: hash of the ledger line that promoted it."""

_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # A server that is down must not hold up a decision for minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
_HERE = ("", "localhost", "127.0.0.1", "::1")

Say = Callable[[str], None]


def mirror(config: ForgeConfig, say: Say = lambda text: None) -> bool:
    """Write every seat of the ledger to MLflow; True if it was asked for and done.

    A seat is a registered model, each adapter that ever stood a version with
    its digest and ledger line as tags, and the one that stands has the alias.

    Args:
        say: told why it could not be done; nothing is raised.
    """
    if not (uri := config.promote.mlflow):
        return False
    try:
        if (where := urlsplit(uri).hostname or "") not in _HERE:
            raise ValueError(f"{where} is another machine, and nothing leaves this one")
        client = _client(uri)
        for one in standing(config):
            _seat(client, one, Path(config.forge_home))
    # Whatever MLflow raises, the decision is made and stands.
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        hint = ": pip install 'harness-forge[mlflow]'" if isinstance(error, ImportError) else ""
        say(f"MLflow was not told ({first or type(error).__name__}{hint}); the ledger holds it")
        return False
    return True


def _client(uri: str) -> Any:
    os.environ.update(_SETTINGS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _seat(client: Any, one: Standing, home: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not client.search_registered_models(f"name='{one.seat}'"):
            client.create_registered_model(one.seat, description="Champions, by harness-forge.")
        known = client.search_model_versions(f"name='{one.seat}'")
        numbers = {version.tags.get(LINE): version.version for version in known}
        for reign in one.stood:
            if reign.line not in numbers:
                numbers[reign.line] = _version(client, one.seat, reign, home)
        _alias(client, one, numbers)


def _version(client: Any, seat: str, reign: Reign, home: Path) -> str:
    adapter = reign.candidate
    tags = {
        LINE: reign.line,
        "forge.adapter": adapter.label,
        "forge.digest": adapter.digest,
        "forge.version": reign.version,
        "forge.promoted": reign.since,
        "forge.rule": str(reign.facts.get("rule", "")),
    }
    place = (registry.folder(home) / adapter.label).absolute()
    why = str(reign.facts.get("why", ""))
    return client.create_model_version(
        seat, source=place.as_uri(), tags=tags, description=why
    ).version


def _alias(client: Any, one: Standing, numbers: dict[str, str]) -> None:
    held = client.get_registered_model(one.seat).aliases.get(ALIAS)
    if not one.stack:
        if held:
            client.delete_registered_model_alias(one.seat, ALIAS)
        return
    wanted = numbers[_first(one.stood, one.stack[-1])]
    if str(held) != str(wanted):
        client.set_registered_model_alias(one.seat, ALIAS, wanted)


def _first(stood: Sequence[Reign], reign: Reign) -> str:
    """Return the line by which an adapter stood for the first time: it is one version."""
    return next(one.line for one in stood if one.candidate == reign.candidate)
