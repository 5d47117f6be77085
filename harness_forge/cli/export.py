"""`forge export`: write a dataset from the store's rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError, ExportError
from harness_forge.core.escapes import plain
from harness_forge.core.numbers import count, counted, size

if TYPE_CHECKING:
    from harness_forge.datasets.pair_counts import PairCount
    from harness_forge.datasets.request import ExportReport, Share

SUMMARY = "write a dataset from the store's rows"
USAGE = "[--dry-run | --publish DIR] [key=value …]"
EXAMPLES = (
    "forge export role=worker skill=stig",
    "forge export role=worker skill=stig format=dpo export.max_pairs_per_item=2",
    "forge export role=worker skill=stig --dry-run",
    "forge export role=worker skill=stig export.include_fallback=true",
    "forge export role=all skill=all",
    "forge export role=worker skill=stig feedback=last",
    "forge export role=worker skill=stig --publish /srv/out/stig_worker_sft",
    "forge export role=worker skill=stig engine=ray",
    "forge export role=worker skill=stig filters=aither filters.repetition.max_bigram_repeat=0.4",
)
KEYS = (
    "skill",
    "skills",
    "role",
    "prompt",
    "format",
    "export",
    "exports",
    "filters",
    "duplicates",
    "contamination",
    "suite",
    "suites",
    "feedback",
    "redaction",
    "engine",
    "model",
    "seed",
    "store",
    "forge_home",
    "data_dir",
)

JSON = (
    "an object: path, read, kept, examples, rejected, pairs, parts, files, sudden, undivided;"
    " published"
)

DRY_RUN, PUBLISH = "--dry-run", "--publish"


def main(argv: list[str]) -> int:
    """Write one dataset and print what became of the rows."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report, show
    from harness_forge.cli.words import unknown_flag
    from harness_forge.datasets.from_config import export_from_config

    destination, rest = _destination(argv)
    dry_run = DRY_RUN in rest
    if dry_run and destination:
        raise ConfigError("command line", f"{DRY_RUN} writes nothing to publish", USAGE)
    overrides = [word for word in rest if word != DRY_RUN]
    if flag := next((word for word in overrides if word.startswith("--")), ""):
        raise unknown_flag(flag, (DRY_RUN, PUBLISH))
    config = composed(overrides)
    if destination:
        from harness_forge.datasets.review.publishing import require_free

        require_free(destination)
    progress, done = _progress()
    try:
        found = export_from_config(config, dry_run=dry_run, progress=progress)
    finally:
        done()
    show(render(found))
    published = None
    if destination and found.examples["train"]:
        from harness_forge.cli.publish import leave, left

        published = leave(found.path, destination, config)
        show(left(published))
    report({**_facts(found), "published": published})
    return 0 if found.examples["train"] else ExportError.exit_code


def _facts(found: ExportReport) -> dict[str, Any]:
    names = (
        "path",
        "read",
        "kept",
        "examples",
        "rejected",
        "pairs",
        "parts",
        "files",
        "decided",
        "sudden",
        "undivided",
    )
    return {name: getattr(found, name) for name in names}


def _destination(argv: list[str]) -> tuple[Path | None, list[str]]:
    """Return where the dataset is copied to once it is written, if anywhere, and the other words.

    Raises:
        ConfigError: no folder is named.
    """
    rest = list(argv)
    for place, word in enumerate(argv):
        flag, equals, folder = word.partition("=")
        if flag != PUBLISH:
            continue
        after = place + 1
        if not equals:
            folder = argv[after] if len(argv) > after else ""
            after += 1
        # A folder may have an equals sign in its name, but then it is written with one.
        if not folder or (not equals and ("=" in folder or folder.startswith("-"))):
            raise ConfigError("command line", "say where to", f"forge export {USAGE}")
        rest[place:after] = []
        return Path(folder), rest
    return None, rest


def render(report: ExportReport) -> str:
    """Return an export's report as a short table."""
    from harness_forge.datasets.formats.card import exact_counts

    dry = "" if report.files else " (counted only, nothing written)"
    lines = [f"{report.path}{dry}"]
    lines += _rows([("rows read", report.read), ("rows kept", report.kept)])
    lines += _rows([(f"  {split} examples", found) for split, found in report.examples.items()])
    lines += _rows([("rows rejected", sum(report.rejected.values()))])
    lines += _rows([(f"  {reason}", found) for reason, found in report.rejected.items()])
    if report.pairs is not None:
        lines += _pairs(report.pairs)
    lines += _parts(report.parts) if len(report.parts) > 1 else []
    for name, facts in report.files.items():
        bytes_ = size(facts["bytes"])
        lines.append(
            f"  {name:24}{count(facts['lines']):>10} lines {bytes_:>10}  {facts['sha256'][:12]}"
        )
    lines += [f"  {texts}" for texts in exact_counts(report.decided.get("length", {}))]
    lines += _units(report.kept, sum(report.examples.values()))
    lines += [f"  note: {plain(sentence)}" for sentence in [*report.sudden, *report.undivided]]
    if report.examples["train"] and not report.examples["validation"]:
        lines.append("  note: no row is for validation: training cannot be watched on this dataset")
    return "\n".join(lines)


def _units(rows: int, examples: int) -> list[str]:
    """Return a note where rows and the examples made of them are not the same number."""
    if rows == examples:
        return []
    why = "a conversation, a pair or a prompt is one example, of several rows"
    if rows < examples:
        why = "some rows make several"
    return [f"  note: {counted(rows, 'row')} made {counted(examples, 'example')}: {why}"]


def _pairs(pairs: PairCount) -> list[str]:
    """Return what became of every pair that rows of one prompt allow."""
    from harness_forge.datasets.ledger import ranked

    texts = [("possible pairs", pairs.possible), ("made", pairs.made)]
    texts.append(("not made", sum(pairs.not_made.values())))
    return _rows([*texts, *((f"  {why}", found) for why, found in ranked(pairs.not_made).items())])


def _parts(parts: list[Share]) -> list[str]:
    """Return what each skill and role came to; a part without rows too."""
    head = f"  {'part':24}{'read':>8}{'kept':>8}{'train':>8}{'validation':>12}"
    return [head] + [
        f"  {part.skill + ' ' + part.role:24}{count(part.read):>8}{count(part.kept):>8}"
        f"{count(part.examples['train']):>8}{count(part.examples['validation']):>12}"
        for part in parts
    ]


def _rows(rows: list[tuple[str, int]]) -> list[str]:
    return [f"  {name:24}{count(found):>10}" for name, found in rows]


def _progress() -> tuple[Callable[[int], None], Callable[[], None]]:
    """Return what shows rows and rate on a terminal, and what ends it."""
    from tqdm import tqdm

    bar = tqdm(unit=" rows", file=sys.stderr, disable=None, leave=False, delay=1)

    def show(rows: int) -> None:
        bar.update(rows - bar.n)

    return show, bar.close
