"""The runs of an adapter on items that nobody had looked at, beside each other policy's.

A batch is one run of the adapter over held-out items that no look of any candidate had seen
before, also not a scoring of its own. Batches are read in the order of the ledger of looks, up to
the first that is not whole: one that was stopped half way, perhaps for what it showed, must not
be left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness_forge.config.policy import PolicyKind
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.core.results import EvalResult
from harness_forge.evaluation.fresh_evidence import FreshEvidence, fresh_evidence
from harness_forge.evaluation.rates import HELD_OUT
from harness_forge.evaluation.replay import ADAPTER, BASE, FEW_SHOT, LABELS
from harness_forge.evaluation.units import units
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.current import current_adapter
from harness_forge.rollouts.runs.known_looks import known_looks
from harness_forge.rollouts.runs.results import first_tries
from harness_forge.store.opening import existing_store
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.looks import Look, item_key

CHAMPION = "champion before"
OPPONENTS = tuple(label for label in LABELS if label != ADAPTER)

Pair = tuple[EvalResult, EvalResult]


@dataclass(frozen=True)
class Fresh:
    """What fresh items say of an adapter.

    Args:
        evidence: by opponent; those that were asked the same items.
        alpha: error probability for one adapter and one opponent.
        seen: held-out items of its runs that some look had seen before.
        waiting: what is not read and why, in words; '' if all is.
    """

    adapter: Adapter
    evidence: Mapping[str, FreshEvidence]
    alpha: float
    seen: int
    waiting: str

    def better(self, opponent: str) -> bool:
        """Return whether the adapter is shown to be better on the clusters that it met."""
        return self.evidence[opponent].whole.p <= self.alpha


@dataclass(frozen=True)
class _FreshBatch:
    look: Look
    own: Mapping[str, EvalResult]
    others: Mapping[str, Mapping[str, EvalResult]]


def read(config: ForgeConfig, name: str | None = None) -> Fresh:
    """Return what an adapter's runs on fresh items say, in all skills of `config`.

    Args:
        name: of the adapter, or its folder; None takes the current one.

    Raises:
        TrainError: there is no such adapter.
        EvalError: the ledger of looks cannot be read.
    """
    adapter = current_adapter(config, name)
    batches, seen, waiting = _read(config, adapter)
    pairs = {other: _pairs(batches, other) for other in OPPONENTS}
    evidence = {other: _evidence(found) for other, found in pairs.items() if found}
    return Fresh(adapter, evidence, config.budget.alpha, seen, waiting)


def worse(
    config: ForgeConfig, adapter: Adapter, since: datetime, before: Adapter | None = None
) -> tuple[dict[str, FreshEvidence], str]:
    """Return what fresh items say of others being better than an adapter, and what is not read.

    Args:
        since: looks before this time do not count: on them the adapter was chosen.
        before: the champion before it, compared where it was asked all the same items.

    Returns:
        By name, base and champion: evidence that this one, the first, is better than the adapter.
    """
    rivals = {before.digest: CHAMPION} if before else {}
    batches, _, waiting = _read(config, adapter, since, rivals)
    pairs = {other: _pairs(batches, other) for other in (BASE, *rivals.values())}
    turned = {
        other: [[(theirs, own) for own, theirs in batch] for batch in found]
        for other, found in pairs.items()
        if found
    }
    return {other: _evidence(found) for other, found in turned.items()}, waiting


def _read(
    config: ForgeConfig,
    adapter: Adapter,
    since: datetime | None = None,
    rivals: Mapping[str, str] | None = None,
) -> tuple[list[_FreshBatch], int, str]:
    home = Path(config.forge_home)
    ledger = HoldoutLedger(config.budget, home)
    with existing_store(config) as opened:
        stores, known = {}, []
        for one in skills_of(config):
            opened.upgrade(one.skill.name)
            stores[one.skill.name] = store = opened.skill(one.skill.name)
            known += known_looks(store, home, one.model)
        looks = [look for look in ledger.state(known).looks if look.candidate]
        return _batches(looks, stores, adapter, since, rivals or {})


def _batches(
    looks: Sequence[Look],
    stores: Mapping[str, Any],
    adapter: Adapter,
    since: datetime | None,
    rivals: Mapping[str, str],
) -> tuple[list[_FreshBatch], int, str]:
    found: list[_FreshBatch] = []
    names: set[tuple[str, str]] = set()
    keys: set[str] = set()
    seen = 0
    for look in looks:
        mine = look.candidate == adapter.digest and look.tested and look.skill in stores
        if mine and (since is None or _later(look, since)):
            batch, fault = _batch(look, stores[look.skill], adapter, rivals)
            if batch is None:
                return found, seen, fault
            old = {item for item in batch.own if (look.skill, item) in names}
            if keys & set(look.keys):
                old |= _known_by_content(look, stores[look.skill], keys)
            seen += len(old & set(batch.own))
            own = {item: one for item, one in batch.own.items() if item not in old}
            found += [_FreshBatch(look, own, batch.others)] if own else []
        names |= {(look.skill, item) for item in look.items}
        keys |= set(look.keys)
    return found, seen, ""


def _later(look: Look, since: datetime) -> bool:
    if not look.time:
        return False
    made = datetime.fromisoformat(look.time)
    return (made if made.tzinfo else made.replace(tzinfo=UTC)) >= since


def _known_by_content(look: Look, store, keys: set[str]) -> set[str]:
    items = {item.item_id: item for item in store.items()}
    return {name for name in look.items if name in items and item_key(items[name]) in keys}


def _batch(
    look: Look, store, adapter: Adapter, rivals: Mapping[str, str]
) -> tuple[_FreshBatch | None, str]:
    """Return a look's results, and those of each other policy on the same items; or why not."""
    runs = {run["id"]: run for run in store.runs()}
    run = runs.get(look.run_id)
    if run is None or run["status"] != "complete":
        how = "is not in the store" if run is None else f"is {run['status']}"
        return None, f"run {look.run_id} of skill {look.skill} {how}: forge replay goes on with it"
    own = _held_out(store, look.run_id)
    others = {}
    for other in sorted(runs.values(), key=lambda one: one["started_at"]):
        label = _label(other["config"].get("policy") or {}, adapter, rivals)
        if label is None or label in others or not _alike(run, other):
            continue
        results = _held_out(store, other["id"])
        if set(own) <= set(results):
            others[label] = results
    if BASE not in others:
        what = f"run {look.run_id} of skill {look.skill}: the base model was not asked its items"
        return None, f"{what}: forge replay"
    return _FreshBatch(look, own, others), ""


