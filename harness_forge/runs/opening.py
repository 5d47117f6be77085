"""Opens the parts of a run from their settings, and runs it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

from harness_forge.errors import StoreError
from harness_forge.policies.config import PolicyConfig, PolicyKind
from harness_forge.runs import catalogue
from harness_forge.runs.attempts import Stage
from harness_forge.runs.config import Purpose, RunConfig
from harness_forge.runs.drive import Drive, cores, drawer
from harness_forge.runs.progress import Progress
from harness_forge.runs.summary import summarize
from harness_forge.splits import SplitConfig


def open_policy(config: PolicyConfig, environment, home: Path, seed: int):
    """Return the policy `config` names.

    Raises:
        EndpointError: a model that cannot be asked.
        WorksetError: a local model whose workset is missing.
    """
    from harness_forge.policies.teacher import Teacher

    if config.kind is PolicyKind.gold:
        return Teacher("gold", lambda item: environment.gold(item, fallback=config.fallback))
    if config.kind is PolicyKind.mutated:
        return Teacher("mutated", lambda item: environment.mutated(item, limit=config.variants))
    from harness_forge.policies.model import Model

    return Model(config, _chat(config, home), seed)


def _chat(config: PolicyConfig, home: Path):
    if config.local:
        from harness_forge.operations.worksets import environment_of, python_of
        from harness_forge.policies.local import LocalModel

        python = python_of(config.workset, home)
        return LocalModel(config, python, environment_of(config.workset, home))
    from harness_forge.policies.endpoint import Endpoint

    return Endpoint(config)


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
) -> dict[str, Any]:
    """Attempt the selected items and return the run's summary.

    A run that was stopped goes on where it was; one that is complete is left
    alone unless `config.fresh`.

    Raises:
        ForgeError: whatever stopped it; what was judged by then is kept.
    """
    items = catalogue.refresh(environment, store, split)
    splits = store.splits()
    chosen = catalogue.select(items, splits, config, policy.kind is PolicyKind.model)
    actor = open_policy(policy, environment, home, seed)
    try:
        handle = store.open_run(
            policy=actor.name,
            purpose=config.purpose.value,
            config=_identity(policy, config, host, seed, [item.item_id for item in chosen]),
            evaluator=environment.evaluator,
            evaluator_version=environment.evaluator_version,
            content_digest=environment.content_digest,
            fresh=config.fresh,
        )
        if handle.complete:
            return _report(store, handle.run_id, 0)
        return _drive(environment, store, actor, handle, policy, config, host, items, chosen)
    finally:
        actor.close()


def _drive(environment, store, actor, handle, policy, config, host, items, chosen):
    finished = store.finished_items(handle.run_id)
    todo = [item for item in chosen if item.item_id not in finished]
    workers = config.workers or cores()
    threads = max(workers, policy.concurrency) if policy.kind is PolicyKind.model else workers
    # Teachers' prompts show no tips, nor does an evaluation's: its prompt is fixed.
    asks = policy.kind is PolicyKind.model and config.purpose is Purpose.collect
    draw = drawer(
        store,
        items,
        store.splits(),
        handle.run_id,
        policy.tips if config.purpose is Purpose.collect else 0,
        policy.tip_inclusion if asks else 0.0,
    )
    stage = Stage(environment, actor, host, threading.Semaphore(workers))
    drive = Drive(stage, store, handle.run_id, draw)
    bar = Progress(f"{environment.skill} {actor.name}", len(chosen), len(chosen) - len(todo))
    try:
        drive.go(todo, threads, bar)
    except BaseException:
        # The store itself may be what failed; its own fault must not hide this one.
        with contextlib.suppress(StoreError):
            store.finish_run(handle.run_id, summarize(store, handle.run_id), "interrupted")
        raise
    finally:
        bar.close()
    store.finish_run(handle.run_id, summarize(store, handle.run_id), "complete")
    return _report(store, handle.run_id, len(todo))


def _report(store, run_id: str, new_items: int) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "status": "complete",
        "new_items": new_items,
        **summarize(store, run_id),
    }


_NOT_IDENTITY = {"workers", "fresh", "concurrency", "timeout_s", "api_key_env", "workset"}
"""Settings that change how fast a run goes, not what it writes."""


def _identity(
    policy: PolicyConfig, config: RunConfig, host: str, seed: int, items: list[str]
) -> Mapping[str, Any]:
    """Return what makes two runs the same run, as plain JSON."""
    both = {"policy": _plain(asdict(policy)), "run": _plain(asdict(config))}
    both["run"]["items"] = items
    return {**both, "host": host, "seed": seed}


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.value if isinstance(value, Enum) else value
        for key, value in settings.items()
        if key not in _NOT_IDENTITY
    }
