"""`forge ingest`: bring foreign records into the store."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import SourceError
from harness_forge.core.escapes import plain
from harness_forge.core.numbers import counted

if TYPE_CHECKING:
    from harness_forge.collect.ingest.request import IngestReport
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.store.entries import AttemptEntry
    from harness_forge.store.splits.one_group import OneGroup

SUMMARY = "bring foreign records into the store: logs, traffic, trajectories, a database"
USAGE = "source=NAME path=FILE|FOLDER|URL [skill=NAME] [--dry-run] [key=value …]"
EXAMPLES = (
    "forge ingest --dry-run source=atif path=trajectory.json",
    "forge ingest source=tau_bench path=gpt-4o-airline.json",
    "forge ingest source=reflexion path=runs/",
    "forge ingest source=openai_traffic path=traffic.jsonl.gz skill=recorded skill.name=support",
    "forge ingest source=gemma_forge_jsonl path=runs/ skill=gemma_stig",
    "forge ingest source=gemma_forge_db path=postgresql://reader@db.example/gemma_forge",
    "forge ingest source=gemma_forge_graph path=bolt://127.0.0.1:7687",
    "forge ingest source=trajectories path=mine.jsonl source.mapping.item='{task}' "
    "source.mapping.messages='{chat}' source.mapping.outcome='{reward}'",
)
KEYS = ("source", "graph", "skill", "split", "labels", "store", "forge_home")
JSON = (
    "an object: skill, added, splits, one_group, passed_over, hint, files; with --dry-run the"
    " same, nothing written"
)
SHORT = {"path": "source.path"}

DRY_RUN = "--dry-run"
AGAIN = "source.again=true"


def main(argv: list[str]) -> int:
    """Take a source in and print what it came to."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.collect.ingest.ingest import ingest
    from harness_forge.store.labels import label_audit

    words, flags, overrides = sort(argv, [DRY_RUN])
    given = [
        *words,
        *(word.removeprefix("source.") if _is_path(word) else word for word in overrides),
    ]
    argv = [*words, *map(_quoted, overrides)]
    config = composed(argv)
    if not any(word.startswith("skill=") for word in argv):
        argv = [f"skill={config.source.skill}", *argv]
        config = composed(argv)
    try:
        if flags:
            return _on_trial(config)
        found = ingest(config, progress=_tick)
        hint = _next(*label_audit.awaiting(config), argv) if found.added else ""
        report(_facts(found), render(found) + _undivided(found.one_group, config, given) + hint)
    finally:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
    return 0


def _on_trial(config) -> int:
    """Show what a source would come to; nothing is written."""
    from harness_forge.cli.conversations import shown
    from harness_forge.cli.results import report, show
    from harness_forge.collect.ingest.dry_run import dry_run

    first: list[AttemptEntry] = []
    try:
        found = dry_run(config.source, config.skill.name, progress=_tick, first=first)
    except SourceError:
        # What is before the fault shows whether the mapping is right.
        for number, entry in enumerate(first, 1):
            show(shown(number, entry) + "\n")
        raise
    lines = [render(found.report).replace("attempts added", "attempts would be added", 1)]
    lines += ["  nothing is written: --dry-run"]
    lines += ["\n" + shown(number, entry) for number, entry in enumerate(found.first, 1)]
    report(_facts(found.report), "\n".join(lines))
    return 0 if found.first else 1


def _facts(found: IngestReport) -> dict[str, Any]:
    return {
        "skill": found.skill,
        "added": found.added,
        "splits": found.splits,
        "one_group": found.one_group,
        "passed_over": found.passed_over,
        "hint": found.hint,
        "files": found.files,
    }


def _next(attempts: int, checks: int, argv: list[str]) -> str:
    """Return what to do about labels that were not audited; '' if there are none."""
    if not checks:
        return ""
    audited = ("skill", "store", "forge_home", "labels")
    words = [word for word in argv if word.partition("=")[0].split(".")[0] in audited]
    text = f"{attempts} judged attempts were not audited, {checks} checks concern them"
    return f"\n  hint: {text}: forge labels audit {shlex.join(words)}"


