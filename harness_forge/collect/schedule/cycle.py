"""One cycle as a process: how it is started, stopped so that it can go on, and summed up."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import counted
from harness_forge.serving.state import Process, process

LIMIT_S = 60.0
"""A cycle has ended so many seconds after it is told to stop."""

_SIGNALS = ((signal.SIGINT, 25.0), (signal.SIGTERM, 45.0), (signal.SIGKILL, 58.0))
"""What is sent, and until when an answer is waited for, in seconds from the first.

A training needs up to 20 seconds after SIGINT: it ends Axolotl, and keeps its checkpoint.
"""

_AFTER_S = 3600.0
_POLL_S = 0.1
_STAGE = re.compile(r"^Running stage '([^']+)':", re.MULTILINE)
_DECIDED = re.compile(
    r"^((?:promoted|rejected|inconclusive|incomplete|awaiting approval): .*)$", re.MULTILINE
)
"""How `forge promote` and `forge report` begin, where a cycle is no pipeline of DVC."""
_LOGS = 50
_NAME = re.compile(r"[\d-]+-(\d+)-(\d{3,})\.log")
_FORGE = "forge: "
"""How forge says what is wrong, as the last thing it says; notes of its own may begin so too."""
_DVC = ("ERROR: ", "'./dvc.yaml' is invalid")
"""How lines begin in which DVC says what is wrong, the first of them what it is."""

_CURRENT = "pipelines are up to date"
"""What DVC says where no stage had to run."""
INPUTS = ("dvc.yaml", "params.yaml", "conf", "recipes")
"""Files and folders of files that say what a cycle does."""

_BEFORE_DATA = frozenset(("compose", "attempt", "watermark", "export", "pairs"))
"""Stages of forge's pipeline until both datasets are there.

