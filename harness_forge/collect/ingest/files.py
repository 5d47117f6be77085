"""The files of a source, taken in one after the other, each line exactly once.

A file is known by the digest of what it holds, and by what the mapping takes
from its name: moved or packed it adds nothing, and one that has grown goes on
where it ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from harness_forge.collect.ingest.naming import plain, run_id
from harness_forge.collect.ingest.request import FileReport, Report
from harness_forge.collect.sources import (
    datasets,
    files,
    gemma_forge_jsonl,
    openai_traffic,
    trajectories,
)
from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.outcomes_file import beside
from harness_forge.collect.sources.records import Event, LeftOut, Recorded, RunFacts
from harness_forge.collect.sources.scanning import BROKEN_ARRAY
from harness_forge.collect.sources.shaping import is_one_session, is_read_by_format
from harness_forge.config.graph import GraphConfig
from harness_forge.config.source import DATABASES, SourceConfig, SourceKind
from harness_forge.config.split import SplitConfig
from harness_forge.core.errors import SourceError, StoreError
from harness_forge.core.garbage import seldom_collected
from harness_forge.core.records import Attempt
from harness_forge.store.entries import Entry
from harness_forge.store.rows import jsonb
from harness_forge.store.splits import recorded

READERS = {
    SourceKind.trajectories: trajectories.read,
    SourceKind.datasets: datasets.read,
    SourceKind.openai_traffic: partial(openai_traffic.read, plain=plain),
    SourceKind.gemma_forge_jsonl: gemma_forge_jsonl.read,
}
"""Kind of source to what reads one file of it."""

Progress = Callable[[str, int], None]
"""Called now and then with the file and what was found in it."""

_BATCH_ROWS, _BATCH_CHARACTERS = 500, 8_000_000
_NO_GRAPH = GraphConfig()
_TOO_FEW = 1000
"""Lines before which a share of malformed ones says nothing yet."""


def ingest(
    store,
    config: SourceConfig,
    split: SplitConfig,
    progress: Progress = lambda source, found: None,
    graph: GraphConfig = _NO_GRAPH,
) -> Report:
    """Take in what `config.path` names and return what it came to.

    What is there already is not written again; what was stopped goes on. Items
    get their splits when every file was read.

    Args:
        store: the skill's part of the store.
        progress: called now and then with the file and what was found in it.
        graph: who logs in, where the source is a graph.

    Raises:
        SourceError: a file cannot be read, or too much of it is malformed.
            What was written by then stays, and the next call goes on.
        StoreError: the store was lost.
    """
    if not config.path:
        raise SourceError("source.path", "must be set", "forge ingest source=… path=…")
    report = Report(store.name)
    if config.kind in DATABASES:
        from harness_forge.collect.ingest import database

        report.files.append(database.ingest(store, config, graph, progress))
    else:
        notes = store.intakes()
        found = list(files.found(Path(config.path), config.files))
        if config.again:
            # All of them before any is read: an item that several files hold would keep the
            # group that the others gave it.
            for path in found:
                _forget(store, config, path, notes)
        with seldom_collected():
            for path in found:
                report.files.append(_file(store, config, path, notes, progress))
    report.splits = recorded.assign_recorded(store, split)
    if report.added:
        store.tidy()
    return report


def _file(
    store, config: SourceConfig, path: Path, notes: dict[str, dict[str, Any]], progress
) -> FileReport:
    place = _place(config, path, notes)
    with closing(store.intake(place.key)) as intake:
        # A session that has grown says other things of what it had: it is read anew.
        grown = is_one_session(config) and place.digest != intake.state.get("digest")
        # A mapping that fitted nothing may be mended; one that made rows made them for good.
        if grown or not intake.state.get("attempts"):
            intake.forget()
        _demand_same_mapping(path, config, intake.state)
        report = FileReport.of(str(path), intake.state)
        if intake.state.get("complete") and place.digest == intake.state["digest"]:
            report.complete = True
            return report
        filing = _Filing(intake, config, path, place, report)
        filing.take(READERS[config.kind](path, config), progress)
        notes[f"ingest/{place.key}"] = intake.state
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
    filing = _Filing(intake, config, path, _place(config, path, {}), report)
    filing.take(READERS[config.kind](path, config), progress)


def _forget(store, config: SourceConfig, path: Path, notes: dict[str, dict[str, Any]]) -> None:
    """Forget what a file holds, and what it held before it was mended: it had another digest then.

    Args:
        notes: those of the store; the file's are removed.
    """
    own = f"ingest/{_place(config, path, notes).key}"
    for key, note in list(notes.items()):
        source = note.get("source")
        earlier = key.startswith(f"ingest/{config.name}/") and source
        if key == own or (earlier and Path(source).resolve() == path.resolve()):
            with closing(store.intake(key.removeprefix("ingest/"))) as intake:
                intake.forget()
            del notes[key]


@dataclass(frozen=True)
class _Place:
    """Key of a file's note: the digest it had when it was first seen."""

    key: str
    digest: str
    size: int
    named: dict[str, str]


