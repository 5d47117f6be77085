"""KTO: trains a trained adapter further on answers with a label, each by itself."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, Unpack

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters.package import Adapter
from harness_forge.training import axolotl, dataset, making, pairs, second_stage
from harness_forge.training.answer_audit import LabelAudit, audit_labelled
from harness_forge.training.dataset import conversation_fault
from harness_forge.training.jobs import Say, TrainingResult
from harness_forge.training.making import Watching
from harness_forge.training.second_stage import SecondStage

KIND = "kto"


def plan(config: ForgeConfig) -> SecondStage:
    """Return the second stage that `config` describes; nothing is started.

    Raises:
        TrainError: model, adapter or dataset is not fit for it.
        WorksetError: the train workset is not installed.
    """
    kto = config.kto
    data = dataset.read(second_stage.dataset_folder(config, KIND), _fault, key=f"{KIND}.dataset")
    seed = second_stage.seed_of(config, KIND)
    rows = mixed(pairs.draw(data.train, kto.rows, seed), seed)
    _check_labels(rows, data.train)
    return second_stage.plan(config, KIND, data, rows, kto.beta, kto.good_weight, kto.bad_weight)


def mixed(rows: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Return the rows in an order that hangs on the seed alone.

    TRL takes them in the order of the file, and estimates how far the policy has moved by each
    answer under its neighbour's prompt: neighbours must not be answers to one prompt.
    """

    def place(numbered: tuple[int, dict[str, Any]]) -> str:
        return sha256(f"{seed} {numbered[0]}".encode()).hexdigest()

    return [row for _, row in sorted(enumerate(rows), key=place)]


def train_labelled(config: ForgeConfig, **watching: Unpack[Watching]) -> TrainingResult | None:
    """Train an adapter further on labelled answers, and package the result beside it.

    Args, raises: as `making.make`.
    """
    stage = plan(config)

    def prepare(say: Say) -> LabelAudit:
        job = stage.job
        seen = second_stage.prepared(
            stage,
            say,
            "labelled answers",
            lambda inputs: axolotl.render_kto(job.config, config.kto, inputs, job.seed),
        )
        labels = [row["label"] for row in stage.rows]
        return audit_labelled(seen["rows"], labels, seen["eos"])

    def package(seen: LabelAudit) -> Adapter:
        kto = config.kto
        facts = {"beta": kto.beta, "good_weight": kto.good_weight, "bad_weight": kto.bad_weight}
        counts = {"good": seen.good, "bad": seen.bad}
        return second_stage.packaged(stage, seen, seen.good + seen.bad, facts | counts)

    return making.make(stage.job, config.signing, prepare, package, **watching)


def _check_labels(rows: list[dict[str, Any]], train: Path) -> None:
    good = sum(row["label"] for row in rows)
    if 0 < good < len(rows):
        return
    which = f"all of its {len(rows)} answers are" if len(rows) > 1 else "its only answer is"
    what = f"{which} {'good' if good else 'bad'}"
    hint = "KTO tells good answers from bad ones; `forge train` learns good ones alone"
    raise TrainError(str(train), what, hint)


def _fault(row: Any) -> str:
    if not isinstance(row, dict):
        return "is not an object"
    if not isinstance(row.get("label"), bool):
        return "has no label, true or false; export with format=kto"
    for name in ("prompt", "completion"):
        if not isinstance(row.get(name), list) or not row[name]:
            return f"has no {name}"
    return conversation_fault(row["prompt"] + row["completion"])
