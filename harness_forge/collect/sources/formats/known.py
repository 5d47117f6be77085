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
    title, source = (found.title, found.name) if found else _other(record)
    if not source or source == name or name in _ALSO.get(source, ()):
        return ""
    return f"; it looks like {title}: source={source}"


def is_traffic(record: Mapping[str, Any]) -> bool:
    """Return whether a record is a request to a model with its response."""
    asked = next((record[key] for key in ("request", "body") if key in record), None)
    bodies = {"messages", "input", "body"}
    whole = isinstance(asked, str) or (isinstance(asked, Mapping) and bodies & asked.keys())
    return bool(whole) and record.get("response") is not None


def _other(record: Any) -> tuple[str, str]:
    """Return what a record is that has no format, and the source that reads it."""
    if not isinstance(record, Mapping):
        return "", ""
    if is_traffic(record):
        return "a request with its response", "openai_traffic"
    if isinstance(record.get("conversations"), list):
        return "a conversation in ShareGPT's form", "sharegpt"
    if any(keys <= record.keys() for keys in _LINES):
        return "a line of a training set", "dataset"
    if {"event_type", "timestamp", "data"} <= record.keys():
        return "an event of gemma-forge's run log", "gemma_forge_jsonl"
    return "", ""


_LINES = ({"chosen", "rejected"}, {"prompt", "completion"}, {"instruction", "output"})
"""Keys of lines of training sets."""
_ALSO = {
    "openai_traffic": ("anthropic_traffic", "responses_traffic"),
    "sharegpt": ("dataset",),
    "dataset": ("sharegpt",),
}
"""Other names of sources that read the same."""
