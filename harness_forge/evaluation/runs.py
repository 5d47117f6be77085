"""Compares two runs of the store, also runs that another harness recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.core.errors import EvalError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.results import Episode
from harness_forge.evaluation.episodes import RunComparison, compare_runs
from harness_forge.store.episodes import episodes
from harness_forge.store.opening import existing_store

Found = dict[str, dict[str, Any]]
"""The rows of one run, by skill."""


class SkillStores:
    """The store's skills, in which runs are looked up.

    Whoever names a run by its id need not name its skill: the config's skills are
    asked first, then all others.

    Args:
        store: open; reading makes no skill that is not there.
        names: the config's skills.
    """

    def __init__(self, store, names: Sequence[str]) -> None:
        self._store = store
        self._there = store.skills()
        self.own = self._opened([name for name in names if name in self._there])

    @cached_property
    def others(self) -> dict[str, Any]:
        """The skills that are not the config's, by name."""
        return self._opened([name for name in self._there if name not in self.own])

    def __getitem__(self, skill: str) -> Any:
        """Return the records of a skill."""
        return self.own[skill] if skill in self.own else self.others[skill]

    def runs(self) -> list[dict[str, Any]]:
        """Return the rows of all runs."""
        return [run for one in (*self.own.values(), *self.others.values()) for run in one.runs()]

    def _opened(self, names: Sequence[str]) -> dict[str, Any]:
        for name in names:
            self._store.upgrade(name)
        return {name: self._store.skill(name) for name in names}


@contextmanager
def opened_runs(config: ForgeConfig) -> Iterator[SkillStores]:
    """Yield the store's skills, to look up runs in.

    Raises:
        StoreError: there is no store.
    """
    with existing_store(config) as store:
        yield SkillStores(store, [one.skill.name for one in skills_of(config)])


def compare(
    config: ForgeConfig, first: str, second: str, *, common: bool = False
) -> tuple[dict[str, Any], dict[str, Any], RunComparison]:
    """Return the rows of both runs and their comparison.

    Args:
        config: the runs are looked up in its skills, and then in all others; a run
            that several of its skills have under one id is compared over all.
        first, second: ids of runs, or unique beginnings of them.
        common: compare the items of both and count the rest, instead of refusing.

    Raises:
        EvalError: a run does not exist or has finished no item, or the runs have
            different items.
    """
    with opened_runs(config) as stores:
        found: list[tuple[dict[str, Any], list[Episode]]] = []
        rows = [find_runs(stores, word) for word in (first, second)]
        _demand_one_skill(rows)
        for by_skill in rows:
            run, did = next(iter(by_skill.values())), []
            for skill in by_skill:
                with stores[skill].connect_read_only() as connection:
                    did += episodes(connection, skill, run["id"])
            if not did:
                raise EvalError(run["id"], "has finished no item yet", _listed(stores))
            found.append((run, did))
    (one_run, one), (other_run, other) = found
    names = one_run["id"], other_run["id"]
    return one_run, other_run, compare_runs(one, other, names, common=common)


def _demand_one_skill(rows: Sequence[Found]) -> None:
    one, other = rows
    if not one.keys() & other.keys():
        said = [f"{next(iter(row.values()))['id']} is of {', '.join(row)}" for row in rows]
        what = f"two runs without a skill in common: {', '.join(said)}"
        raise EvalError("forge compare", what, "runs of one skill can be compared: forge ls runs")


def find_run(stores: SkillStores, word: str) -> tuple[str, dict[str, Any]]:
    """Return skill and row of the run with this id, or a unique beginning of it.

    Raises:
        EvalError: there is none, or several begin like this.
    """
    found = find_runs(stores, word)
    if len(found) != 1:
        what = f"is of several skills: {', '.join(found)}"
        raise EvalError(f"run '{word}'", what, "skill=… names one")
    return next(iter(found.items()))


def find_runs(stores: SkillStores, word: str) -> Found:
    """Return the rows of the run with this id by skill: one run may be of several.

    Raises:
        EvalError: there is none, or several begin like this.
    """
    near = _beginning(stores.own, word) or _beginning(stores.others, word)
    found = [(name, run) for name, run in near if run["id"] == word] or near
    if len({run["id"] for _, run in found}) != 1:
        what = f"is the beginning of {len(near)} runs" if near else "is no run"
        meant = "" if near else did_you_mean(word, [run["id"] for run in stores.runs()])
        raise EvalError(f"run '{word}'", what, meant + _listed(stores))
    return dict(found)


def _beginning(stores: dict[str, Any], word: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, run) for name, s in stores.items() for run in s.runs() if run["id"].startswith(word)
    ]


def _listed(stores: SkillStores, last: int = 8) -> str:
    rows = stores.runs()
    if not rows:
        return "there is none yet: `forge run` makes runs, `forge ingest` takes in those of others"
    newest = sorted(rows, key=lambda run: run["started_at"], reverse=True)[:last]
    shown = ", ".join(f"{run['id']} ({run['policy']})" for run in newest)
    return f"the newest: {shown}; `forge ls runs` lists all"
