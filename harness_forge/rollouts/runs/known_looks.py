"""Looks at a holdout that the store and the decisions know of, whatever its ledger says.

A ledger may be new, cut or deleted. Its candidates' runs are in the store and in the
decisions that rest on them, so they count all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness_forge.config.model import ModelConfig
from harness_forge.core.errors import TrainError
from harness_forge.core.numbers import counted
from harness_forge.core.records import WorkItem
from harness_forge.registry import decisions
from harness_forge.registry.models import folder
from harness_forge.rollouts.runs.catalogue import held_out
from harness_forge.store.escaping import unescape
from harness_forge.store.splits.holdout_ledger import LedgerState
from harness_forge.store.splits.looks import Look, item_keys

STORE = "the store"

_SQL = """
SELECT r.id, r.policy, r.config -> 'policy', r.content_digest, r.started_at AT TIME ZONE 'UTC',
       array_agg(DISTINCT a.item_id)
FROM runs r JOIN attempts a ON a.run_id = r.id
WHERE r.purpose = 'evaluate' AND r.config -> 'policy' ->> 'kind' = 'model'
GROUP BY r.id ORDER BY r.started_at, r.id
"""
"""Forge's own runs that asked a model; those of other harnesses have no such policy."""


def known_looks(store, home: Path, base: ModelConfig | None) -> list[Look]:
    """Return the candidates' looks at a skill's holdout, oldest first.

    Args:
        base: the recipe's base model, which is no candidate.

    Raises:
        PromoteError: the ledger of decisions is not what was written.
    """
    held = held_out(store.items(), store.splits())
    decided = {look.run_id: look for look in _decided(home, store.name, held)}
    found = [
        _of_decision(look, decided.pop(look.run_id, None)) for look in _run(store, home, base, held)
    ]
    return sorted([*found, *decided.values()], key=lambda look: look.time)


def lost_head(state: LedgerState, home: Path, skill: str) -> str:
    """Return what a decision saw of a ledger and is not in it any more; '' if all is there."""
    for line in reversed(decisions.read(home)):
        seen = line.get("ledger") or {}
        if line.get("skill") != skill or not seen.get("head"):
            continue
        whole = any(one.startswith(seen["head"]) for one in state.hashes)
        if whole or len(state.looks) >= seen["lines"]:
            return ""
        return (
            f"has {counted(len(state.looks), 'line')}, and not the head {seen['head']} of the "
            f"{counted(seen['lines'], 'line')} that the decision of {line['time']} rests on: it "
            "was cut, or is another one; put it back from git"
        )
    return ""


def _run(store, home: Path, base: ModelConfig | None, held: Sequence[WorkItem]) -> Iterator[Look]:
    baselines, by_name = _baselines(base, home), {item.item_id: item for item in held}
    with store.connect_read_only() as connection:
        rows = connection.execute(_SQL).fetchall()
    for run_id, policy, settings, content, started, names in rows:
        items = [by_name[name] for name in map(unescape, names) if name in by_name]
        candidate = _candidate(settings, policy, baselines)
        if items and candidate:
            yield Look(
                skill=store.name,
                label=policy,
                candidate=candidate,
                items=[item.item_id for item in items],
                keys=item_keys(items),
                content_digest=content,
                run_id=run_id,
                time=f"{started:%Y-%m-%dT%H:%M:%S}+00:00",
                source=STORE,
            )


def _decided(home: Path, skill: str, held: Sequence[WorkItem]) -> Iterator[Look]:
    """Yield the looks that decisions rest on.

    A decision does not say which items were looked at, so all that are held out count.
    """
    for line in decisions.read(home):
        look = line.get("look")
        if not look or line.get("skill") != skill:
            continue
        for run_id in look["runs"]:
            yield Look(
                skill=skill,
                label=f"model:{line['candidate']['name']}",
                candidate=line["candidate"]["digest"],
                items=[item.item_id for item in held],
                keys=item_keys(held),
                content_digest=",".join(look["content_digest"]),
                run_id=run_id,
                time=line["time"],
                number=look["number"],
                alpha=look["alpha"],
                source="the ledger of decisions",
            )


def _of_decision(look: Look, decided: Look | None) -> Look:
    """Return a run's look with number and level that a decision names."""
    if decided is None:
        return look
    return replace(look, number=decided.number, alpha=decided.alpha)


def _baselines(base: ModelConfig | None, home: Path) -> set[str]:
    """Return name and digest of the base model, as far as they are known."""
    if base is None:
        return set()
    try:
        return {base.name, folder.find_base_model(base, home).digest}
    except TrainError:
        return {base.name}


def _candidate(settings: Mapping[str, Any], policy: str, baselines: set[str]) -> str | None:
    """Return the digest, or name, of what a run's policy would promote; None for a baseline."""
    if adapter := settings.get("adapter_digest"):
        return adapter
    if settings.get("endpoint"):
        model = settings.get("model") or policy.removeprefix("model:").partition("+")[0]
        return None if model in baselines else model
    digest = settings.get("model_digest")
    # Where the base model is not at hand, it cannot be distinguished from another one.
    return digest if len(baselines) > 1 and digest not in baselines else None
