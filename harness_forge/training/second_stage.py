"""What every second stage shares: it trains an adapter further, held to where it started."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.train import SecondConfig, second_stage
from harness_forge.registry.adapters.package import Adapter, load
from harness_forge.training import jobs, starting, trained
from harness_forge.training.axolotl import Inputs
from harness_forge.training.dataset import TrainingRows
from harness_forge.training.jobs import Audit, Job, Say
from harness_forge.training.starting import Start
from harness_forge.training.token_audit import check_lengths

_TOLD = {"dpo": ", two rows a pair", "grpo": ", with the longest answer allowed"}
"""What a row is where its length is told, by kind."""


@dataclass(frozen=True)
class SecondStage:
    """A second stage, with all settings resolved.

    Args:
        kind: dpo, kto or grpo: its section of the config.
        start: the adapter that it starts from, which is also the reference.
        rows: the sampled rows.
    """

    kind: str
    job: Job
    start: Adapter
    rows: list[dict[str, Any]]


def plan(
    config: ForgeConfig,
    kind: str,
    data: TrainingRows,
    rows: list[dict[str, Any]],
    *facts: Any,
) -> SecondStage:
    """Return the second stage that `config` describes; nothing is started.

    Args:
        data: the dataset's files.
        rows: those to train on.
        facts: settings of this kind that change what is learned.

    Raises:
        TrainError: model or adapter is not fit for it.
        WorksetError: the train workset is not installed.
    """
    own: SecondConfig = getattr(config, kind)
    found = _start(config, own)
    start = found.adapter
    taken = sha256(json.dumps(rows).encode()).hexdigest()
    settings = second_stage(config.train, own, kind, rank=found.rank, alpha=found.alpha)
    settings = replace(settings, seed=seed_of(config, kind))
    job = jobs.job(config, settings, data, kind, *facts, taken, start.digest)
    starting.check_base(start, job.base)
    return SecondStage(kind, job, start, rows)


def seed_of(config: ForgeConfig, kind: str) -> int:
    """Return the seed of a second stage: its own, or the recipe's."""
    own: SecondConfig = getattr(config, kind)
    return config.seed if own.seed is None else own.seed


def dataset_folder(config: ForgeConfig, kind: str) -> Path:
    """Return the folder of a second stage's rows: the configured one, or the export's."""
    if named := getattr(config, kind).dataset:
        return Path(named)
    return Path(config.data_dir) / f"{config.skill.name}_{config.role.name}_{kind}"


def _start(config: ForgeConfig, own: SecondConfig) -> Start:
    name = own.start or config.train.name
    if config.train.out and not own.start:
        return starting.checked(config, load(Path(config.train.out) / name))
    return starting.named(config, name)


def prepared(
    stage: SecondStage,
    say: Say,
    what: str,
    render: Callable[[Inputs], Mapping[str, Any]],
    room: int = 0,
) -> dict[str, Any]:
    """Tokenise the rows as serving does, check their lengths, and write Axolotl's config.

    Args:
        what: what the rows are, in the plural.
        render: returns the config.
        room: tokens that a row without an answer leaves for one.

    Returns:
        {"rows", "eos"}, as `tokens_worker` has them.

    Raises:
        TrainError: a row cannot be rendered, or is too long.
    """
    job = stage.job
    drawn = job.work / "drawn.jsonl"
    lines = (json.dumps(row, ensure_ascii=False) for row in stage.rows)
    drawn.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    say(f"looking at the tokens of {len(stage.rows)} of {job.data.rows} {what}")
    seen = jobs.render_rows(job, drawn, pairs=job.work)
    rows = [side for row in seen["rows"] for side in row.values()]
    told = str(job.data.train) + _TOLD.get(stage.kind, "")
    if room:
        rows = [{**row, "answer": range(room)} for row in rows]
    longest = check_lengths(rows, job.config.sequence_length, told)
    inputs = job.inputs(job.work / "pairs.jsonl", stage.start.folder, longest)
    jobs.write_config(job, dict(render(inputs)))
    return seen


def packaged(stage: SecondStage, seen: Audit, rows: int, facts: Mapping[str, Any]) -> Adapter:
    """Package the trained adapter; its lineage names the one that it started from.

    Args:
        rows: how many there were for the trainer.
        facts: what the lineage says of this kind.

    Raises:
        TrainError: the training changed nothing.
    """
    job, start = stage.job, stage.start
    starting.check_moved(job, start, stage.kind)
    counts = {"rows": rows, "tokens": seen.tokens, "trained": seen.trained}
    lineage = starting.lineage(trained.lineage(job, counts), start)
    return trained.packaged(job, {**lineage, stage.kind: dict(facts)})
