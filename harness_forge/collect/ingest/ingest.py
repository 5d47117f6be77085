"""Bring foreign records into the store, as a config says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness_forge.config.schema import ForgeConfig
from harness_forge.store.opening import opened_skill

if TYPE_CHECKING:
    from harness_forge.collect.ingest.request import FileReport, IngestReport


def ingest(
    config: ForgeConfig,
    progress: Callable[[str, FileReport], None] = lambda source, found: None,
) -> IngestReport:
    """Take foreign records into the skill's store and return what it came to.

    Raises:
        SourceError: they cannot be read, or too much of them is malformed.
    """
    from harness_forge.collect.ingest.files import demand_path
    from harness_forge.collect.ingest.files import ingest as take

    # A slip in the path must not make a store.
    demand_path(config.source)
    with opened_skill(config) as store:
        return take(store, config.source, config.split, progress, config.graph)
