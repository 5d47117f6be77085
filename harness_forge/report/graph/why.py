"""Says where a line, a tip or an adapter comes from.

The answers are put together here, from records that either the store and the files
give (`StoredRecords`) or a graph (`GraphRecords`): the answer is the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ConfigError
from harness_forge.datasets.stale import dataset_named
from harness_forge.datasets.trace import SOURCE, trace
from harness_forge.report.graph.rows import Facts

TIP = re.compile(r"([a-z_][a-z0-9_]*)\.tips:(\d+)")


class LineRow(NamedTuple):
    """A row that a line was made from; `attempt` is None where it is no longer known."""

    source: str
    attempt: int | None


class Records(Protocol):
    """Where facts are read. What is not known is None, or empty."""

    def line(self, dataset: Path, file: str, number: int) -> list[LineRow]:
        """Return the rows of a line."""
        ...

    def attempt(self, skill: str, one: int) -> Facts | None:
        """Return an attempt of a run that is no evaluation."""
        ...

    def run(self, skill: str, one: str) -> Facts | None:
        """Return a run."""
        ...

    def tip(self, skill: str, one: int) -> Facts | None:
        """Return a tip."""
        ...

    def shown(self, skill: str, attempt: int) -> list[Facts]:
        """Return the tips that were considered for an attempt."""
        ...

    def retrievals(self, skill: str, tip: int) -> list[Facts]:
        """Return what is known of each time that a tip was considered."""
        ...

    def adapter(self, name: str) -> Facts:
        """Return what an adapter was made from, and what was decided on it."""
        ...


def why(records: Records, config: ForgeConfig, words: Sequence[str]) -> Facts:
    """Return where what `words` name comes from.

    Args:
        words: a dataset and a line, a tip such as stig.tips:7, or an adapter.

    Raises:
        ConfigError: there is no such thing, or the words name none.
    """
    if len(words) == 2:
        return _line(records, dataset_named(words[0], Path(config.data_dir)), words[1])
    if len(words) != 1:
        raise ConfigError("command line", "why what?", "DATASET LINE, SKILL.tips:7 or ADAPTER")
    if found := TIP.fullmatch(words[0]):
        return _tip(records, found[1], int(found[2]))
    return records.adapter(words[0])


def _line(records: Records, dataset: Path, place: str) -> Facts:
    found = trace(dataset, place, None)
    if found.line is None:
        what = f"{place} became no line: {found.origins[0].entry.get('reason', '')}"
        raise ConfigError(str(dataset), what, f"forge trace {dataset.name} {place}")
    file, _, number = found.place.rpartition(":")
    sources: dict[tuple[str, int | None], list[str]] = {}
    for row in records.line(dataset, file, int(number)):
        skill = SOURCE.fullmatch(row.source)[1]
        sources.setdefault((skill, row.attempt), []).append(row.source)
    return {
        "line": f"{dataset.name} {found.place}",
        "attempts": [
            {"rows": rows, **_behind(records, skill, attempt)}
            for (skill, attempt), rows in sources.items()
        ],
    }


def _behind(records: Records, skill: str, attempt: int | None) -> Facts:
    if attempt is None:
        return {"missing": "their attempt is no longer known"}
    return {**_origin(records, skill, attempt), "tips": records.shown(skill, attempt)}


def _origin(records: Records, skill: str, one: int | None) -> Facts:
    attempt = records.attempt(skill, one) if one is not None else None
    if attempt is None:
        return {}
    return {"attempt": attempt, "run": records.run(skill, attempt["run_id"])}


def _tip(records: Records, skill: str, one: int) -> Facts:
    tip = records.tip(skill, one)
    if tip is None:
        hint = "tips of evaluation runs are not shown; a graph knows what was pushed"
        raise ConfigError(f"{skill}.tips:{one}", "there is no such tip", hint)
    seen = records.retrievals(skill, one)
    verdicts = Counter(row["verdict"] for row in seen)
    items = Counter((row["item_id"], row["verdict"]) for row in seen)
    return {
        "tip": tip,
        "source": _origin(records, skill, tip.get("source_attempt_id")),
        "considered": len(seen),
        "shown": sum(row["included"] for row in seen),
        "support": verdicts["helped"],
        "contradiction": verdicts["hurt"],
        "items": [
            {"item": item, "support": items[item, "helped"], "contradiction": items[item, "hurt"]}
            for item in sorted({item for item, verdict in items if verdict})
        ],
    }
