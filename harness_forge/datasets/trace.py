"""Traces a line of a dataset to its rows, through the ledger and the store.

The ledger names the row; the store still holds it, with the run, the attempt
and the turns around it, the tips that were shown and what the label audit
said. Without the store, it still shows what the ledger knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.core import jsontext
from harness_forge.core.dataset_files import LEDGER, MANIFEST
from harness_forge.core.errors import ExportError
from harness_forge.datasets.formats.endings import read_lines
from harness_forge.datasets.stale import dataset_named
from harness_forge.store.opening import has_store, opened_store

if TYPE_CHECKING:
    import psycopg

_PLACE = re.compile(r"(?:(train|validation)(?:\.[a-z.]+)?:)?(\d+)")
SOURCE = re.compile(r"([a-z_][a-z0-9_]*)\.(turns|attempts|tip_retrievals|tips):(\d+)")

_ATTEMPT_COLUMN = {
    "turns": "attempt_id",
    "attempts": "id",
    "tip_retrievals": "attempt_id",
    "tips": "source_attempt_id",
}
_RUN = """
SELECT r.id, r.policy, r.purpose, r.status, r.started_at, r.evaluator, r.evaluator_version
FROM runs r JOIN attempts a ON a.run_id = r.id WHERE a.id = %s
"""
_ATTEMPT = """
SELECT a.id, a.item_id, a.attempt_num, a.origin, a.variant, a.model, a.adapter, a.eval_passed,
       a.outcome_value, a.outcome_confidence, a.failure_mode, a.infrastructure,
       w.family, w.group_key, s.split, a.outcome ->> 'summary' AS summary
FROM attempts a JOIN work_items w USING (run_id, item_id)
LEFT JOIN splits s USING (group_key) WHERE a.id = %s
"""
_TURNS = """
SELECT id, agent, decisive, model, finish_reason, prompt_tokens, completion_tokens
FROM turns WHERE attempt_id = %s ORDER BY iteration, id
"""
_TIPS = """
SELECT q.id, q.tip_id, q.included, q.rank, q.probability, p.text, p.source_rule_id
FROM tip_retrievals q JOIN tips p ON p.id = q.tip_id
WHERE q.attempt_id = %(attempt)s OR (%(table)s = 'tips' AND q.tip_id = %(id)s)
ORDER BY q.rank, q.id LIMIT 20
"""
_FLAGS = """
SELECT target_table, target_id, reason, evidence, evaluator FROM label_flags
WHERE (target_table = 'attempts' AND target_id = %(attempt)s)
   OR (target_table = 'turns'
       AND target_id IN (SELECT id FROM turns WHERE attempt_id = %(attempt)s))
   OR (target_table = %(table)s AND target_id = %(id)s)
ORDER BY reason, target_table, target_id
"""


@dataclass(frozen=True)
class SourceRow:
    """A row that became part of a line, or was rejected.

    Args:
        entry: its line of the ledger.
        run, attempt: as the store has them; empty where it no longer does.
        turns, tips, flags: of the attempt, in order.
        missing: why the store could not be asked; '' where it was.
    """

    entry: Mapping[str, Any]
    run: Mapping[str, Any] = field(default_factory=dict)
    attempt: Mapping[str, Any] = field(default_factory=dict)
    turns: list[Mapping[str, Any]] = field(default_factory=list)
    tips: list[Mapping[str, Any]] = field(default_factory=list)
    flags: list[Mapping[str, Any]] = field(default_factory=list)
    missing: str = ""


@dataclass(frozen=True)
class Trace:
    """The origin of a line.

    Args:
        dataset: its folder; manifest: what that says of itself.
        place: file and line, or the source of a rejected row.
        line: the line itself; None for a row that became none.
        origins: the rows it was made of, one or, in pairs, two.
    """

    dataset: Path
    manifest: Mapping[str, Any]
    place: str
    line: Mapping[str, Any] | None
    origins: list[SourceRow]


def trace(dataset: Path, place: str, connect: Callable[[str], psycopg.Connection] | None) -> Trace:
    """Return the origin of a line of a dataset.

    Args:
        dataset: its folder.
        place: `train:12`, `validation:3`, `12` for train's, or a row such as
            `stig.turns:12`, kept or rejected.
        connect: opens a skill's store; None asks the ledger alone.

    Raises:
        ExportError: no dataset is there, or it has no such line or row.
    """
    manifest = _manifest(dataset)
    file, number = _asked(dataset, place, manifest)
    entries = list(_entries(dataset, place, file, number))
    if not entries:
        raise ExportError(f"{dataset}: {place}", "the ledger has no row there")
    if number is None and entries[0]["kept"]:
        file, number = entries[0]["file"], entries[0]["lines"][0]
    line = _line(dataset / file, number) if number is not None else None
    shown = f"{file}:{number}" if number is not None else place
    return Trace(dataset, manifest, shown, line, [_origin(entry, connect) for entry in entries])


def trace_line(config: ForgeConfig, dataset: Path | str, place: str) -> Trace:
    """Return the origin of a line, with what the config's store, if there is one, knows of it.

    Args:
        dataset: its folder, or its name under `data_dir`.
        place: as in `trace`.

    Raises:
        ExportError: as `trace`.
        StoreError: the store cannot be opened.
    """
    folder = dataset_named(str(dataset), Path(config.data_dir))
    # The ledger alone tells much of a dataset that came from elsewhere.
    if not has_store(config):
        return trace(folder, place, None)
    with opened_store(config) as store:
        return trace(folder, place, lambda skill: store.skill(skill).connect_read_only())


def attempts_of(connection: psycopg.Connection, table: str, ids: Sequence[int]) -> dict[int, int]:
    """Return the attempt of each row of `table` that has one."""
    column = _ATTEMPT_COLUMN[table]
    query = f"SELECT id, {column} FROM {table} WHERE id = ANY(%s) AND {column} IS NOT NULL"  # noqa: S608
    return dict(connection.execute(query, [list(ids)]).fetchall())


def verdicts(trace: Trace, entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return each filter of the dataset with its verdict on a row.

    Filters are asked in order, and the first that rejects ends it. A row that
    was rejected for another reason before or after them was not theirs.
    """
    names = list(trace.manifest.get("filters", {}))
    if entry["kept"]:
        return [(name, "keeps it") for name in names]
    if entry["reason"] not in names:
        return []
    at = names.index(entry["reason"])
    said = ["keeps it"] * at + ["rejects it"] + ["not asked"] * (len(names) - at - 1)
    return list(zip(names, said, strict=True))


