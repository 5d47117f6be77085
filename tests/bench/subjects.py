"""What is measured, one way of making a dataset each; every one in a process of its own.

`datasets` gets the same rows by the same SQL, and the same filters, redaction
and duplicates as its user would write them (peers.py). In a second way it, and
pandas, get forge's own filters and redactor, and no near-duplicates, for they
have none. None of them keeps a ledger.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from attempts import SKILL

from harness_forge.config.compose.engine import compose
from harness_forge.config.engine import EngineConfig
from harness_forge.datasets import export as export_module
from harness_forge.datasets.filters.building import build, judge
from harness_forge.datasets.filters.candidate import Candidate
from harness_forge.datasets.redaction.redactor import Redactor
from harness_forge.datasets.request import ExportPart, ExportRequest, Treatment
from harness_forge.store.database import Store

_KEY = bytes(32)


@cache
def config():
    """Return the shipped recipe for a worker's turns."""
    return compose(None, ["role=worker", "skill=stig", "format=sft"])


def sql() -> str:
    """Return the recipe's SQL with its value written out: COPY takes no others."""
    return config().export.sql.replace("%(agent)s", "'worker'")


def treatment(whole: bool) -> Treatment:
    """Return every default filter, redaction and near-duplicates; or nothing."""
    if not whole:
        return Treatment()
    composed = config()
    return Treatment(
        filters=composed.filters,
        redaction=composed.redaction,
        key=_KEY,
        duplicates=composed.duplicates,
    )


def copy(url: str, out: Path) -> int:
    """Read with COPY and drop what comes: what the server and the wire cost."""
    rows = 0
    with (
        Store(url) as store,
        store.skill(SKILL).connect_read_only() as connection,
        connection.cursor().copy(f"COPY ({sql()}) TO STDOUT") as stream,
    ):
        for data in stream:
            rows += bytes(data).count(b"\n")
    return rows


def forge(whole: bool, workers: int | None = None) -> Callable[[str, Path], int]:
    """Return an export with or without everything between a row and its line."""

    def export(url: str, out: Path) -> int:
        with Store(url) as store:
            part = ExportPart(store.skill(SKILL), "worker", config().export)
            engine = EngineConfig(workers=workers)
            request = ExportRequest(
                out, "set", SKILL, "worker", "sft", engine=engine, treatment=treatment(whole)
            )
            return export_module.export([part], request).kept

    return export


def datasets(url: str, out: Path) -> int:
    """`from_sql`, a function a row on both cores, one pass for duplicates, `to_json`."""
    from peers import Seen, prepared

    rows = _read(url, out)
    made = rows.map(prepared, num_proc=2, new_fingerprint="prepared")
    made = made.select_columns(["reason", "line", "exact", "sketch", "item_id"])
    made = made.filter(lambda reason: not reason, input_columns=["reason"], num_proc=2)
    seen = Seen()
    kept = made.filter(
        lambda exact, sketch, item_id: not seen(exact, sketch, item_id),
        input_columns=["exact", "sketch", "item_id"],
        new_fingerprint="seen",
    )
    with (out / "train.jsonl").open("w") as file:
        for batch in kept.select_columns(["line"]).iter(1000):
            file.writelines(f"{line}\n" for line in batch["line"])
    return kept.num_rows


def _read(url: str, out: Path):
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    with Store(url) as store, store.engine.connect() as connection:
        connection.exec_driver_sql(f"SET search_path = {SKILL}")
        return Dataset.from_sql(
            _texts(), con=connection, cache_dir=str(out / "cache"), keep_in_memory=False
        )


def datasets_with_ours(url: str, out: Path) -> int:
    """`from_sql`, `map` of forge's filters and redaction on both cores, `to_json`."""
    rows = _read(url, out)
    made = rows.map(
        _lines,
        batched=True,
        num_proc=2,
        remove_columns=rows.column_names,
        new_fingerprint="lines",
    )
    made.to_json(str(out / "train.jsonl"), num_proc=2)
    return made.num_rows


def pandas(url: str, out: Path) -> int:
    """`read_sql`, one function over the frame, `to_json`."""
    import pandas as library

    with Store(url) as store, store.engine.connect() as connection:
        connection.exec_driver_sql(f"SET search_path = {SKILL}")
        frame = library.read_sql(_texts(), connection)
    made = library.DataFrame(_lines({name: list(frame[name]) for name in frame.columns}))
    made.to_json(out / "train.jsonl", orient="records", lines=True)
    return len(made)


def _texts() -> str:
    """Return the SQL with JSON as text, and only what may be kept, as a user would write it."""
    names = "source, item_id, family, split, policy, outcome_value, finish_reason, evaluator"
    texts = ", ".join(f"{name}::text" for name in ("messages", "tools", "response"))
    return (
        f"SELECT {names}, {texts} FROM ({sql()}) AS q WHERE eval_passed AND NOT infrastructure "
        "AND NOT flagged AND finish_reason <> 'length' ORDER BY turn_id"
    ).replace("%", "%%")


_shared: dict[str, Any] = {}


def _lines(batch: dict[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Filter and redact a batch of columns with forge's own functions."""
    if not _shared:
        asked = treatment(True)
        _shared["steps"] = build(asked.filters)
        _shared["redactor"] = Redactor(asked.redaction, _KEY)
    rows = []
    for values in zip(*batch.values(), strict=True):
        row = dict(zip(batch, values, strict=True))
        for name in ("messages", "tools", "response"):
            row[name] = orjson.loads(row[name])
        row["response"]["content"] = row["response"]["content"] or ""
        rows.append(row)
    seen = [
        Candidate(row["messages"], row["tools"], row["response"], "worker", row["item_id"])
        for row in rows
    ]
    kept = [row for row, why in zip(rows, judge(_shared["steps"], seen), strict=True) if not why]
    redactor = _shared["redactor"]
    made: dict[str, list[Any]] = {name: [] for name in ("messages", "tools", "source", "split")}
    for row in kept:
        asked, _ = redactor.messages(row["messages"])
        told, _ = redactor.messages([row["response"]], after=row["messages"])
        made["messages"].append([*asked, *told])
        made["tools"].append(orjson.dumps(row["tools"]).decode())
        made["source"].append(row["source"])
        made["split"].append(row["split"])
    return made


def processor() -> float:
    """Return the processor time of this process and of those it waited for, in seconds."""
    return sum(os.times()[:4])


SUBJECTS: dict[str, Callable[[str, Path], int]] = {
    "COPY": copy,
    "forge, lines alone": forge(False),
    "forge, all filters": forge(True),
    "forge, all filters, 1 process": forge(True, 0),
    "datasets": datasets,
    "datasets, forge's filters": datasets_with_ours,
    "pandas": pandas,
}

if __name__ == "__main__":
    name, url, out = sys.argv[1:]
    Path(out).mkdir(parents=True)
    config()  # what is composed and imported before the first row is no part of it
    before, spent = time.perf_counter(), processor()
    rows = SUBJECTS[name](url, Path(out))
    # Processes that were waited for are counted with it, and all of them were.
    print(rows, time.perf_counter() - before, processor() - spent)
