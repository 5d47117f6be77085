"""What files know: datasets with their ledgers, adapters with their lineage, decisions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from harness_forge.config.schema import ForgeConfig
from harness_forge.core import jsontext
from harness_forge.core.dataset_files import LEDGER, datasets_in, manifest_digest
from harness_forge.datasets.formats.endings import read_lines
from harness_forge.datasets.trace import SOURCE, attempts_of
from harness_forge.registry import decisions
from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.package import LINEAGE
from harness_forge.registry.champion import slots_of
from harness_forge.registry.current import OUTPUTS
from harness_forge.report.graph.rows import Facts


class ContributingRow(NamedTuple):
    """A row that a line of a dataset was made from.

    Args:
        skill, table, row: where the store has it.
    """

    file: str
    line: int
    skill: str
    table: str
    row: int

    @property
    def source(self) -> str:
        """The row as ledgers name it."""
        return f"{self.skill}.{self.table}:{self.row}"


@dataclass(frozen=True)
class DatasetFiles:
    """A dataset's folder.

    Args:
        digest: of its manifest, which an adapter's lineage names.
    """

    folder: Path
    digest: str

    @property
    def name(self) -> str:
        """Its folder's name."""
        return self.folder.name

    def parts(self) -> Iterator[ContributingRow]:
        """Yield every row that was kept, once for each line it is in."""
        for raw in read_lines(self.folder / LEDGER):
            entry = jsontext.loads(raw)
            found = SOURCE.fullmatch(entry["source"])
            if entry["kept"] and found:
                for line in entry["lines"]:
                    yield ContributingRow(entry["file"], line, found[1], found[2], int(found[3]))


def datasets(config: ForgeConfig) -> list[DatasetFiles]:
    """Return every dataset under `data_dir` that has a ledger."""
    return [dataset(place) for place in datasets_in(Path(config.data_dir), "*")]


def dataset(folder: Path) -> DatasetFiles:
    """Return the dataset of a folder."""
    return DatasetFiles(folder, manifest_digest(folder))


def adapters(config: ForgeConfig) -> dict[str, dict[str, Any]]:
    """Return the lineage of every packaged adapter, by digest."""
    places = [registry.folder(Path(config.forge_home)), OUTPUTS / "adapters"]
    files = [file for place in places for file in sorted(place.glob(f"*/{LINEAGE}"))]
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {lineage["digest"]: lineage for lineage in found}


def decided(config: ForgeConfig) -> list[Facts]:
    """Return the decisions of the verified ledger, oldest first."""
    lines = decisions.read(Path(config.forge_home))
    return [
        {
            "place": place,
            "id": line["hash"],
            "adapter": line["candidate"]["digest"],
            "name": line["candidate"]["name"],
            "slot": slot,
            "kind": line["kind"],
            "decision": line["decision"],
            "time": line["time"],
            "rule": line.get("rule", ""),
            "why": line.get("why", ""),
        }
        for place, (line, slot) in enumerate(zip(lines, slots_of(lines), strict=True), start=1)
    ]


def resolved(parts: Sequence[ContributingRow], connect) -> list[int | None]:
    """Return the attempt of each row; None where the store no longer has it.

    Args:
        connect: opens a skill's store; None for a skill that it does not have.
    """
    wanted: dict[str, dict[str, set[int]]] = {}
    for part in parts:
        wanted.setdefault(part.skill, {}).setdefault(part.table, set()).add(part.row)
    known: dict[tuple[str, str], dict[int, int]] = {}
    for skill, tables in wanted.items():
        connection = connect(skill)
        if connection is None:
            continue
        with connection:
            for table, ids in tables.items():
                known[skill, table] = attempts_of(connection, table, sorted(ids))
    return [known.get((part.skill, part.table), {}).get(part.row) for part in parts]
