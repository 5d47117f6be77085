"""Stores a judge's verdicts, one JSON line per question, so that judging can resume."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path

import orjson

from harness_forge.core.errors import EvalError
from harness_forge.core.files import add_line, finished, mend


class Preference(StrEnum):
    """Which answer of a pair is better."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    INCONSISTENT = "inconsistent"  # it changed when the answers changed places


@dataclass(frozen=True, slots=True)
class JudgeVerdict:
    """The verdict on one question.

    Args:
        key: of the question.
        fingerprint: of everything that the verdict depends on, the judge included.
        judge, digest: who judged.
        scores: by criterion, 0 to 1; None for a pair or no verdict.
        pick: A, B or tie; None for a single answer or no verdict.
        unjudged: why there is no verdict: unparsable, cut_off, refused or
            no_answer; '' if there is one.
        tries: how often the judge was asked.
        said: the judge's last answer.
    """

    key: str
    fingerprint: str
    judge: str
    digest: str
    scores: dict[str, float] | None
    pick: str | None
    unjudged: str
    tries: int
    said: str


class VerdictFile:
    """A file of verdicts. It is append-only; a torn last line is ignored.

    Use it as a context manager while adding; only one process at a time can add.

    Raises:
        EvalError: another process is adding to it, or a line cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = None

    def __enter__(self) -> VerdictFile:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # It quotes answers: other users may not read it.
        self._file = open(
            self.path, "a+b", buffering=0, opener=lambda name, flags: os.open(name, flags, 0o600)
        )
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise EvalError(str(self.path), "is being judged by another process") from None
        mend(self._file.fileno())
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, verdict: JudgeVerdict) -> None:
        """Append a verdict."""
        add_line(self._file.fileno(), orjson.dumps(asdict(verdict)))

    def known(self) -> dict[str, JudgeVerdict]:
        """Return the last verdict of each question, by key."""
        names = {field.name for field in fields(JudgeVerdict)}
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        found = {}
        for number, line in enumerate(finished(text).splitlines(), start=1):
            try:
                row = orjson.loads(line)
                verdict = JudgeVerdict(**{key: row[key] for key in row if key in names})
            except (ValueError, TypeError):
                where, hint = f"{self.path}, line {number}", "remove the line: it is judged again"
                raise EvalError(where, "is no verdict", hint) from None
            found[verdict.key] = verdict
        return found


def settled(first: JudgeVerdict | None, second: JudgeVerdict | None) -> Preference | None:
    """Combine the verdicts of both orders of a pair; None if one is missing.

    Args:
        first: asked with the first answer as A; `second` with the second as A.
    """
    if first is None or second is None or not (first.pick and second.pick):
        return None
    straight = {"A": Preference.FIRST, "B": Preference.SECOND, "tie": Preference.TIE}[first.pick]
    swapped = {"A": Preference.SECOND, "B": Preference.FIRST, "tie": Preference.TIE}[second.pick]
    return straight if straight is swapped else Preference.INCONSISTENT


def reasons(verdicts: Iterable[JudgeVerdict]) -> dict[str, int]:
    """Return the number of questions without a verdict, by reason."""
    counts: dict[str, int] = {}
    for verdict in verdicts:
        if verdict.unjudged:
            counts[verdict.unjudged] = counts.get(verdict.unjudged, 0) + 1
    return dict(sorted(counts.items()))
