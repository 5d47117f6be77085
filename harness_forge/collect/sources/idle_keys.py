"""Settings of a source that act on another one: without it they would do nothing, silently."""

from __future__ import annotations

from harness_forge.config.source import DATABASES, MappingConfig, SourceConfig
from harness_forge.core.errors import ConfigError

_OF_MESSAGES = ("message_keys", "roles")
_OF_OUTCOMES = ("outcomes", "reward_min", "reward_max", "passes_from", "lower_is_better")
_USUAL = MappingConfig()


def demand_no_idle_keys(config: SourceConfig) -> None:
    """Refuse settings that have no field to act on.

    Raises:
        ConfigError: with the first of them, and the key that it waits for.
    """
    if config.kind in DATABASES:
        return
    mapping, beside = config.mapping, config.outcomes
    said = {key for key, value in vars(mapping).items() if value != getattr(_USUAL, key)}
    if (beside.outcome or beside.item) and not beside.file:
        key = "outcome" if beside.outcome else "item"
        raise _idle(f"outcomes.{key}", "outcomes.file", "source.outcomes.file=FILE")
    for keys, needed, place in (
        (_OF_MESSAGES, mapping.messages, "messages"),
        (_OF_OUTCOMES, mapping.outcome or beside.file, "outcome"),
        (("answer",), mapping.prompt or mapping.messages, "prompt"),
    ):
        idle = next((key for key in keys if key in said), None)
        if idle and not needed:
            hint = f"say where it is: source.mapping.{place}='{{FIELD}}'"
            if place == "outcome":
                hint += ", or in a second file: source.outcomes.file=FILE"
            raise _idle(f"mapping.{idle}", f"mapping.{place}", hint)


def _idle(key: str, needed: str, hint: str) -> ConfigError:
    return ConfigError(f"source.{key}", f"does nothing: source.{needed} names no field", hint)
