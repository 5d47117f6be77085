"""The holdout ledger: records each evaluation on a holdout (a look), and its share of alpha.

Enough looks at a holdout make some candidate win by luck. So each look is
recorded before the first item is attempted, and each candidate spends a part of an
error budget fixed in advance (`levels`). Baselines are recorded but spend nothing,
because they are not promoted.

The file belongs to the project and git keeps it: a clone knows the looks that were
made elsewhere. Its lines are chained, so an edited or removed one is detected; a cut
or deleted file is filled up again from what else knows of looks: the old ledger in
forge's home, and what the caller read in the store.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.budget import BudgetConfig
from harness_forge.core import chain
from harness_forge.core.errors import EvalError
from harness_forge.core.files import add_line, finished, mend
from harness_forge.core.numbers import counted
from harness_forge.store.splits.levels import LookLevel, check, next_level, plan, same_look
from harness_forge.store.splits.looks import NO_LOOK, Look, is_look, parse

BEFORE = "the ledger in forge's home"
"""The source of looks from where the ledger was kept before; its path is one of this machine."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class LedgerState:
    """What a ledger holds.

    Args:
        looks: every look, oldest first.
        hashes: of its lines; those of an unchained beginning have one together.
        chained: whether a line with a hash was read.
    """

    looks: tuple[Look, ...] = ()
    hashes: tuple[str, ...] = ()
    chained: bool = False

    @property
    def head(self) -> str:
        """Return the first 12 digits of the last line's hash; '' of an empty ledger."""
        return self.hashes[-1][:12] if self.hashes else ""

    def facts(self) -> dict[str, Any]:
        """Return what a decision holds of it: lines, looks that spent, and the head."""
        spent = sum(look.spends for look in self.looks)
        return {"lines": len(self.looks), "looks": spent, "head": self.head}


class _Lines:
    """The lines of a ledger while they are read and added: a state that grows in place."""

    def __init__(self) -> None:
        self.looks: list[Look] = []
        self.hashes: list[str] = []
        self.chained = False

    @property
    def last(self) -> str:
        return self.hashes[-1] if self.hashes else chain.FIRST

    def add(self, row: dict[str, Any]) -> dict[str, Any]:
        """Add a look and return its line, chained to the last one."""
        line = chain.linked(row, self.last)
        self.looks.append(parse(row))
        self.hashes.append(line[chain.HASH])
        self.chained = True
        return line

    def state(self) -> LedgerState:
        return LedgerState(tuple(self.looks), tuple(self.hashes), self.chained)


