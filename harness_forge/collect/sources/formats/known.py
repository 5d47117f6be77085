"""Which formats there are, and which one a record is of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from harness_forge.collect.sources.formats.reading import Format
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean_any

NAMES = (
    "atif",
    "claude_code",
    "codex",
    "inspect",
    "swe_agent",
    "openhands",
    "harbor",
    "pi",
    "codewhale",
    "tau2",
    "verifiers",
    "nebius",
    "beads",
    "gold",
    "mlflow",
    "openinference",
    "langfuse",
    "litellm",
    "tensorzero",
    "otel",
    "eight_session",
    "eight_scores",
)
"""A module of this folder each, with its FORMAT. Of two that a record may be of, the first."""


@cache
def named(name: str) -> Format:
    """Return a format by its name.

    Raises:
        ConfigError: there is none of this name.
    """
    if name not in NAMES:
        raise ConfigError(
            "source.format",
            f"is no format: {name}",
            did_you_mean_any(name, NAMES, f"one of {', '.join(NAMES)}"),
        )
    return import_module(f"{__package__}.{name}").FORMAT


def recognised(record: Any) -> Format | None:
    """Return the format that a JSON value looks like."""
    if not isinstance(record, Mapping):
        return None
    return next((one for one in map(named, NAMES) if one.fits(record)), None)


def hint(record: Any, name: str) -> str:
    """Return which `source=` reads a record that does not fit; '' where none is known.

    Args:
        name: of the source that it does not fit.
    """
    found = recognised(record)
    if found is None or found.name == name:
        return ""
    return f"; it looks like {found.title}: source={found.name}"