def _manifest(dataset: Path) -> dict[str, Any]:
    try:
        return json.loads((dataset / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        hint = "give a dataset's folder, or its name under data_dir"
        raise ExportError(str(dataset), "is no dataset", hint) from None
    except ValueError:
        raise ExportError(str(dataset / MANIFEST), "is no JSON") from None


def _asked(dataset: Path, place: str, manifest: Mapping[str, Any]) -> tuple[str, int | None]:
    """Return file and line; no line where a row is requested."""
    if SOURCE.fullmatch(place):
        return "", None
    found = _PLACE.fullmatch(place)
    if not found:
        hint = "train:12, validation:3, or a row of the ledger such as stig.turns:12"
        raise ExportError(f"{dataset}: {place}", "names no line", hint)
    split, number = found[1] or "train", int(found[2])
    file = f"{split}.{manifest.get('extension', 'jsonl')}"
    there = manifest["files"].get(file, {"lines": 0})["lines"]
    if not 1 <= number <= there:
        raise ExportError(f"{dataset}: {place}", f"{file} has {there} lines", "lines count from 1")
    return file, number


def _entries(dataset: Path, place: str, file: str, number: int | None) -> Iterator[dict[str, Any]]:
    # What cannot be the line need not be parsed: a ledger may have millions.
    sign = f'"{place}"'.encode() if number is None else b'"' + file.encode() + b'"'
    for raw in read_lines(dataset / LEDGER):
        if sign not in raw:
            continue
        entry = jsontext.loads(raw)
        if number is None:
            if entry["source"] == place:
                yield entry
        elif entry.get("file") == file and number in entry["lines"]:
            yield entry


def _line(path: Path, number: int) -> dict[str, Any]:
    for at, raw in enumerate(read_lines(path), start=1):
        if at == number:
            return jsontext.loads(raw)
    raise ExportError(str(path), f"ends before line {number}", "its manifest says otherwise")


def _origin(entry: dict[str, Any], connect) -> SourceRow:
    found = SOURCE.fullmatch(entry["source"])
    if connect is None or not found:
        return SourceRow(
            entry, missing="the store was not asked" if found else "no row of the store"
        )
    skill, table, row_id = found[1], found[2], int(found[3])
    with connect(skill) as connection:
        attempt = attempts_of(connection, table, [row_id]).get(row_id)
        if attempt is None:
            return SourceRow(entry, missing="the store no longer has its attempt")
        keys = {"attempt": attempt, "table": table, "id": row_id}
        return SourceRow(
            entry,
            _rows(connection, _RUN, [attempt])[0],
            _rows(connection, _ATTEMPT, [attempt])[0],
            _rows(connection, _TURNS, [attempt]),
            _rows(connection, _TIPS, keys),
            _rows(connection, _FLAGS, keys),
        )


def _rows(connection: psycopg.Connection, query: str, values) -> list[dict[str, Any]]:
    from psycopg.rows import dict_row

    return connection.cursor(row_factory=dict_row).execute(query, values).fetchall()
