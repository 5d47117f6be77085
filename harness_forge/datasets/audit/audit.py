"""Runs every check on a dataset's files, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness_forge.core import stale_mark
from harness_forge.datasets.audit.dataset import Dataset
from harness_forge.datasets.audit.files import examples_match, hashes_match, pairs_add_up
from harness_forge.datasets.audit.ledger import WrittenLedger
from harness_forge.datasets.audit.lines import Lines

_SHOWN = 3
"""Faults shown per check; the rest are counted."""


class AuditFinding(NamedTuple):
    """The result of one check.

    Args:
        name: of what must hold.
        holds: whether it does.
        detail: what was looked at; or the first faults and how many more.
    """

    name: str
    holds: bool
    detail: str


def audit(path: Path, canaries: Sequence[str] = ()) -> list[AuditFinding]:
    """Return the result of every check, in a fixed order.

    Args:
        path: the dataset's folder.
        canaries: words that must not be in any of its files.

    Raises:
        ExportError: it is no dataset.
    """
    return audit_with_items(path, canaries)[0]


def audit_with_items(
    path: Path, canaries: Sequence[str] = ()
) -> tuple[list[AuditFinding], set[str]]:
    """Return the findings, and the items of training that ask what validation asks, or nearly."""
    dataset = Dataset.of(path)
    ledger = WrittenLedger(dataset)
    findings = [
        _finding("hashes", *hashes_match(dataset)),
        _finding("counts", *examples_match(dataset)),
        _finding("ledger", *ledger.result()),
    ]
    if told := stale_mark.says(path):
        findings.append(_finding("current", "", [f"stale: {told}"]))
    lines = Lines(dataset, ledger, canaries)
    lines.read()
    if dataset.manifest.get("format") == "dpo":
        findings.append(_finding("pairs", *pairs_add_up(dataset, lines.unique_lines)))
    findings += [_finding(*result) for result in lines.results()]
    return findings, lines.asking_the_same


def _finding(name: str, looked_at: str, faults: Sequence[str]) -> AuditFinding:
    if not faults:
        return AuditFinding(name, True, looked_at)
    more = f"; {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return AuditFinding(name, False, "; ".join(faults[:_SHOWN]) + more)
