"""Trainings that stand half done: how far each is, and what goes on with it."""

from __future__ import annotations

import fcntl
import json
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.files import write_json
from harness_forge.core.numbers import seconds
from harness_forge.registry.adapters.package import CONFIG, WEIGHTS
from harness_forge.training.progress import steps_in

BEGUN = "begun.json"
"""What began a training, in its folder: adapter, command and the folder that it was given in."""


@dataclass(frozen=True)
class Unfinished:
    """A training that has made steps and not ended.

    Args:
        name: of the adapter that it makes; the training's key where not known.
        step: the last that was logged, of `steps`.
        checkpoint: the step that it goes on from; 0 begins anew.
        runs: a process is at it now.
        idle_s: seconds since its last step.
        command: what goes on with it; '' where not known.
        folder: where that command belongs.
        place: its folder, to delete if nobody wants it any more.
    """

    name: str
    step: int
    steps: int
    checkpoint: int
    runs: bool
    idle_s: float
    command: str
    folder: str
    place: Path

    def __str__(self) -> str:
        end = "" if self.runs else f"; {self.remedy} goes on"
        return f"{self.name} {self.state}{end}"

    @property
    def state(self) -> str:
        """How far it is, and what is kept of it."""
        at = f"is at step {self.step} of {self.steps}"
        if self.runs:
            return f"{at}, and runs"
        kept = f"the checkpoint of step {self.checkpoint}" if self.checkpoint else "no checkpoint"
        return f"{at}, stopped {seconds(self.idle_s)} ago, with {kept}"

    @property
    def remedy(self) -> str:
        """What to type, in words where it is not known."""
        if not self.command:
            return "the command that began it"
        away = self.folder and Path(self.folder) != Path.cwd()
        return f"`{f'cd {shlex.quote(self.folder)}; ' if away else ''}{self.command}`"


def note_begun(place: Path, name: str) -> None:
    """Write down which command has begun a training."""
    program, *words = sys.argv
    known = Path(program).name in ("forge", "__main__.py")
    command = shlex.join(["forge", *words]) if known else ""
    if words[:1] == ["stage"] and Path("dvc.yaml").is_file():
        command = "dvc repro"
    facts = {"adapter": name, "command": command, "folder": str(Path.cwd())}
    write_json(place / BEGUN, facts)


def unfinished(home: Path) -> Iterator[Unfinished]:
    """Yield the trainings of a forge home that stand half done, the newest first.

    Nothing is changed: a checkpoint that a killed writer left incomplete stays.
    """
    metrics = [one for one in (home / "training").glob("*/metrics.jsonl") if one.is_file()]
    for path in sorted(metrics, key=lambda one: one.stat().st_mtime, reverse=True):
        place, (step, steps) = path.parent, _last(path)
        # What has ended was packaged, and its checkpoints are deleted.
        if not steps or (step >= steps and not (place / "out").is_dir()):
            continue
        begun = _begun(place)
        yield Unfinished(
            name=begun.get("adapter") or place.name,
            step=step,
            steps=steps,
            checkpoint=max(complete(place / "out"), default=0),
            runs=_is_locked(place / "lock"),
            idle_s=max(time.time() - path.stat().st_mtime, 0.0),
            command=begun.get("command") or "",
            folder=begun.get("folder") or "",
            place=place,
        )


def complete(out: Path) -> dict[int, Path]:
    """Return the complete checkpoints in a folder, by step.

    The trainer's state is written last, and only then is the previous checkpoint deleted.
    """
    found = {}
    for folder in out.glob("checkpoint-*"):
        try:
            json.loads((folder / "trainer_state.json").read_bytes())
            found[int(folder.name.rpartition("-")[2])] = folder
        except (OSError, ValueError):
            continue
    return found


def take_finished(place: Path, step: int) -> bool:
    """Put the adapter of a training's last step where Axolotl puts it at its end.

    A trainer outlives a forge that was killed, and may be killed after its last step. Resumed from
    there it makes a step more than it should. The checkpoint has the same weights, and is of that
    step for certain: an adapter beside it may be an older one, of a stop in between.

    Args:
        step: of the newest complete checkpoint.

    Returns:
        False where there is more to train, and nothing was changed.
    """
    folder = place / "out" / f"checkpoint-{step}"
    try:
        state = json.loads((folder / "trainer_state.json").read_bytes())
        ended = state["global_step"] >= state["max_steps"] > 0
    except (OSError, LookupError, TypeError, ValueError):
        return False
    files = [folder / CONFIG, folder / WEIGHTS]
    if not (ended and _last(place / "metrics.jsonl")[0] == step and all(map(Path.is_file, files))):
        return False
    for file in files:
        shutil.copyfile(file, place / "out" / file.name)
    return True


def _last(metrics: Path) -> tuple[int, int]:
    """Return the last step and how many there are to be; (0, 0) where the file does not say."""
    try:
        last = steps_in(metrics)[-1]
        return int(last["step"]), int(last["steps"])
    except (OSError, LookupError, TypeError, ValueError):
        return 0, 0


def _begun(place: Path) -> dict[str, Any]:
    try:
        found = json.loads((place / BEGUN).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_locked(lock: Path) -> bool:
    """Return whether a process holds a training's lock."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
