"""Open the parts of a run from their settings, and run it."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

from harness_forge.config.budget import BudgetConfig
from harness_forge.config.model import ModelConfig
from harness_forge.config.policy import TEACHERS, PolicyConfig, PolicyKind
from harness_forge.config.prompt import PromptConfig, PromptContext
from harness_forge.config.run import Purpose, RunConfig
from harness_forge.config.split import SplitConfig
from harness_forge.core.errors import StoreError
from harness_forge.core.records import WorkItem
from harness_forge.registry.adapters import fitted
from harness_forge.rollouts.runs import catalogue, holdout
from harness_forge.rollouts.runs.actor import Actor, prepare
from harness_forge.rollouts.runs.attempts import Stage
from harness_forge.rollouts.runs.drive import Drive, cores, drawer
from harness_forge.rollouts.runs.progress import RunProgress
from harness_forge.rollouts.runs.summary import summarize


def run(
    environment,
    store,
    *,
    policy: PolicyConfig,
    config: RunConfig,
    split: SplitConfig,
    host: str,
    seed: int,
    home: Path,
    base: ModelConfig | None = None,
    budget: BudgetConfig | None = None,
    prompt: PromptConfig | None = None,
    say: Callable[[str], None] = lambda text: None,
    recipe: str = "",
) -> dict[str, Any]:
    """Attempt the selected items and return the run's summary.

    A stopped run resumes; a complete one is left alone unless `config.fresh` is
    set, and no model is loaded for it. A look at the holdout is in the ledger
    before the first item is asked.

    Args:
        base: the recipe's base model, for a policy that names none.
        budget: of looks at the holdout.
        prompt: what prompts say of an item.
        say: called with what the ledger of looks lacked.
        recipe: whose adapters are judged together; '' for an adapter alone.

    Raises:
        ForgeError: what stopped it; attempts judged by then are kept.
    """
    prompt = prompt or PromptConfig()
    items = catalogue.refresh(environment, store, split)
    splits = store.splits()
    chosen = catalogue.select(items, splits, config, policy.kind in catalogue.UNDER_TEST)
    held = catalogue.held_out(chosen, splits)
    holdout.check(policy, config, held)
    actor = prepare(policy, environment, store, base, home, seed)
    name = actor.name.removeprefix("model:")
    try:
        fitted.check_prompt(name, actor.contexts, prompt.context)
        if config.purpose is Purpose.evaluate:
            fitted.check(name, actor.fitted, config.split)
        handle = store.open_run(
            policy=actor.name,
            purpose=config.purpose.value,
            config=_identity(actor, config, host, seed, chosen, prompt),
            evaluator=environment.evaluator,
            evaluator_version=environment.evaluator_version,
            content_digest=environment.content_digest,
            fresh=config.fresh,
        )

        def look() -> None:
            if held and policy.kind in catalogue.UNDER_TEST:
                holdout.look(
                    home, budget, store, environment, actor, handle, held, base, say, recipe
                )

        if handle.complete:
            look()
            return _report(store, handle.run_id, 0)
        stage = functools.partial(
            Stage,
            environment,
            host=host,
            examples=actor.shown,
            prompt=prompt,
            roles=policy.roles if policy.kind in TEACHERS else (),
        )
        return _drive(stage, store, actor, handle, policy, config, items, chosen, look)
    finally:
        actor.close()


def _drive(stage, store, actor: Actor, handle, policy, config, items, chosen, look):
    finished = store.finished_items(handle.run_id)
    todo = [item for item in chosen if item.item_id not in finished]
    workers = config.workers or cores()
    # Neither teachers' nor evaluations' prompts show tips: an evaluation's prompt is fixed.
    asks = policy.kind is PolicyKind.model and config.purpose is Purpose.collect
    draw = drawer(
        store,
        items,
        store.splits(),
        handle.run_id,
        policy.tips if config.purpose is Purpose.collect else 0,
        policy.tip_inclusion if asks else 0.0,
    )
    try:
        with contextlib.closing(actor.start()) as acting:
            look()
            judges = threading.Semaphore(workers)
            drive = Drive(stage(policy=acting, judges=judges), store, handle.run_id, draw)
            label = f"{store.name} {actor.name}"
            bar = RunProgress(label, len(chosen), len(chosen) - len(todo))
            with contextlib.closing(bar):
                drive.go(todo, max(workers, actor.concurrency), bar)
    except BaseException:
        # If the store is what failed, its second fault must not hide the first.
        with contextlib.suppress(StoreError):
            store.finish_run(handle.run_id, summarize(store, handle.run_id), "interrupted")
        raise
    store.finish_run(handle.run_id, summarize(store, handle.run_id), "complete")
    return _report(store, handle.run_id, len(todo))


def _report(store, run_id: str, new_items: int) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "status": "complete",
        "new_items": new_items,
        **summarize(store, run_id),
    }


_NOT_IDENTITY = {"workers", "fresh"}
"""Settings that change how fast a run goes, not what it writes."""


def _identity(
    actor: Actor,
    config: RunConfig,
    host: str,
    seed: int,
    chosen: Sequence[WorkItem],
    prompt: PromptConfig,
) -> Mapping[str, Any]:
    """Return what identifies a run, as plain JSON."""
    settings = {
        key: value.value if isinstance(value, Enum) else value
        for key, value in asdict(config).items()
        if key not in _NOT_IDENTITY
    }
    settings["items"] = [item.item_id for item in chosen]
    identity = {"policy": actor.settings_for(chosen), "run": settings, "host": host, "seed": seed}
    # Left out where it says nothing more: a run made before there was a choice is the same run.
    if prompt.context != PromptContext.none:
        identity["prompt_context"] = str(prompt.context)
    return identity
