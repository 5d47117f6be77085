"""DPO: trains a trained adapter further on preference pairs."""

from __future__ import annotations

from typing import Unpack

from harness_forge.config.schema import ForgeConfig
from harness_forge.registry.adapters.package import Adapter
from harness_forge.training import axolotl, making, pairs, second_stage
from harness_forge.training.answer_audit import PairAudit, audit_pairs
from harness_forge.training.jobs import Say, TrainingResult
from harness_forge.training.making import Watching
from harness_forge.training.second_stage import SecondStage

KIND = "dpo"


def plan(config: ForgeConfig) -> SecondStage:
    """Return the second stage that `config` describes; nothing is started.

    Raises:
        TrainError: model, adapter or dataset is not fit for it.
        WorksetError: the train workset is not installed.
    """
    dpo = config.dpo
    data = pairs.read(second_stage.dataset_folder(config, KIND))
    rows = pairs.draw(data.train, dpo.pairs, second_stage.seed_of(config, KIND))
    return second_stage.plan(config, KIND, data, rows, dpo.beta, dpo.sft_weight)


def train_preferences(config: ForgeConfig, **watching: Unpack[Watching]) -> TrainingResult | None:
    """Train an adapter further on preference pairs, and package the result beside it.

    Args, raises: as `making.make`.
    """
    stage = plan(config)

    def prepare(say: Say) -> PairAudit:
        job = stage.job
        seen = second_stage.prepared(
            stage,
            say,
            "pairs",
            lambda inputs: axolotl.render_dpo(job.config, config.dpo, inputs, job.seed),
        )
        return audit_pairs(seen["rows"], seen["eos"])

    def package(seen: PairAudit) -> Adapter:
        dpo = config.dpo
        facts = {"beta": dpo.beta, "sft_weight": dpo.sft_weight, "pairs": seen.pairs}
        return second_stage.packaged(stage, seen, 2 * seen.pairs, facts)

    return making.make(stage.job, config.signing, prepare, package, **watching)
