"""Keeps out of an ingestion what `forge forget` took out, unless it is asked for with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness_forge.config.source import SourceConfig
from harness_forge.core.errors import SourceError
from harness_forge.store.forgetting.tombstones import Forgotten, Tombstone, TombstoneKind

LEFT_OUT = "forgotten"
"""Reason of records whose run or item was forgotten."""

NOTHING = Forgotten()

_HINT = "source.again=true source.reason='WHY' takes it in again, and the reason is kept"


def kept_out(store, config: SourceConfig) -> Forgotten:
    """Return what must not come back of a source.

    Raises:
        SourceError: the whole source was forgotten.
    """
    asked = config.again and bool(config.reason.strip())
    forgotten = Forgotten(store.forgotten(), config.name, allowed=asked)
    if one := forgotten.source(config.name):
        raise SourceError(f"source {config.name}", one.says(), _HINT)
    return forgotten


def demand_not_forgotten(forgotten: Forgotten, path: Path, digest: str) -> None:
    """Refuse a file whose rows were forgotten, whatever it is called now.

    Args:
        digest: of what it holds.

    Raises:
        SourceError: they were.
    """
    if one := forgotten.file(digest):
        raise SourceError(str(path), f"its rows were taken out: {_of(one)} {one.says()}", _HINT)


_THERE = """
SELECT count(*) FROM attempts JOIN runs ON runs.id = attempts.run_id
WHERE runs.config #>> '{source,key}' = %s
"""


def forgotten_since(intake, key: str, attempts: int, forgotten: Forgotten) -> str:
    """Return what to say of attempts of a file that were taken out after it came in; '' for none.

    Args:
        key: of the file's note.
        attempts: that were written of it, over all calls.
    """
    [(there,)] = intake.query(_THERE, [f"ingest/{key}"])
    if there >= attempts:
        return ""
    rows = [one for one in forgotten.open if one.kind != TombstoneKind.source.value]
    because = f": {_of(rows[0])} {rows[0].says()}" if len(rows) == 1 else ""
    return f"{attempts - there} of its {attempts} attempts were forgotten{because}; {_HINT}"


def note(one: Tombstone) -> str:
    """Return what a report says of records that are kept out."""
    return f"{_of(one)} {one.says()}; {_HINT}"


def lift(store, forgotten: Forgotten, config: SourceConfig) -> None:
    """Note what was taken in again on request."""
    if config.again and config.reason.strip() and forgotten.met:
        store.lift(list(forgotten.met.values()), config.name, config.reason.strip())


def _of(one: Tombstone) -> str:
    # The name of a run or an item is not kept.
    return f"source {one.name}" if one.name else f"its {one.kind}"


class Remaining:
    """A database of gemma-forge without the rows of forgotten runs and items.

    Args:
        source: what is asked.
        bare: returns an item's id as the store has it.
    """

    def __init__(self, source, forgotten: Forgotten, bare) -> None:
        self._source, self._forgotten, self._bare = source, forgotten, bare

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs that may be taken in."""
        return [run for run in self._source.runs() if not self._forgotten.row(run["id"], "")]

    def of_run(self, table: str, run_id: str) -> list[dict[str, Any]]:
        """Return a table's rows of one run whose item may be taken in."""
        return [row for row in self._source.of_run(table, run_id) if self._may(row)]

    def tips(self) -> list[dict[str, Any]]:
        """Return the tips whose run and item may be taken in."""
        return [row for row in self._source.tips() if self._may(row)]

    def lessons(self) -> list[dict[str, Any]]:
        """Return the lessons whose run and item may be taken in."""
        return [row for row in self._source.lessons() if self._may(row)]

    def _may(self, row: dict[str, Any]) -> bool:
        keys = ("item_id", "rule_id", "source_rule_id", "source_item_id")
        run = row.get("source_run_id") or row.get("run_id") or ""
        items = [str(row[key]) for key in keys if row.get(key)] or [""]
        return not any(self._forgotten.row(run, self._bare(item)) for item in items)
