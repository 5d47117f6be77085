"""GRPO: trains a trained adapter further on its own answers, as they are judged."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from typing import Any, Unpack

from harness_forge.config.grpo import GrpoConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ForgeError, TrainError
from harness_forge.registry.adapters.package import Adapter
from harness_forge.training import axolotl, dataset, making, pairs, rollouts, second_stage
from harness_forge.training.answer_audit import PromptAudit, audit_prompts
from harness_forge.training.jobs import Say, TrainingResult
from harness_forge.training.making import Watching
from harness_forge.training.reward_server import Judge, RewardServer
from harness_forge.training.second_stage import SecondStage

KIND = "grpo"
ROLLOUTS = "rollouts.jsonl"
"""File of all answers and their verdicts, beside the training's metrics."""


def plan(config: ForgeConfig, judge: Judge) -> SecondStage:
    """Return the second stage that `config` describes; nothing is started.

    Raises:
        TrainError: model, adapter or dataset is not fit for it.
        WorksetError: the train workset is not installed.
    """
    grpo = config.grpo
    data = dataset.read(second_stage.dataset_folder(config, KIND), _fault, key=f"{KIND}.dataset")
    rows = pairs.draw(data.train, grpo.rows, second_stage.seed_of(config, KIND))
    _check_sizes(grpo, rows, data.train)
    judge.check(rows, data.train)
    facts = [grpo.beta, grpo.group, grpo.prompts, grpo.temperature, grpo.max_new_tokens]
    facts += [judge.evaluator, judge.evaluator_version]
    return second_stage.plan(config, KIND, data, rows, *facts)


def train_judged(
    config: ForgeConfig, judge: Judge, **watching: Unpack[Watching]
) -> TrainingResult | None:
    """Train an adapter further on what it answers, and package the result beside it.

    All answers and verdicts stay in `ROLLOUTS`, beside the training's metrics.

    Args, raises: as `making.make`.
    """
    grpo = config.grpo
    stage = plan(config, judge)
    file = stage.job.work / ROLLOUTS
    with RewardServer(judge, file, grpo.judge_s, grpo.patience, stage.rows) as server:
        told = {**stage.job.variables, "FORGE_JUDGE": str(server.path)}
        stage = replace(stage, job=replace(stage.job, variables=told))

        def prepare(say: Say) -> PromptAudit:
            job = stage.job
            seen = second_stage.prepared(
                stage,
                say,
                "prompts",
                lambda inputs: axolotl.render_grpo(job.config, grpo, inputs, job.seed),
                room=grpo.max_new_tokens,
            )
            return audit_prompts([row["asked"] for row in seen["rows"]], grpo.max_new_tokens)

        def package(seen: PromptAudit) -> Adapter:
            facts = _facts(grpo, judge, file)
            return second_stage.packaged(stage, seen, seen.prompts, facts)

        try:
            return making.make(stage.job, config.signing, prepare, package, **watching)
        except ForgeError:
            # Axolotl's last words are of the same fault, without the remedy.
            if server.fault:
                raise server.fault from None
            raise


def _facts(grpo: GrpoConfig, judge: Judge, file: Path) -> dict[str, Any]:
    """Return what the lineage says: settings, the judge, and a hash of all answers."""
    with file.open("rb") as answers:
        digest = file_digest(answers, "sha256").hexdigest()
    return {
        "beta": grpo.beta,
        "group": grpo.group,
        "prompts": grpo.prompts,
        "temperature": grpo.temperature,
        "max_new_tokens": grpo.max_new_tokens,
        "evaluator": judge.evaluator,
        "evaluator_version": judge.evaluator_version,
        **rollouts.counts(rollouts.read(file)),
        "rollouts": digest,
    }


def _check_sizes(grpo: GrpoConfig, rows: list[dict[str, Any]], train: Path) -> None:
    if grpo.answers % grpo.micro_batch:
        what = f"{grpo.answers} answers a step ({grpo.group} to each of {grpo.prompts} prompts) are"
        what += f" no multiple of {grpo.micro_batch}"
        raise TrainError("grpo.micro_batch", what, f"grpo.micro_batch={grpo.group}")
    if len(rows) < grpo.prompts:
        what = f"has {len(rows)} prompts, and a step asks {grpo.prompts}"
        raise TrainError(str(train), what, f"grpo.prompts={len(rows)}, or export more of them")


def _fault(row: Any) -> str:
    if not isinstance(row, dict):
        return "is not an object"
    if not isinstance(row.get("reference"), str):
        return "has no reference that says what judges its answers; export with format=grpo"
    try:
        named = json.loads(row["reference"])
    except ValueError:
        return "has a reference that is no JSON"
    if not isinstance(named, dict) or not named.get("item_id"):
        return "has a reference without an item_id"
    prompt = row.get("prompt")
    if not isinstance(prompt, list) or not prompt:
        return "has no prompt"
    if not all(isinstance(message, dict) and "role" in message for message in prompt):
        return "has a message without a role"
    return "" if prompt[-1]["role"] != "assistant" else "ends with an answer, not with a question"