def _place(config: SourceConfig, path: Path, notes: dict[str, dict[str, Any]]) -> _Place:
    templates = Templates(config.mapping)
    named = templates.named_fields(templates.scope_of(path))
    notes = {
        key: note
        for key, note in notes.items()
        if key.startswith(f"ingest/{config.name}/") and note.get("named") == named
    }
    seen = {
        digest: key.removeprefix("ingest/")
        for key, note in notes.items()
        for _, digest in note.get("versions", ())
    }
    known = [(size, digest) for note in notes.values() for size, digest in note.get("versions", ())]
    held = files.content(path, known, is_read_by_format(path, config))
    key = seen.get(held.digest) or seen.get(held.earlier or "")
    if key is None:
        both = json.dumps([held.digest, named], sort_keys=True)
        key = f"{config.name}/{hashlib.sha256(both.encode()).hexdigest()[:16]}"
    return _Place(key, held.digest, held.size, named)


def _demand_same_mapping(path: Path, config: SourceConfig, state: dict[str, Any]) -> None:
    if state and state["mapping"] != _mapping_digest(config, path):
        raise SourceError(
            str(path),
            "was taken in with another mapping or other outcomes, and its rows are as that said",
            "source.again=true takes those rows out and reads it anew",
        )


def _mapping_digest(config: SourceConfig, path: Path) -> str:
    """Return a digest of what makes a line of a file what it becomes.

    Defaults do not count, so a key that a newer forge knows changes nothing.
    """
    said, usual = asdict(config), asdict(SourceConfig())
    mapping = {
        key: value for key, value in said.pop("mapping").items() if value != usual["mapping"][key]
    }
    rest = {key: said[key] for key in _SHAPING if said[key] != usual[key]}
    if config.outcomes.file:
        rest["outcomes_digest"] = files.content(beside(config.outcomes.file, path)).digest
    text = json.dumps([rest, mapping], sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_SHAPING = (
    *("name", "kind", "layout", "format", "group", "explode", "records"),
    *("outcomes", "tools_file", "observed_tools"),
)
"""Settings that change what a line becomes, besides the mapping."""


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else str(value)


class _Filing:
    """One file on its way into the store, batch by batch."""

    def __init__(
        self, intake, config: SourceConfig, path: Path, place: _Place, report: FileReport
    ) -> None:
        self.intake, self.config, self.path = intake, config, path
        self.place, self.report = place, report
        self.runs: dict[tuple[str, str], str] = {}
        self.batch: list[Entry] = []
        self.events: list[dict[str, Any]] = []
        self.weight = 0
        self.cut_at: int | None = None
        versions = [tuple(version) for version in intake.state.get("versions", ())]
        self.versions = list(dict.fromkeys([*versions, (place.size, place.digest)]))

    def take(self, found: Iterator, progress) -> None:
        """Write what the reader gives out, from where an earlier call stopped."""
        try:
            self._demand_sound(end=False)
            for one in islice(found, self.report.found, None):
                self._demand_readable(one)
                self._deal(one)
                self._count(one)
                self.report.place = max(self.report.place, one.place)
                self._demand_sound(end=False)
                if len(self.batch) >= _BATCH_ROWS or self.weight >= _BATCH_CHARACTERS:
                    self._flush()
                    progress(self.path.name, self.report.found)
            self._demand_sound(end=True)
            self._demand_a_whole_one()
            self.report.complete = True
            if not self.report.read:
                self.report.notes["file"] = "holds no record"
            self._flush()
        except BaseException:
            # The store may be what failed, and its own fault must not hide this one.
            with contextlib.suppress(StoreError):
                self.intake.finish(self.intake.state, "interrupted")
            raise
        self.intake.finish(self._state(), "complete")

    def _count(self, one) -> None:
        """Count what was dealt with; what is pending is dealt with when the file has grown."""
        if getattr(one, "pending", False):
            return
        self.report.found += 1
        # A line may have several values, and a record several choices or events.
        alone = self.config.kind is SourceKind.trajectories
        self.report.read += alone or one.place > self.report.place

    def _demand_readable(self, one) -> None:
        if isinstance(one, LeftOut) and one.reason == BROKEN_ARRAY:
            self._flush()
            raise SourceError(
                f"{self.path}: element {one.place}",
                f"is no JSON: {one.detail}",
                f"the {self.report.attempts} attempts before it are in the store; mend the file"
                " and take it in with source.again=true, or split it there",
            )

    def _demand_a_whole_one(self) -> None:
        """Refuse a file that holds the beginning of one record and nothing else."""
        if not self.report.read and self.cut_at:
            raise SourceError(
                f"{self.path}: line {self.cut_at}",
                "the file ends within its only record",
                "is it whole? one that is still being written can be taken in later",
            )

    def _deal(self, one) -> None:
        if isinstance(one, LeftOut):
            if one.malformed and not one.pending:
                self.report.spoil(one.place, one.reason, one.detail)
            elif not one.pending:
                self.report.leave_out(one.reason, one.place)
            else:
                self.cut_at = one.place if one.malformed else self.cut_at
                self.report.notes[f"line {one.place}"] = f"{one.reason}: the file ends here"
        elif isinstance(one, RunFacts):
            self.intake.add_facts(self._run(one.run, one.policy), one.facts, one.summary)
        elif isinstance(one, Event):
            self.events.append(self._event_row(one))
            self.weight += 1000
        else:
            self._enter(one)

    def _enter(self, one: Recorded) -> None:
        try:
            texts = self.intake.check(one.attempt)
        except RecursionError:
            self.report.spoil(one.place, "misfit", "is nested too deeply")
            return
        run_id = self._run(one.run, one.policy)
        self.batch.append(Entry(run_id, one.item, one.attempt, one.outcome, texts))
        self.weight += _weight(one.attempt)
        self.report.attempts += 1
        self.report.added += 1
        self.report.turns += len(one.attempt.turns)
        self.report.tips += len(one.attempt.tips)
        self.report.passed += one.attempt.outcome.passed
        self.report.without_verdict += one.attempt.outcome.infrastructure

    def _event_row(self, one: Event) -> dict[str, Any]:
        return {
            "run_id": self._run(one.run, one.policy),
            "ts": one.at or datetime.now(UTC),
            "elapsed_s": one.elapsed_s,
            "event_type": one.event_type,
            "agent": one.agent,
            "rule_id": one.item_id,
            "data": jsonb(one.data),
        }

    def _run(self, name: str, policy: str) -> str:
        if (name, policy) not in self.runs:
            row = {
                "skill": self.config.name,
                "policy": policy,
                "evaluator": self.config.name,
                "evaluator_version": "recorded",
                "content_digest": self.place.key.rpartition("/")[2],
                "config": {
                    "source": {"name": self.config.name, "file": self.path.name, "run": name}
                },
            }
            self.runs[name, policy] = self.intake.open_run(self._run_id(name, policy), row)
        return self.runs[name, policy]

    def _run_id(self, name: str, policy: str) -> str:
        """Return an id that says where a run comes from; gemma-forge's own ids stay as they are."""
        if self.config.kind is SourceKind.gemma_forge_jsonl:
            return name
        return run_id(self.config.name, self.place.key, name, policy)

    def _flush(self) -> None:
        self.intake.write(self.batch, self._state(), self.events)
        self.batch, self.events, self.weight = [], [], 0

    def _state(self) -> dict[str, Any]:
        return {
            **self.report.noted(),
            "digest": self.place.digest,
            "versions": self.versions,
            "named": self.place.named,
            "mapping": _mapping_digest(self.config, self.path),
        }

    def _demand_sound(self, end: bool) -> None:
        bad, seen = self.report.malformed, max(self.report.read, 1)
        many = bad > self.config.max_bad_lines
        thick = (end or seen >= _TOO_FEW) and bad > self.config.max_bad_share * seen
        if not bad or not (many or thick):
            return
        self._flush()
        shown = "\n".join(f"  {line}" for line in self.report.first_malformed)
        raise SourceError(
            str(self.path),
            f"{bad} of {seen} lines are malformed; the first:\n{shown}",
            self._remedy(),
        )

    def _remedy(self) -> str:
        first = self.report.first_malformed
        nothing_fits = not self.report.attempts and all(": misfit: " in line for line in first)
        if nothing_fits and self.config.kind is SourceKind.trajectories:
            return (
                f"`forge source new {self.path}` guesses a mapping, or say it:"
                " source.mapping.item='{KEY}'"
            )
        return (
            "mend the file or the mapping; source.max_bad_lines and source.max_bad_share let more"
            " pass, and what was written so far is not written again"
        )


def _weight(attempt: Attempt) -> int:
    """Return about how many characters an attempt is in the store: each turn has its prompt."""
    answers = sum(len(str(turn.response.get("content"))) for turn in attempt.turns)
    return len(attempt.prompt) * (1 + len(attempt.turns) // 2) + answers
