"""The files of a source, taken in one after the other, each line exactly once.

A file is known by the digest of what it holds, and by what the mapping takes
from its name: moved, copied or packed it adds nothing, and one that has grown goes
on where it ended.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from harness_forge.collect.ingest import consent
from harness_forge.collect.ingest.batches import BatchWriter
from harness_forge.collect.ingest.kept_out import (
    LEFT_OUT,
    demand_not_forgotten,
    forgotten_since,
    kept_out,
    lift,
)
from harness_forge.collect.ingest.known_files import (
    demand_same_mapping,
    known_file,
    mapping_digest,
)
from harness_forge.collect.ingest.naming import plain
from harness_forge.collect.ingest.request import FileReport, IngestReport
from harness_forge.collect.ingest.unmatched import unmatched
from harness_forge.collect.sources import (
    datasets,
    files,
    gemma_forge_jsonl,
    openai_traffic,
    trajectories,
)
from harness_forge.collect.sources.idle_keys import demand_no_idle_keys
from harness_forge.collect.sources.shaping import is_one_session
from harness_forge.config.graph import GraphConfig
from harness_forge.config.source import DATABASES, SourceConfig, SourceKind
from harness_forge.config.split import SplitConfig
from harness_forge.core.errors import SourceError
from harness_forge.core.garbage import seldom_collected
from harness_forge.store.forgetting.tombstones import Forgotten
from harness_forge.store.splits import recorded
from harness_forge.store.splits.one_group import one_group

READERS = {
    SourceKind.trajectories: trajectories.read,
    SourceKind.datasets: datasets.read,
    SourceKind.openai_traffic: partial(openai_traffic.read, plain=plain),
    SourceKind.gemma_forge_jsonl: gemma_forge_jsonl.read,
}
"""Kind of source to what reads one file of it."""

Progress = Callable[[str, int], None]
"""Called now and then with the file and what was found in it."""

_NO_GRAPH = GraphConfig()


def ingest(
    store,
    config: SourceConfig,
    split: SplitConfig,
    progress: Progress = lambda source, found: None,
    graph: GraphConfig = _NO_GRAPH,
) -> IngestReport:
    """Take in what `config.path` names and return what it came to.

    What is there already is not written again; what was stopped goes on. Items
    get their splits when every file was read.

    Args:
        store: the skill's part of the store.
        progress: called now and then with the file and what was found in it.
        graph: who logs in, where the source is a graph.

    Raises:
        ConfigError: a setting has no field to act on.
        SourceError: a file cannot be read, or too much of it is malformed.
            What was written by then stays, and the next call goes on.
        StoreError: the store was lost.
    """
    demand_path(config)
    demand_no_idle_keys(config)
    report = IngestReport(store.name)
    forgotten = kept_out(store, config)
    if config.kind in DATABASES:
        from harness_forge.collect.ingest import database

        report.files.append(database.ingest(store, config, graph, progress, forgotten))
    else:
        notes = store.intakes()
        found = list(files.found(Path(config.path), config.files))
        report.passed_over = files.passed_over(Path(config.path), config.files)
        if config.again or config.rewritten:
            # All of them before any is read: an item that several files hold would keep the
            # group that the others gave it.
            for path in found:
                if config.again or _is_rewritten(config, path, notes):
                    _forget(store, config, path, notes)
        with seldom_collected():
            for path in found:
                report.files.append(_file(store, config, path, notes, progress, forgotten))
        report.hint = unmatched(config, found, report)
    lift(store, forgotten, config)
    report.splits = recorded.assign_recorded(store, split)
    report.one_group = one_group(store)
    if report.added:
        store.tidy()
    return report


def demand_path(config: SourceConfig) -> None:
    """Check that the records are where `config.path` says; a database answers for itself.

    Raises:
        SourceError: no path is set, or nothing is there.
    """
    if not config.path:
        raise SourceError("source.path", "must be set", "forge ingest source=… path=…")
    if config.kind not in DATABASES:
        files.found(Path(config.path), config.files)


def _file(
    store,
    config: SourceConfig,
    path: Path,
    notes: dict[str, dict[str, Any]],
    progress: Progress,
    forgotten: Forgotten,
) -> FileReport:
    place = known_file(config, path, notes)
    demand_not_forgotten(forgotten, path, place.digest)
    with closing(store.intake(place.key)) as intake:
        # A session that has grown says other things of what it had: it is read again.
        grown = is_one_session(config) and place.digest != intake.state.get("digest")
        grown = grown and not place.copy_of
        # A mapping that fitted nothing may be mended; one that made rows made them for good.
        if grown or not intake.state.get("attempts"):
            intake.forget()
        demand_same_mapping(path, config, intake.state)
        report = FileReport.of(str(path), intake.state)
        if place.copy_of:
            report.notes["file"] = f"holds byte for byte what {place.copy_of} held"
        if place.copy_of or (
            intake.state.get("complete") and place.digest == intake.state["digest"]
        ):
            report.complete = report.known = True
        else:
            writer = BatchWriter(intake, config, path, place, report, forgotten)
            writer.take(READERS[config.kind](path, config), progress)
            notes[f"ingest/{place.key}"] = intake.state
        consent.say(intake, place.key, config)
        if lost := forgotten_since(intake, place.key, report.attempts, forgotten):
            report.notes[LEFT_OUT] = lost
    return report


def take_file(
    intake, config: SourceConfig, path: Path, report: FileReport, progress: Progress
) -> None:
    """Take in a file that no call before this one has seen.

    Args:
        intake: as the store's.
        report: filled as it goes.

    Raises:
        SourceError: as `ingest`.
    """
    writer = BatchWriter(intake, config, path, known_file(config, path, {}), report)
    writer.take(READERS[config.kind](path, config), progress)


def _is_rewritten(config: SourceConfig, path: Path, notes: dict[str, dict[str, Any]]) -> bool:
    """Return whether a file, or what says its outcomes, is other than it was taken in."""
    place = known_file(config, path, notes)
    note = notes.get(f"ingest/{place.key}")
    if note is None or place.digest != note.get("digest"):
        return True
    return note.get("mapping") != mapping_digest(config, path)


def _forget(store, config: SourceConfig, path: Path, notes: dict[str, dict[str, Any]]) -> None:
    """Forget what a file holds, and what it held before it was mended: it had another digest then.

    Args:
        notes: those of the store; the file's are removed.
    """
    own = f"ingest/{known_file(config, path, notes).key}"
    for key, note in list(notes.items()):
        source = note.get("source")
        earlier = key.startswith(f"ingest/{config.name}/") and source
        if key == own or (earlier and Path(source).resolve() == path.resolve()):
            with closing(store.intake(key.removeprefix("ingest/"))) as intake:
                intake.forget()
            del notes[key]
