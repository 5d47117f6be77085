"""The second stage: trains a trained adapter further on preference pairs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.train import TrainConfig, second_stage
from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import registry, weights
from harness_forge.registry.adapters.package import CONFIG, WEIGHTS, Adapter, load
from harness_forge.registry.signing import trust
from harness_forge.training import axolotl, jobs, pairs, trained
from harness_forge.training.jobs import Job, Say, Show, TrainingResult, silent
from harness_forge.training.token_audit import PairAudit, audit_pairs, check_lengths


@dataclass(frozen=True)
class SecondStage:
    """A second stage, with all settings resolved.

    Args:
        start: the adapter that it starts from, which is also the reference.
        rows: the sampled pairs.
    """

    job: Job
    start: Adapter
    rows: list[dict[str, Any]]


def plan(config: ForgeConfig) -> SecondStage:
    """Return the second stage that `config` describes; nothing is started.

    Raises:
        TrainError: model, adapter or dataset is not fit for it.
        WorksetError: the train workset is not installed.
    """
    dpo = config.dpo
    start = _start(config)
    data = pairs.read(dataset_folder(config))
    seed = config.seed if dpo.seed is None else dpo.seed
    rows = pairs.draw(data.train, dpo.pairs, seed)
    taken = sha256(json.dumps(rows).encode()).hexdigest()
    settings = replace(_settings(config, start), seed=seed)
    job = jobs.job(config, settings, data, "dpo", dpo.beta, dpo.sft_weight, taken, start.digest)
    if (made_on := start.lineage["base"]["digest"]) != job.base.digest:
        what = f"was trained on another base model ({made_on[:12]}, not {job.base.digest[:12]})"
        raise TrainError(f"adapter {start.name}", what, "train it on this one, or name another")
    return SecondStage(job, start, rows)


def dataset_folder(config: ForgeConfig) -> Path:
    """Return the folder of the pairs: the configured one, or the export's."""
    if config.dpo.dataset:
        return Path(config.dpo.dataset)
    return Path(config.data_dir) / f"{config.skill.name}_{config.role.name}_dpo"


def _start(config: ForgeConfig) -> Adapter:
    home = Path(config.forge_home)
    name = config.dpo.start or config.train.name
    if config.train.out and not config.dpo.start:
        found = load(Path(config.train.out) / name)
    else:
        found = registry.resolve(name, home)
    return trust.demand(found, config.signing)


def _settings(config: ForgeConfig, start: Adapter) -> TrainConfig:
    """Return the first stage's settings updated by the second's, with the adapter's shape."""
    shape = json.loads((start.folder / CONFIG).read_text(encoding="utf-8"))
    return second_stage(config.train, config.dpo, rank=shape["r"], alpha=shape["lora_alpha"])


def train_preferences(
    config: ForgeConfig,
    *,
    say: Say = silent,
    show: Show = silent,
    audited: Callable[[PairAudit], None] = silent,
    check: bool = False,
    live: Path | None = None,
) -> TrainingResult | None:
    """Train an adapter further on preference pairs, and package the result beside it.

    Args:
        audited: called with the pair audit's counts, before the first step.
        check: stop after the audit and return None.
        live: folder for DVCLive's curves; None is one beside the checkpoints.

    Raises:
        TrainError: model, adapter, pairs or training are not as they must be.
        WorksetError: the train workset is not installed.
        Interrupted: Ctrl-C; the same command resumes from the last checkpoint.
    """
    second = plan(config)
    job = second.job
    if not check and (done := jobs.find_trained(job)):
        trust.signed(done.adapter, config.signing)
        return done
    trust.demand_key(config.signing)
    with jobs.hold_lock(job, say, show) as lock:
        if not check and (done := jobs.find_trained(job)):
            trust.signed(done.adapter, config.signing)
            return done
        seen = _prepared(config, second, say)
        audited(seen)
        if check:
            return None
        jobs.run(job, lock, say, show, live)
        adapter = _packaged(config, second, seen)
    trust.signed(adapter, config.signing)
    return TrainingResult(adapter, new=True, metrics=job.metrics, audit=seen)


def _prepared(config: ForgeConfig, second: SecondStage, say: Say) -> PairAudit:
    """Tokenise the pairs as serving does, and check them."""
    job = second.job
    drawn = job.work / "drawn.jsonl"
    lines = (json.dumps(row, ensure_ascii=False) for row in second.rows)
    drawn.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    say(f"looking at the tokens of {len(second.rows)} of {job.data.rows} pairs")
    seen = jobs.render_rows(job, drawn, pairs=job.work)
    rows = [pair[side] for pair in seen["rows"] for side in ("chosen", "rejected")]
    what = f"{job.data.train}, two rows a pair"
    longest = check_lengths(rows, job.config.sequence_length, what)
    inputs = job.inputs(job.work / "pairs.jsonl", second.start.folder, longest)
    jobs.write_config(job, axolotl.render_dpo(job.config, config.dpo, inputs, job.seed))
    return audit_pairs(seen["rows"], seen["eos"])


def _packaged(config: ForgeConfig, second: SecondStage, seen: PairAudit) -> Adapter:
    job, start = second.job, second.start
    if weights.same(job.work / "out" / WEIGHTS, start.folder / WEIGHTS):
        what = "is as it was before the second stage"
        raise TrainError(str(job.work / "out"), what, "raise dpo.learning_rate or dpo.max_steps")
    counts = {"rows": 2 * seen.pairs, "tokens": seen.tokens, "trained": seen.trained}
    lineage = trained.lineage(job, counts)
    lineage["parent"] = {"name": start.name, "digest": start.digest}
    lineage["dpo"] = {
        "beta": config.dpo.beta, "sft_weight": config.dpo.sft_weight, "pairs": seen.pairs,
    }  # fmt: skip
    return trained.packaged(job, lineage)