def _held_out(store, run_id: str) -> dict[str, EvalResult]:
    return {one.item_id: one for one in first_tries(store, run_id) if one.part in HELD_OUT}


def _alike(run: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two runs differ in who answers alone, and the other one is whole."""

    def facts(one: Mapping[str, Any]) -> Any:
        rest = {key: value for key, value in one["config"].items() if key != "policy"}
        return one["purpose"], one["content_digest"], rest

    whole = other["status"] == "complete"
    return whole and facts(run) == facts(other) and _asked_alike(run, other)


def _asked_alike(run: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two models were asked in one way; what is no model is asked in its own."""
    mine, its = (one["config"].get("policy") or {} for one in (run, other))
    both = {mine.get("kind"), its.get("kind")} == {PolicyKind.model.value}
    return not both or all(mine.get(key) == its.get(key) for key in _ASKED)


_ASKED = ("chat_template", "temperature", "max_tokens", "endpoint")
"""Settings of a model's policy on which its answers hang, besides the model."""


def _label(policy: Mapping[str, Any], adapter: Adapter, rivals: Mapping[str, str]) -> str | None:
    """Return which baseline or rival a run's policy is; None for another adapter or model."""
    kind = policy.get("kind")
    if policy.get("adapter_digest") in rivals:
        return rivals[policy["adapter_digest"]]
    if kind != PolicyKind.model.value:
        return kind if kind in OPPONENTS else None
    base = (adapter.lineage.get("base") or {}).get("digest")
    if policy.get("adapter_digest") or policy.get("model_digest") != base:
        return None
    return FEW_SHOT if policy.get("shots") else BASE


def _pairs(batches: Sequence[_FreshBatch], other: str) -> list[list[Pair]]:
    """Return the judged pairs of each batch; empty unless the other was asked all of them."""
    if not all(other in batch.others for batch in batches):
        return []
    return [
        [
            (one, batch.others[other][item])
            for item, one in sorted(batch.own.items())
            if not (one.infrastructure or batch.others[other][item].infrastructure)
        ]
        for batch in batches
    ]


def _evidence(batches: Sequence[Sequence[Pair]]) -> FreshEvidence:
    unit = units((own.skill, own) for batch in batches for own, _ in batch)
    tables = []
    for batch in batches:
        table: dict[Any, tuple[int, int]] = {}
        for own, other in batch:
            ahead, items = table.get(unit[own.skill, own.unit], (0, 0))
            difference = int(own.passed) - int(other.passed)
            table[unit[own.skill, own.unit]] = (ahead + difference, items + 1)
        tables.append(table)
    pairs = [pair for batch in batches for pair in batch]
    won = sum(own.passed and not other.passed for own, other in pairs)
    lost = sum(other.passed and not own.passed for own, other in pairs)
    return fresh_evidence(tables, (won, lost))
