"""`forge publish`: copy a dataset out, if its review is valid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.core.errors import ConfigError

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig

SUMMARY = "copy a dataset out; refused without a signed review of these very bytes"
USAGE = "[DATASET] PATH [key=value …]"
EXAMPLES = (
    "forge publish /srv/out/stig_worker_sft",
    "forge publish data/stig_worker_sft /srv/out/stig_worker_sft",
)
KEYS = ("export", "forge_home", "data_dir")


def main(argv: list[str]) -> int:
    """Check the review, copy, and print who reviewed it."""
    from harness_forge.cli import composed
    from harness_forge.cli.redact import dataset_of
    from harness_forge.cli.words import sort

    words, _, overrides = sort(argv)
    if not 1 <= len(words) <= 2:
        raise ConfigError("command line", "say where to", f"forge publish {USAGE}")
    config = composed(overrides)
    leave(dataset_of(config, words[:-1]), Path(words[-1]), config)
    return 0


def leave(folder: Path, destination: Path, config: ForgeConfig) -> None:
    """Copy a dataset out and print who reviewed it.

    Raises:
        ExportError: it was not reviewed, or cannot be copied.
    """
    from harness_forge.datasets.review.publishing import publish

    review = publish(folder, destination, Path(config.forge_home))
    print(f"{destination}: {len(review.files)} files, reviewed by {review.who} at {review.when}")
