"""`forge publish`: copy a dataset out, if its review is valid."""

from __future__ import annotations

from pathlib import Path

from harness_forge.errors import ConfigError

SUMMARY = "copy a dataset out; refused without a signed review of these very bytes"
USAGE = "[DATASET] PATH [key=value …]"
EXAMPLES = (
    "forge publish /srv/out/stig_worker_sft",
    "forge publish data/stig_worker_sft /srv/out/stig_worker_sft",
)
KEYS = ("export", "forge_home", "data_dir")


def main(argv: list[str]) -> int:
    """Check the review, copy, and say with whose review it left."""
    from harness_forge.cli import composed
    from harness_forge.cli.redact import dataset_of
    from harness_forge.cli.words import sort
    from harness_forge.reviewing import publish

    words, _, overrides = sort(argv)
    if not 1 <= len(words) <= 2:
        raise ConfigError("command line", "say where to", f"forge publish {USAGE}")
    config = composed(overrides)
    folder = dataset_of(config, words[:-1])
    review = publish(folder, Path(words[-1]), Path(config.forge_home))
    print(f"{words[-1]}: {len(review.files)} files, reviewed by {review.who} at {review.when}")
    return 0
