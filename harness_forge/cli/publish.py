"""`forge publish`: let a dataset, or what was trained on it, leave, if its review is valid."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError, ExportError

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig

SUMMARY = "copy a dataset out; refused without a signed review of these very bytes"
USAGE = "[DATASET|ADAPTER] PATH|hf://OWNER/NAME [--yes] [key=value …]"
EXAMPLES = (
    "forge publish /srv/out/stig_worker_sft",
    "forge publish data/stig_worker_sft /srv/out/stig_worker_sft",
    "forge publish stig_worker_sft hf://OWNER/NAME",
    "forge publish stig-worker hf://OWNER/NAME --yes",
)
KEYS = ("export", "forge_home", "data_dir")
JSON = (
    "an object: destination, files, reviewed_by, reviewed_at, digest, statement (a file);"
    " to the Hub also url and commit, or declined"
)
YES = "--yes"
"""Flag: agree to what is sent to the Hub without being asked."""


def main(argv: list[str]) -> int:
    """Check the review, copy, and print who reviewed it."""
    from harness_forge.cli import composed
    from harness_forge.cli.redact import dataset_of
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.datasets.review.hub import HUB

    words, flags, overrides = sort(argv, (YES,))
    if not 1 <= len(words) <= 2:
        raise ConfigError("command line", "say where to", f"forge publish {USAGE}")
    config = composed(overrides)
    if words[-1].startswith(HUB):
        return _to_hub(words[:-1], words[-1], config, YES in flags)
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


def _to_hub(words: list[str], destination: str, config: ForgeConfig, agreed: bool) -> int:
    """Send a reviewed dataset, or an adapter of one, to the Hub; exits 1 if it was declined."""
    from harness_forge.cli.adapter_names import folder_of
    from harness_forge.cli.redact import dataset_of
    from harness_forge.cli.results import report
    from harness_forge.cli.workset import asked
    from harness_forge.core.dataset_files import MANIFEST
    from harness_forge.core.numbers import size
    from harness_forge.datasets.review import hub
    from harness_forge.datasets.review.publishing import publish
    from harness_forge.registry.adapters.package import load

    home, repository = Path(config.forge_home), hub.repository_of(destination)
    (dataset, *others), adapter = [dataset_of(config, words)], None
    if words and not (dataset / MANIFEST).is_file():
        adapter = load(folder_of(config, words[0]))
        dataset, *others = _trained_on(adapter.lineage, config)
    with tempfile.TemporaryDirectory(prefix="forge-publish-") as scratch:
        # What is sent is a copy that was compared with what was reviewed.
        copy = Path(scratch) / dataset.resolve().name
        review = publish(dataset, copy, home)
        hub.demand_consent(copy)
        for number, other in enumerate(others):
            # Its rows are in the weights too: they have to be reviewed, and are not sent.
            publish(other, beside := Path(scratch) / f"{number}", home)
            hub.demand_consent(beside)
        token = hub.demand_ready(home)
        folder, kind = (adapter.folder, "model") if adapter else (copy, "dataset")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        total = size(sum(path.stat().st_size for path in files))
        reviewed = f"reviewed by {review.who} at {review.when}"
        print(
            f"{folder.name}: {len(files)} files, {total}, {reviewed}, would be sent\n"
            f"  to {destination}, a private {kind} repository, with the token in {token}",
            file=sys.stderr,
        )
        facts = {"destination": destination, "files": len(files), "digest": review.digest}
        facts |= {"reviewed_by": review.who, "reviewed_at": review.when}
        if not agreed and not asked(f"send it to {destination}?"):
            report({**facts, "declined": True}, "nothing was sent")
            return 1
        done = hub.push(folder, repository, kind, home)
    report({**facts, **done}, f"{destination}: {len(files)} files sent, commit {done['commit']}")
    return 0


def _trained_on(lineage: dict[str, Any], config: ForgeConfig) -> list[Path]:
    """Return the datasets that an adapter learned from, which a reviewer has to have seen."""
    from harness_forge.datasets.row_difference import dataset_with
    from harness_forge.registry.adapters.parents import manifests_of

    data = Path(config.data_dir)
    found = [dataset_with(manifest, data) for manifest in manifests_of(lineage) or [""]]
    if None in found:
        what = f"its dataset is not under {data}, so nobody can tell whether it was reviewed"
        raise ExportError(f"adapter {lineage.get('name')}", what, "data_dir=DIR that has it")
    return [one for one in found if one is not None]