def _undivided(found: OneGroup | None, config: ForgeConfig, given: list[str]) -> str:
    """Return a line where nearly all items are one task; '' else."""
    from harness_forge.config.source import DATABASES
    from harness_forge.store.splits.one_group import APART, described

    if found is None:
        return ""
    if config.source.kind in DATABASES:
        again = f"take them into a skill of another name with {APART}"
    else:
        words = [word for word in given if word not in (APART, AGAIN)]
        again = f"forge ingest {shlex.join([*words, APART, AGAIN])}"
    return f"\n  note: {plain(described(found, again))}"


def _is_path(word: str) -> bool:
    return word.startswith("source.path=")


def _quoted(word: str) -> str:
    """Return a path quoted for Hydra, whatever it contains: `?`, `=`, a space."""
    key, equals, value = word.partition("=")
    if key != "source.path" or not equals or value[:1] in ("'", '"'):
        return word
    return "{}='{}'".format(key, value.replace("\\", "\\\\").replace("'", "\\'"))


def _tick(source: str, found: int) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{source}: {found}", end="", file=sys.stderr, flush=True)


def render(report) -> str:
    """Return a report as a few lines; a file's line says what it came to over all calls."""
    head = (
        "read",
        "attempts",
        "passed",
        "no verdict",
        "turns",
        "tips",
        "malformed",
        "left out",
        "new",
    )
    lines = [
        f"skill {report.skill}: {report.added} attempts added",
        "".join(word.rjust(11) for word in head) + "  file",
    ]
    for file in report.files:
        counts = (
            file.read,
            file.attempts,
            file.passed,
            file.without_verdict,
            file.turns,
            file.tips,
            file.malformed,
            sum(file.left_out.values()) - file.malformed,
            file.added,
        )
        lines.append("".join(str(count).rjust(11) for count in counts) + f"  {_name(file)}")
    for file in report.files:
        lines += [f"  {_name(file)}: malformed {line}" for line in file.first_malformed]
        lines += [f"  {_name(file)}: {role}: {note}" for role, note in file.notes.items()]
        lines += [f"  {_name(file)}: {said}" for said in file.unread]
    if known := sum(file.known for file in report.files):
        which = (
            _name(report.files[0]) if known == len(report.files) == 1 else counted(known, "file")
        )
        lines.append(f"  nothing new in {which}: taken in before")
    if report.left_out:
        counts = ", ".join(
            f"{why} {count}{_first(report.files, why)}"
            for why, count in sorted(report.left_out.items())
        )
        lines.append(f"  left out: {counts}")
    if report.passed_over:
        lines.append(_not_read(report.passed_over))
    if report.hint:
        lines.append(f"  hint: {report.hint}")
    if report.splits:
        counts = ", ".join(f"{split} {count}" for split, count in report.splits.items())
        lines.append(f"  splits of new groups: {counts}")
        if "quarantine" in report.splits:
            lines.append(
                "  quarantined items ask nearly what items of another split ask: they are neither"
                " trained on nor measured"
            )
    # A name may hold half a character, which no terminal takes.
    return "\n".join(lines).encode("utf-8", "backslashreplace").decode()


def _not_read(places: list[str]) -> str:
    """Return a line about files that the pattern of the source does not name."""
    first = places[0]
    pattern = "**/*.json*" if ".json" in first else f"**/*.{first.rpartition('.')[2]}"
    count = counted(len(places), "file")
    return f"  not read: {count}, such as {first}: source.files='{pattern}' names it"


def _first(files, reason: str) -> str:
    """Return the place of a reason's first record, with its file if there are several."""
    found = next((file for file in files if file.first_left_out.get(reason)), None)
    if found is None:
        return ""
    where = f" of {_name(found)}" if len(files) > 1 else ""
    return f" (first: {found.first_left_out[reason]}{where})"


def _name(file) -> str:
    return file.source.rpartition("/")[2]
