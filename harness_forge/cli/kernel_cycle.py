"""One cycle of the kernel: the verbs that a user would type, one after the other.

What was done is noted, so that a cycle that was stopped goes on with the rows that it began
with. Trainings go on from their last checkpoint by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.core.errors import ExportError, RunError
from harness_forge.core.files import locked, write_json

if TYPE_CHECKING:
    from harness_forge.cli.agent_kernel import Kernel

Say = Callable[[str], None]

SFT = ("export", "format=sft"), ("train",)
DPO = ("export", "format=dpo"), ("train", "dpo")


def cycle(kernel: Kernel, overrides: Sequence[str], *, again: bool, say: Say) -> str:
    """Score what waits, train, validate and decide; return the candidate's name.

    Where no prompt has a good and a bad answer there are no pairs, and the adapter of the first
    stage is the candidate.

    Args:
        again: begin anew, whatever a stopped cycle did.
        say: called with each step.

    Raises:
        RunError: another cycle of this skill runs.
        ForgeError: as the steps; what was done is kept.
    """
    config = kernel.config
    note = Path(config.forge_home) / "kernel" / f"{config.skill.name}.cycle.json"
    busy = RunError(str(note), "another cycle runs", "wait for it")
    with locked(note.with_suffix(".lock"), busy):
        steps = _Steps(note, list(overrides), say)
        if again:
            steps.forget()
        steps.once("score", lambda: _score(kernel, say))
        for words in SFT:
            steps.run(*words)
        candidate = config.train.name
        if _has_pairs(steps, say):
            steps.run(*DPO[1])
            candidate = config.dpo.name or f"{candidate}-dpo"
        steps.run("prove", candidate)
        # Suites of forge's own items have no split: this names the file that a decision reads.
        steps.run("evaluate", candidate, "run.split=holdout")
        steps.run("promote", candidate)
        steps.run("report")
        steps.forget()
    return candidate


class _Steps:
    """Runs each step once, also over several calls with the same overrides."""

    def __init__(self, note: Path, overrides: list[str], say: Say) -> None:
        self._note, self._overrides, self._say = note, overrides, say
        self.done: dict[str, str] = {}
        if note.is_file():
            found = json.loads(note.read_text(encoding="utf-8"))
            self.done = found["done"] if found.get("overrides") == overrides else {}

    def once(self, name: str, act: Callable[[], str]) -> str:
        """Return what a step came to, doing it if that was not done."""
        if name in self.done:
            self._say(f"{name}: done before")
        else:
            self.done[name] = act()
            write_json(self._note, {"overrides": self._overrides, "done": self.done})
        return self.done[name]

    def run(self, verb: str, *words: str) -> None:
        """Run a verb. A decision is a result, whatever its exit code says."""
        self.once(" ".join((verb, *words)), lambda: self._run(verb, *words))

    def forget(self) -> None:
        """Forget what was done."""
        self.done = {}
        self._note.unlink(missing_ok=True)

    def _run(self, verb: str, *words: str) -> str:
        argv = [*words, *self._overrides]
        self._say(f"forge {verb} {' '.join(argv)}")
        import_module(f"harness_forge.cli.{verb}").main(argv)
        return "done"


def _score(kernel: Kernel, say: Say) -> str:
    taken = kernel.score_waiting()
    say(f"{taken} turns taken in")
    return "done"


def _has_pairs(steps: _Steps, say: Say) -> bool:
    """Export the pairs; return whether there are any."""

    def export() -> str:
        try:
            steps._run(*DPO[0])
        except ExportError as error:
            say(f"no pairs to train on, the first stage's adapter is the candidate: {error.said}")
            return "none"
        return "done"

    return steps.once(" ".join(DPO[0]), export) == "done"
