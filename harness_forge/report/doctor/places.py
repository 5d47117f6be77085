"""What forge uses: store, ledgers, base model, worksets."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from harness_forge.config.compose.project import locks_folder
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.workset import WorksetConfig
from harness_forge.core.errors import ForgeError, WorksetError
from harness_forge.core.numbers import count, counted, size
from harness_forge.registry import decisions
from harness_forge.registry.models.folder import find_base_model
from harness_forge.report.doctor.finding import CheckVerdict, Finding, fail, note, of_error, ok
from harness_forge.store import activity
from harness_forge.store.migrations import HEAD
from harness_forge.store.opening import has_store, opened_store
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.training.unfinished import unfinished
from harness_forge.worksets.installing import check_python
from harness_forge.worksets.worksets import python_of, status


def store(config: ForgeConfig, now: datetime, marks: dict[str, datetime]) -> Iterator[Finding]:
    """Yield what `forge store status` knows, and whether each skill can be read.

    Args:
        marks: gets the latest time of each skill's attempts, and the server's own.
    """
    if not has_store(config):
        yield note("store", "server", "none yet", "forge run or forge ingest makes one")
        return
    try:
        with opened_store(config) as opened:
            found = opened.status()
            kind = "embedded " if found["embedded"] else ""
            held = f"{counted(len(found['skills']), 'skill')}, {size(found['size_bytes'])}"
            version = found["server_version"]
            yield ok("store", "server", f"{kind}PostgreSQL {version}, {held}")
            for name, skill in found["skills"].items():
                if not skill["current"]:
                    said = f"is at step {skill['revision']}, which is not this forge's"
                    newer = (skill["revision"] or "") > HEAD
                    remedy = "use the newer forge" if newer else "forge store upgrade"
                    yield fail("store", name, said, remedy)
                    continue
                with opened.skill(name).connect_read_only() as connection:
                    recency = activity.recency(connection, now, now)
                    server = connection.execute("SELECT now()").fetchone()[0]
                    marks["the store's server says"] = server
                if recency.furthest:
                    marks[f"the last attempt of {name} is of"] = recency.furthest
                yield ok("store", name, f"{count(skill['rows']['attempts'])} attempts")
    except ForgeError as error:
        yield of_error("store", "server", error)


def ledgers(config: ForgeConfig, marks: dict[str, datetime]) -> Iterator[Finding]:
    """Yield whether the ledgers are as they were written.

    Args:
        marks: gets the time of the last decision.
    """
    home = Path(config.forge_home)
    try:
        lines = decisions.read(home)
        yield ok("ledgers", "decisions", f"{counted(len(lines), 'line')}, each as it was written")
        if lines:
            marks["the last decision is of"] = decisions.time_of(lines[-1])
    except ForgeError as error:
        yield of_error("ledgers", "decisions", error)
    try:
        looks = HoldoutLedger(config.budget, home).facts()["looks"]
        yield ok("ledgers", "looks", f"{counted(looks, 'look')} of candidates at held-out items")
    except ForgeError as error:
        yield of_error("ledgers", "looks", error)


def model(config: ForgeConfig, *, needed: bool) -> Finding:
    """Return whether the base model is there.

    Args:
        needed: the loop of this folder trains it.
    """
    try:
        found = find_base_model(config.model, Path(config.forge_home))
    except ForgeError as error:
        verdict = CheckVerdict.FAIL if needed else CheckVerdict.NOTE
        return of_error("model", config.model.name, error, verdict)
    return ok("model", found.name, str(found.folder))


def trainings(config: ForgeConfig) -> Iterator[Finding]:
    """Yield each training that stands half done."""
    for one in unfinished(Path(config.forge_home)):
        remedy = "" if one.runs else f"{one.remedy}; or delete {one.place}"
        yield note("training", one.name, f"half done: {one.state}", remedy)


def worksets(config: ForgeConfig, needed: Collection[str]) -> Iterator[Finding]:
    """Yield the status of each workset, as `forge workset ls` has it.

    Args:
        needed: those that the loop of this folder cannot do without.
    """
    home = Path(config.forge_home)
    for name, workset in config.worksets.items():
        if not workset.variants:
            continue  # only declared
        install = f"forge workset install {name}"
        try:
            found = status(name, workset, home, locks_folder(workset))
            if found == "missing":
                yield _missing(name, workset, name in needed)
                continue
            python_of(name, home)
        except ForgeError as error:
            yield of_error("worksets", name, error)
            continue
        if found == "outdated":
            remedy = f"forge workset remove {name}, then {install}"
            yield fail("worksets", name, "its lock has changed since it was installed", remedy)
        else:
            yield ok("worksets", name, found)


def _missing(name: str, workset: WorksetConfig, needed: bool) -> Finding:
    said, verdict = f"not installed ({workset.summary})", fail if needed else note
    if needed:
        said = f"{said}; the recipe of params.yaml needs it"
    try:
        check_python(name, workset.python)
    except WorksetError as error:
        return verdict("worksets", name, f"{said}; it {error.what}", error.hint)
    return verdict("worksets", name, said, f"forge workset install {name}")