class HoldoutLedger:
    """The ledger of one project, `budget.ledger`; append-only.

    Args:
        budget: where it is, and how much all looks at a holdout may spend together.
        home: forge's home; looks of a ledger there, where it was kept before, count too.

    Raises:
        EvalError: the budget's values add up to more than its alpha.
    """

    def __init__(self, budget: BudgetConfig | None = None, home: Path | None = None) -> None:
        self._budget = budget or BudgetConfig()
        self.path = Path(self._budget.ledger)
        self._old = home / "ledger" / "looks.jsonl" if home else None
        check(self._budget)

    def state(self, known: Sequence[Look] = ()) -> LedgerState:
        """Return every look, those included that the next `record` writes first.

        A torn last line is ignored; a last line that lacks only its newline counts.

        Args:
            known: looks that the store knows of, oldest first.

        Raises:
            EvalError: another line cannot be read, was changed, or is missing.
        """
        found = self._read(finished(_bytes(self.path), is_look))
        self._missing(found, known)
        return found.state()

    def all(self) -> list[Look]:
        """Return every look, oldest first; raises as `state` does."""
        return list(self.state().looks)

    def facts(self) -> dict[str, Any]:
        """Return path, lines, looks that spent, and head; raises as `state` does."""
        return {"path": str(self.path), **self.state().facts()}

    def of(self, skill: str, run_id: str) -> Look | None:
        """Return the look of a run, None if it has none."""
        return next((k for k in self.all() if k.identity == (skill, run_id)), None)

    def level(self, look: Look, known: Sequence[Look] = ()) -> LookLevel:
        """Return the level that a candidate's look has, or would have; raises as `record` does."""
        looks = self.state(known).looks
        for one in looks:
            if one.identity == look.identity:
                return LookLevel(one.number, one.alpha, one.same_as)
        return next_level(looks, look, self._budget)

    def record(self, look: Look, known: Sequence[Look] = (), say: Say = lambda text: None) -> Look:
        """Record a look, and return it with its number and level.

        The same run is the same look. The line is synced to disk on return.

        Args:
            known: looks that the store knows of; those without a line get one first.
            say: called with what was added.

        Raises:
            EvalError: the ledger cannot be read or written, or the budget was raised.
        """
        with self._locked() as file:
            # A torn line does not count: no item is attempted before the line is on the disk.
            found = self._read(mend(file.fileno(), is_look))
            missing = self._missing(found, known)
            for line in missing:
                _append(file, line)
            self._tell(missing, say)
            for one in found.looks:
                if one.identity == look.identity:
                    return one
            level = next_level(found.looks, look, self._budget)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            budget = plan(self._budget) if level.alpha else None
            _append(file, found.add(_row(look, level, now, budget)))
            return found.looks[-1]

    def _missing(self, found: _Lines, known: Sequence[Look]) -> list[dict[str, Any]]:
        """Add the lines that the ledger should have and lacks, and return them."""
        have, lines = {look.identity for look in found.looks}, []
        for look in (*self._elsewhere(), *known):
            if look.identity in have:
                continue
            have.add(look.identity)
            level, budget = LookLevel(look.number, look.alpha, look.same_as), look.budget
            if look.candidate and look.tested and not look.number:
                planned_by = _cautious(self._budget)
                level = next_level(found.looks, look, planned_by, refuse=False)
                budget = plan(planned_by)
            elif look.spends and look.number:
                level = replace(level, same_as=same_look(found.looks, look))
            lines.append(found.add(_row(look, level, look.time, budget)))
        return lines

    def _elsewhere(self) -> list[Look]:
        """Return the looks of the ledger in forge's home, where it was kept before."""
        if self._old is None or self._old.absolute() == self.path.absolute():
            return []
        old = self._read(finished(_bytes(self._old), is_look), self._old)
        return [replace(look, source=look.source or BEFORE) for look in old.looks]

    def _tell(self, missing: Sequence[dict[str, Any]], say: Say) -> None:
        for source in dict.fromkeys(row["source"] for row in missing):
            rows = [row for row in missing if row["source"] == source]
            looks = counted(len(rows), "look")
            if source == BEFORE:
                say(f"{self.path}: took over {looks} from {self._old}, which stays as it is")
                continue
            runs = ", ".join(row["run_id"] for row in rows)
            say(
                f"{self.path}: lacked {looks} that {source} knows of: {runs}; now in it, and "
                "counted. If it was cut, put it back from git"
            )

    def _read(self, text: bytes, path: Path | None = None) -> _Lines:
        path, found, plain = path or self.path, _Lines(), sha256()
        for number, line in enumerate(text.splitlines(), start=1):
            where = f"{path}, line {number}"
            try:
                row = json.loads(line)
                look = parse(row)
            except NO_LOOK:
                raise EvalError(
                    where,
                    "is no look at a holdout",
                    "put back what it said: without it nobody knows how often was looked",
                ) from None
            if found.chained or chain.HASH in row:
                if what := chain.fault(row, found.last):
                    hint = f"put the ledger back as it was: git checkout -- {path}"
                    raise EvalError(where, what, hint)
                found.hashes.append(row[chain.HASH])
                found.chained = True
            else:
                # Lines from before the chain stand at the beginning and are hashed together.
                plain.update(line + b"\n")
                found.hashes = [plain.hexdigest()]
            found.looks.append(look)
        return found

    @contextmanager
    def _locked(self) -> Iterator:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
        except OSError as error:
            what = f"cannot be written: {error.strerror or error}"
            raise EvalError(
                str(self.path), what, "nothing was asked; make room and try again"
            ) from error


def _row(
    look: Look, level: LookLevel, time: str, budget: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return a look as its line holds it; what is empty of the newer keys is left out."""
    row = {
        **asdict(look),
        "items": sorted(look.items),
        "keys": sorted(look.keys),
        "size": len(look.items),
        "time": time,
        "number": level.number,
        "alpha": level.alpha,
        "same_as": level.same_as,
        "budget": budget,
    }
    optional = ("keys", "same_as", "source", "budget", "recipe")
    return {key: value for key, value in row.items() if value or key not in optional}


def _cautious(budget: BudgetConfig) -> BudgetConfig:
    """Return the budget of looks without a line: never more than the default one.

    Otherwise a ledger could be deleted and filled up under a raised budget.
    """
    default = BudgetConfig()
    lower = budget.schedule is default.schedule and budget.alpha <= default.alpha
    return budget if lower else default


def _append(file, line: Mapping[str, Any]) -> None:
    add_line(file.fileno(), json.dumps(line, ensure_ascii=False).encode())
    os.fsync(file.fileno())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise EvalError(str(path), f"cannot be read: {error.strerror or error}") from None


def describe(ledger: Mapping[str, Any]) -> str:
    """Return a ledger's path, number of looks and head in one phrase.

    Args:
        ledger: `path` and what `LedgerState.facts` returns.
    """
    looks, head = counted(ledger["looks"], "look"), ledger["head"] or "none"
    return f"{ledger['path']}: {looks} of candidates at held-out items, head {head}"
