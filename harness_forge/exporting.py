"""From the store to a dataset folder: joins rows, exporter, format, ledger and manifest.

Either a whole dataset stands at its path afterwards, or what stood there
before. Nothing in it depends on when, where or by whom it was written: the
same store and the same recipe give the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge import __version__
from harness_forge.errors import ExportError
from harness_forge.exporters import ExportConfig, ExportKind, dpo, reading, sft, statement
from harness_forge.exporters.guard import Guard
from harness_forge.exporters.harvest import Harvest
from harness_forge.exporters.ledger import Ledger
from harness_forge.formats import FORMATS
from harness_forge.formats.card import card
from harness_forge.formats.folder import MANIFEST, DatasetFolder
from harness_forge.records import Example

if TYPE_CHECKING:
    from harness_forge.store import SkillStore

LEDGER = "ledger.jsonl"
SPLITS = ("train", "validation")
_EXPORTERS = {ExportKind.sft: sft.examples, ExportKind.dpo: dpo.pairs}
_REMEDIES = {
    "no_counterpart": "pairs need a pass and a failure: run policy=gold and policy=mutated",
    "prompt_mismatch": "passes and failures answered different prompts, so they are no pairs",
    "evaluation_run": "evaluation runs are never exported: run with run.purpose=collect",
    "held_out": "held-out items are never exported, whatever the recipe says",
    "no_split": "items get a split when `forge run` has found that they can be judged",
}
_TICK = 500
"""Rows between two calls of the progress callback."""


@dataclass(frozen=True)
class Request:
    """What an export is for, besides its recipe.

    Args:
        data_dir: folder that datasets are written to.
        skill, role, format: as composed; they go into the manifest.
        licences: one line for each source whose words the prompts quote.
    """

    data_dir: Path
    skill: str
    role: str
    format: str
    licences: Sequence[str] = ()


@dataclass
class Report:
    """What an export came to.

    Args:
        path: the dataset's folder, also of one that was only counted.
        read, kept: rows.
        examples: lines by split.
        rejected: rows by reason, most frequent first.
        files: lines, bytes and sha256 by name; empty where nothing was written.
    """

    path: Path
    read: int = 0
    kept: int = 0
    examples: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def export(
    store: SkillStore,
    config: ExportConfig,
    request: Request,
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda rows: None,
) -> Report:
    """Write one dataset and return what it came to.

    Args:
        store: the skill's part of the store.
        config: the recipe.
        request: where to and what for.
        dry_run: count, and write nothing.
        progress: called now and then with the rows read so far.

    Raises:
        ExportError: the recipe's SQL is refused, no row may be trained on, the
            folder cannot be written, or the ledger does not balance.
        StoreError: the store is down or was lost midway.
    """
    if request.format != config.kind.value or request.format not in FORMATS:
        raise ExportError(
            "format.name",
            f"'{request.format}' does not fit an export of kind '{config.kind.value}'",
            "choose both at once: format=sft or format=dpo",
        )
    sent = statement.build(config)
    report, ledger = Report(request.data_dir / config.name), Ledger()
    with closing(store.connect_read_only()) as connection:
        reading.check(connection, sent)
        rows = ledger.watch(_ticking(reading.read(connection, sent), progress))
        harvests = _EXPORTERS[config.kind](rows, config, Guard.of(connection))
        if dry_run:
            _count(harvests, ledger, report)
            _close(ledger, report)
            _demand_rows(report, connection, request)
        else:
            with DatasetFolder(report.path) as folder:
                _write(harvests, ledger, report, folder, FORMATS[request.format])
                _close(ledger, report)
                _demand_rows(report, connection, request)
                _demand_training_rows(report, config)
                _seal(folder, connection, store, config, request, sent, ledger, report)
    return report


def _ticking(rows: Iterator, progress: Callable[[int], None]) -> Iterator:
    for number, row in enumerate(rows, start=1):
        if number % _TICK == 0:
            progress(number)
        yield row


def _count(harvests: Iterator[Harvest], ledger: Ledger, report: Report) -> None:
    lines = Counter(dict.fromkeys(SPLITS, 0))
    for harvest in harvests:
        for example in harvest.examples:
            lines[_split(example)] += 1
        for fate in harvest.fates:
            if fate.reason is None:
                ledger.keep(fate.row, "", ())
            else:
                ledger.reject(fate.row, fate.reason)
    report.examples = dict(lines)


def _write(harvests, ledger: Ledger, report: Report, folder: DatasetFolder, shape) -> None:
    report.examples = dict.fromkeys(SPLITS, 0)
    for harvest in harvests:
        places = []
        for example in harvest.examples:
            split = _split(example)
            name = f"{split}.jsonl"
            places.append((name, folder.write(name, shape(example))))
            report.examples[split] += 1
        for fate in harvest.fates:
            if fate.reason is None:
                # All examples of one row are of one item, so of one file.
                name = places[fate.examples[0]][0]
                line = ledger.keep(fate.row, name, [places[at][1] for at in fate.examples])
            else:
                line = ledger.reject(fate.row, fate.reason)
            folder.write(LEDGER, line)


def _split(example) -> str:
    origin = example.origin if isinstance(example, Example) else example.chosen_origin
    return origin.split


def _close(ledger: Ledger, report: Report) -> None:
    ledger.balance()
    report.read, report.kept, report.rejected = ledger.read, ledger.kept, ledger.reasons()


def _seal(folder, connection, store, config, request, sent, ledger: Ledger, report: Report) -> None:
    """Write manifest and card, and put the folder in place."""
    report.files = folder.finish()
    written = report.files[LEDGER]["lines"]
    if written != report.read:
        raise ExportError(LEDGER, f"has {written} lines for {report.read} rows read")
    manifest = {
        "dataset": config.name,
        "skill": request.skill,
        "role": request.role,
        "format": request.format,
        "forge_version": __version__,
        "schema_revision": _revision(connection),
        "watermark": store.watermark(),
        "rows": {"read": report.read, "kept": report.kept, "rejected": report.rejected},
        "examples": report.examples,
        "files": report.files,
        "seen": {name: dict(sorted(counts.items())) for name, counts in ledger.seen.items()},
        "licences": list(request.licences),
        "settings": _plain(asdict(config)),
        "sql": sent.text,
        "sql_values": list(sent.values),
    }
    folder.text(MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    folder.text("README.md", card(manifest))
    folder.publish()


def _revision(connection) -> str:
    return connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value.value if isinstance(value, Enum) else value


def _demand_rows(report: Report, connection, request: Request) -> None:
    if not report.read:
        raise ExportError(
            str(report.path),
            f"no rows of role '{request.role}' in skill '{request.skill}'",
            _what_there_is(connection, request),
        )


def _demand_training_rows(report: Report, config: ExportConfig) -> None:
    """Refuse a dataset that nothing can be trained on; say which condition took the rows."""
    if report.examples["train"]:
        return
    reasons = ", ".join(f"{reason} {count}" for reason, count in report.rejected.items())
    raise ExportError(
        str(report.path),
        f"nothing to train on: {report.read} rows read, {report.kept} kept "
        f"({report.examples['validation']} for validation), rejected: {reasons or 'none'}",
        _which_condition(report, config),
    )


def _which_condition(report: Report, config: ExportConfig) -> str:
    if not report.rejected:
        return "every kept row is for validation: `forge run` on more items"
    top = next(iter(report.rejected))
    if top in config.require:
        condition = " ".join(str(config.require[top]).split())
        return f"most fell to export.require.{top}: {condition}"
    return _REMEDIES.get(top, f"most rows were rejected as {top}: see docs/datasets.md")


def _what_there_is(connection, request: Request) -> str:
    found = connection.execute(
        "SELECT agent, count(*) FROM turns GROUP BY agent ORDER BY agent"
    ).fetchall()
    if not found:
        return f"nothing was attempted yet: forge run skill={request.skill} policy=gold"
    return "roles with turns here: " + ", ".join(f"{role} ({count})" for role, count in found)
