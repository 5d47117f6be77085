"""What two adapters' lineages and configs say differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.adapters.tensors import read_config


class FactDifference(NamedTuple):
    """One fact in which two adapters differ; None where one does not say it."""

    key: str
    first: Any
    second: Any


def differences(first: Adapter, second: Adapter) -> list[FactDifference]:
    """Return the facts that differ: lineage key by key, then the adapters' own configs.

    Raises:
        TrainError: a config cannot be read.
    """
    pairs = [(first.lineage, second.lineage, "")]
    pairs.append((read_config(first.folder), read_config(second.folder), "config."))
    found = []
    for one, other, head in pairs:
        facts = [dict(_flat(side, head)) for side in (one, other)]
        keys = dict.fromkeys([*facts[0], *facts[1]])
        values = ((key, facts[0].get(key), facts[1].get(key)) for key in keys)
        found += [FactDifference(*each) for each in values if each[1] != each[2]]
    return found


def _flat(facts: Mapping[str, Any], head: str) -> Iterator[tuple[str, Any]]:
    """Yield every value with its dotted key; a list is one value."""
    for key, value in facts.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{head}{key}.")
        else:
            yield f"{head}{key}", value
