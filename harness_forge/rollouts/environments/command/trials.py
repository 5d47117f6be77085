"""What is tried on every item before it may be attempted, and what was found.

Kept by the item's and the evaluator's digest, an item a line, so that a survey
that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from harness_forge.rollouts.environments.sandbox.pool import cores

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Trial:
    """One item tried in every way that must fail, and with the answer that must pass.

    Each is a verdict in words. Args:
        untouched, empty, wiped: without an answer, with empty arguments, with everything deleted.
        gold: with the known answer; '' if there is none.
        other: with another item's known answer.
        again: what `untouched` and `gold` said the second time.
        said: the judge's reason where gold does not pass.
        seconds: of one judged attempt.
        by_line: the judge's last line says whether it passes, and its exit code does not.
    """

    untouched: str
    empty: str
    wiped: str
    gold: str
    again: tuple[str, str]
    other: str = ""
    said: str = ""
    seconds: float = 0.0
    by_line: bool = False

    @property
    def differs(self) -> str:
        """What the judge said of the same files, first and then; '' if it said the same."""
        for what, first, then in (
            ("untouched", self.untouched, self.again[0]),
            ("gold", self.gold, self.again[1]),
        ):
            if first != then and "limit on" not in first + then:
                return f"{what}: first {first!r}, then {then!r}"
        return ""

    @property
    def is_passing_by(self) -> bool:
        """Whether a slow moment or a whim may be behind it: the next check tries it again."""
        said = (self.untouched, self.empty, self.wiped, self.gold, self.other, *self.again)
        return bool(self.differs) or any("limit on wall" in word for word in said)

    @property
    def reason(self) -> str:
        """Why the item cannot be attempted; '' if it can."""
        if self.differs:
            return f"the judge differs: {self.differs}"
        if (self.untouched, self.gold) != self.again:
            return f"the judge differs, at a limit: {self.untouched}; {self.gold}; {self.again}"
        for what, word in (
            ("untouched", self.untouched),
            ("an empty answer", self.empty),
            ("everything deleted", self.wiped),
        ):
            if word.startswith("pass"):
                return f"passes with {what}" if what != "untouched" else "passes untouched"
        if not self.untouched.startswith("fail"):
            return f"no verdict untouched: {self.untouched}"
        if self.gold and not self.gold.startswith("pass"):
            return f"gold does not pass: {self.gold}" + (f", {self.said}" if self.said else "")
        return ""


class Trials:
    """Trials by item digest, kept in a file.

    Args:
        path: the file; None keeps them in memory.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._known = _read(path)

    def __getitem__(self, digest: str) -> Trial:
        return self._known[digest]

    def __contains__(self, digest: str) -> bool:
        return digest in self._known

    def measure(
        self,
        wanted: Mapping[str, Callable[[], Trial]],
        progress: Progress | None = None,
    ) -> None:
        """Make the trials that are not known, on all cores; what is made is kept at once."""
        missing = [(key, make) for key, make in wanted.items() if key not in self._known]
        if not missing:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if progress:
            progress(0, len(missing))  # its clock runs from here

        def one(pair: tuple[str, Callable[[], Trial]]) -> None:
            self._keep(pair[0], pair[1]())

        with ThreadPoolExecutor(cores()) as pool:
            try:
                for done, _ in enumerate(pool.map(one, missing), 1):
                    if progress:
                        progress(done, len(missing))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _keep(self, key: str, trial: Trial) -> None:
        line = json.dumps({"digest": key, **asdict(trial)})
        with self._lock:
            self._known[key] = trial
            if trial.is_passing_by:
                return
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


def _read(path: Path) -> dict[str, Trial]:
    found: dict[str, Trial] = {}
    try:
        lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            row = json.loads(line)
            digest = row.pop("digest")
            found[digest] = Trial(**row | {"again": tuple(row["again"])})
        except (ValueError, KeyError, TypeError):
            continue  # a line that was cut when the process was killed
    return found
