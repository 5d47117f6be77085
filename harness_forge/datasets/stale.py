"""Datasets that hold rows which were forgotten: found by their ledgers, marked as stale.

The mark is a file in the dataset's folder: an export that replaces the dataset removes it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.config.compose import project
from harness_forge.core import jsontext, stale_mark
from harness_forge.core.dataset_files import LEDGER, MANIFEST, STALE, datasets_in, manifest_digest
from harness_forge.core.errors import ExportError
from harness_forge.core.files import write_json
from harness_forge.core.hints import did_you_mean
from harness_forge.datasets.formats.endings import read_lines

_SOURCE = re.compile(r"([a-z_][a-z0-9_]*)\.([a-z_]+):(\d+)")

Rows = Mapping[tuple[str, str], Set[int]]
"""Ids of rows by skill and table."""


@dataclass(frozen=True)
class Holder:
    """A dataset with lines of rows that are looked for.

    Args:
        folder: of the dataset.
        manifest: sha256 of its manifest, which lineages of adapters name.
        rows: how many of the rows have a line.
        remake: the command that writes it anew.
    """

    folder: Path
    manifest: str
    rows: int
    remake: str


def dataset_named(name: str, data: Path) -> Path:
    """Return the folder that a word names: its path, or its name under `data`.

    Raises:
        ExportError: there is no such folder.
    """
    under = data / name
    found = next((one for one in (Path(name), under) if one.is_dir()), None)
    if found is None:
        there = [str(one.relative_to(data)) for one in datasets_in(data)]
        known = f"datasets in {data}: {', '.join(there)}" if there else "`forge export` writes one"
        raise ExportError(name, "is no dataset", did_you_mean(Path(name).name, there) + known)
    return found


def holders(
    folders: Sequence[Path], rows: Rows, runs: Mapping[str, Collection[str]]
) -> Iterator[Holder]:
    """Yield the datasets with a line of one of the rows, or of one of the runs.

    Rows of a source that was taken in again have other ids; its runs have the same.

    Args:
        runs: ids of runs by skill.

    Raises:
        ExportError: a manifest or a ledger cannot be read, so what it holds is not known.
    """
    wanted = {key: ids for key, ids in rows.items() if ids}
    for folder in folders:
        manifest = _manifest(folder)
        found = sum(_is_one(source, wanted) for source in kept(folder)) if wanted else 0
        found = max(found, _of_runs(manifest, runs))
        if found:
            yield Holder(folder, manifest_digest(folder), found, _remake(manifest))


def mark(one: Holder, why: str, when: str) -> None:
    """Mark a dataset as stale; an earlier mark's reasons stay.

    Raises:
        ExportError: the mark cannot be written.
    """
    before = stale_mark.facts(one.folder).get("reasons") or ()
    reasons = [*before, {"why": why, "when": when, "rows": one.rows}]
    facts = {"reasons": reasons, "remake": one.remake}
    try:
        write_json(one.folder / STALE, facts)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise ExportError(str(one.folder / STALE), what, "nothing was forgotten") from None


def demand_fresh(folder: Path) -> None:
    """Refuse a dataset that is stale.

    Raises:
        ExportError: it is.
    """
    if told := stale_mark.says(folder):
        raise ExportError(str(folder), f"is stale: {told}")


def kept(folder: Path) -> Iterator[str]:
    """Yield the source of each row that has a line, such as stig.turns:12.

    Raises:
        ExportError: the ledger cannot be read.
    """
    try:
        for raw in read_lines(folder / LEDGER):
            # What was rejected need not be parsed: a ledger may have millions of lines.
            if b"true" in raw and (line := jsontext.loads(raw))["kept"] is True:
                yield str(line["source"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"cannot be read, so what it holds is not known: {error}"
        hint = "mend it or move the dataset away; nothing was forgotten"
        raise ExportError(str(folder / LEDGER), what, hint) from None


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = jsontext.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        what = f"cannot be read, so what it holds is not known: {error}"
        hint = "mend it or move the dataset away; nothing was forgotten"
        raise ExportError(str(folder / MANIFEST), what, hint) from None
    return found if isinstance(found, dict) else {}


def _of_runs(manifest: Mapping[str, Any], runs: Mapping[str, Collection[str]]) -> int:
    """Return how many rows of some runs a dataset keeps, by its manifest."""
    total = 0
    for part in manifest.get("parts") or [manifest]:
        seen = (part.get("seen") or {}).get("runs") or {}
        total += sum(seen.get(run, 0) for run in runs.get(part.get("skill") or "", ()))
    return total


def _is_one(source: str, wanted: Rows) -> bool:
    found = _SOURCE.fullmatch(source)
    return bool(found) and int(found[3]) in wanted.get((found[1], found[2]), ())


def _remake(manifest: Mapping[str, Any]) -> str:
    skill = manifest.get("skill")
    words = {
        "role": manifest.get("role"),
        "format": manifest.get("format"),
        "export.name": manifest.get("dataset"),
    }
    named = [project.skill_words(skill)] if skill else []
    said = " ".join(named + [f"{key}={value}" for key, value in words.items() if value])
    return f"`forge export {said}` (with the recipe that made it)"
