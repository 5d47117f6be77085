"""Forgets a run, a source or an item, and marks the datasets and adapters made of it.

Marks are written before the rows are deleted: a call that is killed in between leaves marks and
rows, and the same call again finds both. The other way round nobody could tell any more which
datasets hold the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.dataset_files import datasets_in, manifest_digest
from harness_forge.datasets import stale
from harness_forge.datasets.stale import Holder
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import taint
from harness_forge.registry.adapters.taint import AdapterSources
from harness_forge.store.forgetting import forget as rows
from harness_forge.store.forgetting.forget import ForgetTarget, RemovedRows
from harness_forge.store.forgetting.tombstones import Tombstone, hashed
from harness_forge.store.opening import existing_store


@dataclass
class ForgetReport:
    """What was forgotten, or would be.

    Args:
        target: what was asked for.
        gone: a part for each skill.
        datasets: those with lines of its rows.
        adapters: those trained on such a dataset, or started from such an adapter.
        unknown: adapters whose dataset is no longer on disk, so nobody can tell.
        champions: slots whose champion is one of `adapters`.
        earlier: when it was forgotten before, where nothing of it is left.
    """

    target: ForgetTarget
    gone: list[RemovedRows] = field(default_factory=list)
    datasets: list[Holder] = field(default_factory=list)
    adapters: list[AdapterSources] = field(default_factory=list)
    unknown: list[AdapterSources] = field(default_factory=list)
    champions: list[str] = field(default_factory=list)
    earlier: Tombstone | None = None


def forget(
    config: ForgeConfig, target: ForgetTarget, why: str, *, dry_run: bool = False
) -> ForgetReport:
    """Take the rows of a target out of the store, and mark what was made of them.

    Args:
        why: is kept, in the tombstone and in each mark.
        dry_run: delete and mark nothing.

    Raises:
        StoreError: the store is down, or the rows are being written.
        ExportError: a ledger under data/ cannot be read, or a mark cannot be written.
        TrainError: an adapter's mark cannot be written.
    """
    report = ForgetReport(target)
    home = Path(config.forge_home)

    def look(gone: list[RemovedRows]) -> None:
        report.gone = gone
        _made_of(report, Path(config.data_dir), home)
        if not dry_run:
            _mark(report, home, why)

    with existing_store(config) as store:
        rows.forget(store.url, store.skills(), target, why, look, dry_run=dry_run)
        if not report.gone:
            report.earlier = _earlier(rows.known(store.url), target)
    return report


def _made_of(report: ForgetReport, data: Path, home: Path) -> None:
    ids = {
        (gone.skill, table): found
        for gone in report.gone
        for table, found in gone.ids.items()
        if found
    }
    folders = datasets_in(data)
    runs = {gone.skill: gone.runs for gone in report.gone}
    report.datasets = list(stale.holders(folders, ids, runs)) if report.gone else []
    every = taint.trained(home)
    report.adapters = taint.tainted_by(every, {one.manifest for one in report.datasets})
    here = {manifest_digest(folder) for folder in folders}
    report.unknown = [
        one
        for one in every
        if not (one.datasets and here.issuperset(one.datasets)) and one not in report.adapters
    ]
    report.champions = list(_champions(home, {one.digest for one in report.adapters}))


def _champions(home: Path, digests: set[str]) -> list[str]:
    lines = decisions.read(home)
    found = []
    for slot in dict.fromkeys(champion.slots_of(lines)):
        stack = champion.champion_stack(lines, slot)
        if stack and stack[-1].candidate.digest in digests:
            found.append(slot)
    return found


def _mark(report: ForgetReport, home: Path, why: str) -> None:
    when = datetime.now(UTC).isoformat(timespec="seconds")
    for dataset in report.datasets:
        stale.mark(dataset, why, when)
    for adapter in report.adapters:
        taint.mark(home, adapter, why, when)


def _earlier(known: Sequence[Tombstone], target: ForgetTarget) -> Tombstone | None:
    mine = target.kind.value, hashed(target.name)
    return next((one for one in reversed(known) if (one.kind, one.sha256) == mine), None)