What lies behind one of the two is not all that remains; nothing was trained yet, so nothing is
lost when all is asked for again.
"""


def program(command: Sequence[str]) -> list[str]:
    """Return a command with the place of its program: beside forge, or on the path.

    Raises:
        ConfigError: there is no such program.
    """
    beside = Path(sys.executable).parent / command[0]
    found = str(beside) if beside.is_file() else shutil.which(command[0])
    if not command[0] or found is None:
        hint = "install it beside forge, or set schedule.command"
        raise ConfigError("schedule.command", f"there is no program {command[0]!r}", hint)
    return [found, *command[1:]]


def continued(command: Sequence[str], stage: str, same: bool) -> list[str]:
    """Return the command by which a cycle that was stopped goes on.

    The rows that came meanwhile belong to the next cycle: exporting them would make
    another dataset, and the training that was stopped would begin anew.

    Args:
        stage: the last that it began; '' for none.
        same: nothing changed in the files that say what a cycle does.
    """
    goes_on = bool(stage) and stage not in _BEFORE_DATA and same
    if list(command[-2:]) == ["dvc", "repro"] and goes_on:
        return [*command, "--downstream", stage]
    return list(command)


def inputs(project: Path) -> str:
    """Return a digest of the files that say what a cycle does."""
    digest = hashlib.sha256()
    for name in INPUTS:
        there = [project / name, *sorted((project / name).rglob("*"))]
        for file in (one for one in there if one.is_file()):
            digest.update(f"{file.relative_to(project)}\0".encode())
            with suppress(OSError):
                digest.update(file.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()[:32]


def start(command: Sequence[str], log: Path) -> subprocess.Popen:
    """Start a cycle in this folder; what it prints goes to `log`.

    Raises:
        OSError: the log or the process cannot be made.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    for old in sorted(log.parent.glob("*.log"), key=_order)[: -_LOGS + 1]:
        old.unlink(missing_ok=True)
    beside = Path(sys.executable).parent
    variables = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"}
    words = program(command)
    # A shell lets what it starts in the background ignore SIGINT, which a cycle must hear.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with log.open("wb") as out:
            # A group of its own: Ctrl-C is for the supervisor, which stops the cycle in its way.
            return subprocess.Popen(
                words,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    finally:
        signal.signal(signal.SIGINT, before)


def after(command: Sequence[str], log: Path) -> str:
    """Run a command after a cycle, its output added to the cycle's; return how it ended."""
    beside = Path(sys.executable).parent
    variables = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        with log.open("ab") as out:
            done = subprocess.run(
                program(command),
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=_AFTER_S,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{' '.join(command)}: {error}"
    return f"{' '.join(command)} ended with code {done.returncode}: {_last_words(log)}"


def _order(log: Path) -> tuple[int, int, str]:
    """Return a log's number and start: its date is only as good as the clock of then."""
    found = _NAME.fullmatch(log.name)
    return (int(found[1]), int(found[2]), log.name) if found else (0, 0, log.name)


def last_number(folder: Path) -> int:
    """Return the highest number of a cycle whose output is in `folder`; 0 if none is."""
    return max((_order(log)[0] for log in folder.glob("*.log")), default=0)


def stages(log: Path) -> list[str]:
    """Return the stages that a cycle began, in order."""
    return _STAGE.findall(_text(log))


def stop(leader: Process, reap: Callable[[], Any] = lambda: None) -> bool:
    """Stop a cycle and all that it started; return whether it has ended.

    Its own group is asked first, as Ctrl-C asks it: stages then keep what they have.
    What goes on all the same is ended one by one, also in sessions of its own.

    Args:
        reap: collects a child of this process that has ended.
    """
    began = time.monotonic()
    found = _family(leader, set())
    for number, until in _SIGNALS:
        if number is signal.SIGINT:
            with suppress(ProcessLookupError):
                os.killpg(leader.pid, number)
        else:
            for one in found:
                if one.alive:
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(one.pid, number)
        while time.monotonic() - began < until:
            reap()
            found = _family(leader, found)
            if not any(one.alive for one in found):
                reap()
                return True
            time.sleep(_POLL_S)
    return not any(one.alive for one in found)


def _family(leader: Process, known: set[Process]) -> set[Process]:
    """Return a process and all its descendants, with those that were known before."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                words = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
                parents.setdefault(int(words[1]), []).append(int(folder.name))
    found = {leader, *known}
    open_ = [one.pid for one in found if one.alive]
    while open_:
        for pid in parents.pop(open_.pop(), []):
            found.add(process(pid))
            open_.append(pid)
    return found


def outcome(began: Sequence[str], code: int, log: Path, project: Path) -> str:
    """Return what a cycle came to, in a line.

    Args:
        began: its stages that ran, over all its starts.
        code: how its process ended.
    """
    if code:
        where = f" in stage {began[-1]}" if began else ""
        if code < 0:
            # Nobody had time for words: the last ones are about something else.
            return f"killed by {_signal_name(-code)}{where}"
        return f"code {code}{where}: {_last_words(log)}"
    parts = []
    if "export" in began:
        rows = _json(project / "data" / "dataset" / "manifest.json").get("examples")
        parts.append(f"{counted(_total(rows), 'row')} exported" if rows else "no rows exported")
    promoted = _json(project / "outputs" / "promote.json")
    if any(name.startswith("train_") for name in began) and (project / "outputs/adapters").is_dir():
        name = promoted.get("candidate", {}).get("name") if "promote" in began else None
        parts.append(f"adapter {name}" if name else "an adapter in outputs/adapters")
    if parts and "promote" in began:
        parts.append(
            f"decision {promoted.get('decision', 'none')}: {promoted.get('why', '')}".rstrip(": ")
        )
    if parts:
        return "; ".join(parts)
    if not began:
        last = _last_words(log)
        if _CURRENT in last:
            return "nothing: every stage is up to date"
        decided = _DECIDED.findall(_text(log))
        return f"decision {decided[-1]}" if decided else f"ended: {last}"
    if "watermark" in began:
        return f"nothing new: no row was added or changed ({', '.join(began)} ran)"
    return f"{counted(len(began), 'stage')} ran: {', '.join(began)}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _total(rows: Any) -> int:
    if isinstance(rows, dict):
        return sum(_total(one) for one in rows.values())
    return rows if isinstance(rows, int) else 0


def _last_words(log: Path) -> str:
    said = [line.strip() for line in _text(log).splitlines() if line.strip()]
    forge = [line for line in said if line.startswith(_FORGE)][-1:]
    dvc = [line for line in said if line.startswith(_DVC)][:1]
    return (forge or dvc or said[-1:] or ["it said nothing"])[0][:200]


def _text(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
