"""Judges one run: four criteria for each answer, compared with the evaluator's verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.config.judge import CRITERIA, JudgeConfig
from harness_forge.config.policy import PolicyKind
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.files import write_json
from harness_forge.evaluation.agreement import cohen_kappa
from harness_forge.evaluation.episodes import fingerprint
from harness_forge.evaluation.judges.asking import ask_all
from harness_forge.evaluation.judges.check import check
from harness_forge.evaluation.judges.endpoint import Judge, JudgeModel, check_host
from harness_forge.evaluation.judges.questions import PromptAndAnswer, rubric_digest, single
from harness_forge.evaluation.judging import reading
from harness_forge.evaluation.judging.drift import Drift, watch
from harness_forge.evaluation.runs import opened_runs
from harness_forge.store.judge_scores import overall
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.looks import Look
from harness_forge.store.verdicts import JudgeVerdict, VerdictFile, reasons

FOLDER = "judge"
BASE, ADAPTER = "base", "adapter"
PREFIX = "judge."
"""Prefix of every metric of a judge, so that no rule takes one for a measurement."""

Show = Callable[[int, int], None]


def judge_run(
    config: ForgeConfig, word: str, show: Show = lambda done, total: None
) -> dict[str, Any]:
    """Judge the answers of a run and return the result.

    Verdicts are added to <forge_home>/judge/<run>.jsonl as they arrive; the
    result is written to <run>.json beside it when every answer was asked about.

    Args:
        word: the run's id, or a unique beginning of it.
        show: called with (judged, total).

    Raises:
        ConfigError: the judge is not on this machine, or its settings are wrong.
        EndpointError: its server failed; the verdicts so far are stored.
        EvalError: there is no such run, or nothing in it to judge.
    """
    check(config.judge)
    check_host(config.judge)
    with opened_runs(config) as stores:
        found = reading.read(stores, word, config.judge.limit)
    record_look(config, found)
    folder = Path(config.forge_home) / FOLDER
    run_id = found.run["id"]
    verdicts, drift = asyncio.run(_ask(config.judge, folder, run_id, found.answers, show))
    report = summary(config.judge, found, verdicts, drift)
    write_json(folder / f"{run_id}.json", report)
    return report


def record_look(config: ForgeConfig, found: reading.JudgedRun) -> None:
    """Record, before anything is asked, a look at held-out answers; it spends nothing."""
    if found.held_out:
        HoldoutLedger(config.budget, Path(config.forge_home)).record(
            Look(
                skill=found.skill,
                label=f"judge:{found.run['policy']}",
                candidate=None,
                items=found.held_out,
                content_digest=found.run["content_digest"],
                run_id=f"judge-{found.run['id']}",
                tested=False,
            )
        )


async def _ask(
    config: JudgeConfig, folder: Path, run_id: str, answers: Sequence[PromptAndAnswer], show: Show
) -> tuple[dict[str, JudgeVerdict], Drift | None]:
    async with Judge(config) as judge:
        with VerdictFile(folder / f"{run_id}.jsonl") as file:
            verdicts = await ask_all(
                judge,
                [single(answer) for answer in answers],
                file=file,
                tries=config.tries,
                concurrency=config.concurrency,
                show=show,
            )
        return verdicts, await watch(judge, config, folder, answers)


def summary(
    config: JudgeConfig,
    found: reading.JudgedRun,
    verdicts: Mapping[str, JudgeVerdict],
    drift: Drift | None,
) -> dict[str, Any]:
    """Return the result of a judged run, means under `labels` as in evaluate.json."""
    judged = [(one, verdicts[one.key]) for one in found.answers if verdicts[one.key].scores]
    scores = [(one, overall(v.scores, config.weights)) for one, v in judged]
    means = {name: _mean([v.scores[name] for _, v in judged]) for name in CRITERIA}
    table = {"overall": _mean([score for _, score in scores]), **means}
    metrics = {f"{PREFIX}{name}": value for name, value in table.items() if value is not None}
    one = next(iter(verdicts.values()))
    judge = JudgeModel(one.judge, one.digest)
    candidate = candidate_of(found.run)
    label = ADAPTER if candidate else BASE if is_base(found.run) else found.run["policy"]
    return {
        **suite(judge, [answer.item_id for answer in found.answers], found),
        "candidate": candidate,
        "weights": dict(config.weights),
        "run": found.run["id"],
        "policy": found.run["policy"],
        "metrics": list(metrics),
        "labels": {label: {"all": {"items": len(judged), **metrics}}},
        "answers": len(found.answers),
        "unjudged": {**reasons(verdicts.values()), "silent": found.silent},
        "agreement": _agreement(scores, config.passes),
        "drift": drift.as_dict() if drift else None,
    }


def suite(judge: JudgeModel, items: Sequence[str], found: reading.JudgedRun) -> dict[str, Any]:
    """Return what identifies a judged suite, as in evaluate.json."""
    return {
        "suite": "judge",
        "version": f"{rubric_digest()}-{judge.digest}",
        "judge": {"model": judge.name, "digest": judge.digest, "rubric": rubric_digest()},
        "skill": found.skill,
        "split": found.split,
        "fingerprint": fingerprint((found.skill, item) for item in items),
    }


def _agreement(scores: Sequence[tuple[PromptAndAnswer, float]], passes: float) -> dict[str, Any]:
    """Return the judge's agreement with the evaluator, over items with a verdict of both."""
    both = [(one, score) for one, score in scores if one.passed is not None]
    kappa = cohen_kappa((one.family, one.passed, score >= passes) for one, score in both)
    return {
        **kappa.as_dict(),
        "passes": passes,
        "mean_of_passed": _mean([score for one, score in both if one.passed]),
        "mean_of_failed": _mean([score for one, score in both if not one.passed]),
    }


def candidate_of(run: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the adapter that answered, as evaluate.json names it."""
    policy = (run.get("config") or {}).get("policy") or {}
    digest = policy.get("adapter_digest")
    return {"name": policy.get("adapter"), "digest": digest} if digest else None


def is_base(run: Mapping[str, Any]) -> bool:
    """Return whether a model without an adapter and without examples answered."""
    policy = (run.get("config") or {}).get("policy") or {}
    bare = not policy.get("adapter_digest") and not policy.get("shots")
    return bare and policy.get("kind", PolicyKind.model.value) == PolicyKind.model.value


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 6) if values else None
