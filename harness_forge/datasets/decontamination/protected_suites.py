"""Finds the suites that no dataset may contain: the recipe's, and those shipped with forge.

An adapter may be judged by a suite that the recipe of its data did not name;
what comes with forge is therefore protected from every dataset.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import suites_of
from harness_forge.config.suite import OF_A_SPLIT, SuiteConfig, SuiteKind

_ITEMS = "items.jsonl"


def contamination(config: ForgeConfig) -> ContaminationConfig:
    """Return the contamination settings with the files of every known suite.

    Items of a split are protected by the split; a suite without a local copy
    cannot be asked either.

    Raises:
        ConfigError: a key of a suite was set that nothing reads.
    """
    asked = config.contamination
    if not (asked.enabled and asked.known_suites):
        return asked
    named = {
        suite.name: str(_items(Path(suite.path)))
        for suite in suites_of(config).values()
        if suite.kind not in OF_A_SPLIT and suite.path and not _comes_with_forge(suite)
    }
    return replace(asked, suites=_bundles() | named | asked.suites)


def _bundles() -> dict[str, str]:
    from harness_forge.config.suite import OURS

    return {file.parent.name: str(file) for file in sorted(OURS.glob(f"*/{_ITEMS}"))}


def _comes_with_forge(suite: SuiteConfig) -> bool:
    return suite.kind is SuiteKind.bundle and suite.path in _bundles()


def _items(place: Path) -> Path:
    """Return the items file of a bundle; any other path unchanged."""
    return place / _ITEMS if (place / _ITEMS).is_file() else place
