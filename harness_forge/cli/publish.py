"""`forge publish`: copy a dataset out, if its review is valid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
JSON = "an object: destination, files, reviewed_by, reviewed_at, digest, statement (a file)"


def main(argv: list[str]) -> int:
    """Check the review, copy, and print who reviewed it."""
    from harness_forge.cli import composed
    from harness_forge.cli.redact import dataset_of
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort

    words, _, overrides = sort(argv)
    if not 1 <= len(words) <= 2:
        raise ConfigError("command line", "say where to", f"forge publish {USAGE}")
    config = composed(overrides)
    done = leave(dataset_of(config, words[:-1]), Path(words[-1]), config)
    report(done, left(done))
    return 0


def left(done: dict[str, Any]) -> str:
    """Return what `leave` did in a line."""
    text = "{destination}: {files} files, reviewed by {reviewed_by} at {reviewed_at}".format(**done)
    if done["statement"]:
        return f"{text}\n  a recipient checks that with your public key and {done['statement']}"
    return f"{text}\n  only here can that be checked: signing.key=FILE of the reviewer changes that"


def leave(folder: Path, destination: Path, config: ForgeConfig) -> dict[str, Any]:
    """Copy a dataset out and return where to and who reviewed it.

    Raises:
        ExportError: it was not reviewed, or cannot be copied.
    """
    from harness_forge.datasets.review.publishing import publish
    from harness_forge.datasets.review.statement import beside

    review = publish(folder, destination, Path(config.forge_home))
    return {
        "destination": str(destination),
        "files": len(review.files),
        "reviewed_by": review.who,
        "reviewed_at": review.when,
        "digest": review.digest,
        "statement": str(text) if (text := beside(destination)[0]).exists() else None,
    }
