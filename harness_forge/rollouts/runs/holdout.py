"""Protect a holdout: one fixed way to ask it, and a ledger of who looked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from harness_forge.config.budget import BudgetConfig
from harness_forge.config.model import ModelConfig
from harness_forge.config.policy import COPIES, PolicyConfig, PolicyKind
from harness_forge.config.run import Purpose, RunConfig
from harness_forge.core.errors import EvalError
from harness_forge.core.records import WorkItem
from harness_forge.rollouts.runs.actor import Actor
from harness_forge.rollouts.runs.known_looks import known_looks, lost_head
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.looks import Look, item_keys

FIRST_TRY = {"temperature": 0.0, "samples": 1, "max_tokens": 256}
"""Settings of every evaluation: one greedy answer, at most 256 new tokens."""


def check_purpose(policy: PolicyConfig, config: RunConfig) -> None:
    """Refuse to collect with a baseline; nothing but settings is looked at.

    Raises:
        EvalError: its rows would be training data.
    """
    if policy.kind in COPIES and config.purpose is not Purpose.evaluate:
        what = "a baseline is for evaluations: its copies are no training data"
        raise EvalError(f"policy={policy.kind.value}", what, "add run.purpose=evaluate")


def check(policy: PolicyConfig, config: RunConfig, held: Sequence[WorkItem]) -> None:
    """Refuse a run that would ask the holdout in another way than all others.

    Raises:
        EvalError: a model that collects there, or has other settings than `FIRST_TRY`.
    """
    check_purpose(policy, config)
    if policy.kind is not PolicyKind.model or not held:
        return
    if config.purpose is not Purpose.evaluate:
        what = "a model that collects stays out of the holdout"
        raise EvalError("run.split=holdout", what, "add run.purpose=evaluate, or take train")
    other = [
        f"policy.{key}={getattr(policy, key)}"
        for key, fixed in FIRST_TRY.items()
        if getattr(policy, key) != fixed
    ]
    if other:
        raise EvalError(
            "run.split=holdout",
            f"is asked in one fixed way, not with {', '.join(other)}",
            "leave out what was set (one greedy answer, 256 tokens), or try it on validation",
        )


def look(
    home: Path,
    budget: BudgetConfig | None,
    store,
    environment,
    actor: Actor,
    handle,
    held: Sequence[WorkItem],
    base: ModelConfig | None = None,
    say: Callable[[str], None] = lambda text: None,
    recipe: str = "",
) -> Look:
    """Record that a run looks at held-out items; the same run again is the same look.

    Args:
        base: the recipe's base model, which is no candidate.
        say: called with what the ledger lacked.
        recipe: whose adapters are judged together; all of them are one look.

    Raises:
        EvalError: the ledger cannot be read or written; nothing was asked then.
    """
    ledger, known = HoldoutLedger(budget, home), known_looks(store, home, base)
    if lost := lost_head(ledger.state(known), home, store.name):
        say(f"{ledger.path}: {lost}")
    return ledger.record(
        Look(
            skill=store.name,
            label=actor.name,
            candidate=actor.candidate,
            items=[item.item_id for item in held],
            keys=item_keys(held),
            content_digest=environment.content_digest,
            run_id=handle.run_id,
            recipe=recipe,
        ),
        known,
        say,
    )
