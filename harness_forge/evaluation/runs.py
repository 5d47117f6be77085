"""Compares two runs of the store, also runs that another harness recorded."""

from __future__ import annotations

from typing import Any

from harness_forge.config.schema import ForgeConfig, skills_of
from harness_forge.core.errors import EvalError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.records import Episode
from harness_forge.evaluation.episodes import RunComparison, compare_runs
from harness_forge.store.episodes import episodes
from harness_forge.store.opening import existing_store


def compare(
    config: ForgeConfig, first: str, second: str, *, common: bool = False
) -> tuple[dict[str, Any], dict[str, Any], RunComparison]:
    """Return the rows of both runs and their comparison.

    Args:
        config: the runs are looked up in its skills; a run that several of them
            have under one id is compared over all.
        first, second: ids of runs, or unique beginnings of them.
        common: compare the items of both and count the rest, instead of refusing.

    Raises:
        EvalError: a run does not exist or has finished no item, or the runs have
            different items.
    """
    with existing_store(config) as store:
        found: list[tuple[dict[str, Any], list[Episode]]] = []
        stores = {}
        for one in skills_of(config):
            store.upgrade(one.skill.name)
            stores[one.skill.name] = store.skill(one.skill.name)
        for word in (first, second):
            own = find_runs(stores, word)
            run, did = next(iter(own.values())), []
            for skill in own:
                with stores[skill].connect_read_only() as connection:
                    did += episodes(connection, skill, run["id"])
            if not did:
                raise EvalError(run["id"], "has finished no item yet", _listed(stores))
            found.append((run, did))
    (one_run, one), (other_run, other) = found
    names = one_run["id"], other_run["id"]
    return one_run, other_run, compare_runs(one, other, names, common=common)


def find_run(stores, word: str) -> tuple[str, dict[str, Any]]:
    """Return skill and row of the run with this id, or a unique beginning of it.

    Raises:
        EvalError: there is none, or several begin like this.
    """
    found = find_runs(stores, word)
    if len(found) != 1:
        what = f"is of several skills: {', '.join(found)}"
        raise EvalError(f"run '{word}'", what, "skill=… names one")
    return next(iter(found.items()))


def find_runs(stores, word: str) -> dict[str, dict[str, Any]]:
    """Return the rows of the run with this id by skill: one run may be of several.

    Raises:
        EvalError: there is none, or several begin like this.
    """
    near = [
        (name, run) for name, s in stores.items() for run in s.runs() if run["id"].startswith(word)
    ]
    found = [(name, run) for name, run in near if run["id"] == word] or near
    if len({run["id"] for _, run in found}) != 1:
        what = f"is the beginning of {len(near)} runs" if near else "is no run"
        ids = [run["id"] for store in stores.values() for run in store.runs()]
        meant = "" if near else did_you_mean(word, ids)
        raise EvalError(f"run '{word}'", what, meant + _listed(stores))
    return dict(found)


def _listed(stores, last: int = 8) -> str:
    rows: list[dict[str, Any]] = [run for store in stores.values() for run in store.runs()]
    if not rows:
        return "there is none yet: `forge run` makes runs, `forge ingest` takes in those of others"
    newest = sorted(rows, key=lambda run: run["started_at"], reverse=True)[:last]
    shown = ", ".join(f"{run['id']} ({run['policy']})" for run in newest)
    return f"the newest: {shown}; `forge ls runs` lists all"
