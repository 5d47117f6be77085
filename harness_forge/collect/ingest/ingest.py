"""Bring foreign records into the store, as a config says."""

from __future__ import annotations

from harness_forge.config.schema import ForgeConfig
from harness_forge.store.opening import opened_skill


def ingest(config: ForgeConfig, progress=lambda source, found: None):
    """Take foreign records into the skill's store and return what it came to.

    Raises:
        SourceError: they cannot be read, or too much of them is malformed.
    """
    from harness_forge.collect.ingest.files import ingest as take

    with opened_skill(config) as store:
        return take(store, config.source, config.split, progress, config.graph)
