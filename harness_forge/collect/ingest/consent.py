"""Writes a source's consent into its runs."""

from __future__ import annotations

from harness_forge.config.source import Consent, SourceConfig
from harness_forge.store.rows import jsonb

_SAY = """
UPDATE runs SET config = jsonb_set(config, '{source}', (config -> 'source') || %s)
WHERE config #>> '{source,key}' = %s
"""


def say(intake, key: str, config: SourceConfig) -> None:
    """Write what was said of consent into every run of a file or a database.

    Args:
        key: of the file's note.
    """
    if config.consent is Consent.unknown and not config.consent_reference:
        return
    said = {"consent": config.consent.value, "consent_reference": config.consent_reference}
    intake.query(_SAY, [jsonb(said), f"ingest/{key}"])
