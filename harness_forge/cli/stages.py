"""One function per DVC stage: the resolved recipe in, files out.

Each stage reads only its sections of the resolved recipe. Nothing it writes looks finished
before it is. `out` is the output that `cli/stage.py` names the stage after; other outputs
are beside it, a few numbers for `dvc metrics` in `metrics/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.config.compose.resolved import load_resolved
from harness_forge.config.run import split_of
from harness_forge.config.schema import AttemptStep, ForgeConfig
from harness_forge.config.several import preferences_of, skills_of
from harness_forge.config.skill import is_recorded
from harness_forge.core.errors import TrainError
from harness_forge.core.files import write_json
from harness_forge.datasets import from_config
from harness_forge.datasets.from_config import judge_scores
from harness_forge.datasets.request import ExportReport
from harness_forge.registry.adapters import registry
from harness_forge.registry.current import trained_folder
from harness_forge.report import metrics as few
from harness_forge.rollouts import opening
from harness_forge.store.judge_scores import scores_digest
from harness_forge.store.opening import opened_skill, opened_store

if TYPE_CHECKING:
    from harness_forge.evaluation.replay import Replay
    from harness_forge.promotion.decide import Decision
    from harness_forge.report.material import Material
    from harness_forge.training.jobs import TrainingResult
    from harness_forge.training.token_audit import TokenAudit

DATASET = Path("data/dataset")
PAIRS = Path("data/pairs")
NONE = "none.txt"
"""In the folder of a second stage that the recipe does not ask for: DVC warns of an empty one."""


def attempt(resolved: Path, out: Path) -> None:
    """Take in the recipe's sources, make its runs, one after the other, and write their results.

    A run that is complete is left alone, so the stage can be run again. The
    file holds no times: it changes only when a run did. A recipe of several
    skills makes all its runs in each that has an environment, under the skill's name.

    Raises:
        RunError: it has runs to make, and no environment.
    """
    from harness_forge.collect.intake.recipe_sources import take_in

    config = load_resolved(resolved)
    skills = skills_of(config)
    if config.attempt and all(is_recorded(one.skill) for one in skills):
        raise opening.no_environment(skills[0])
    taken = take_in(config, lambda line: print(f"attempt: {line}", flush=True))
    found = _of_each_skill(config, _attempts)
    write_json(out, found | ({"taken_in": taken} if taken else {}), sort_keys=True)


def _attempts(config: ForgeConfig) -> dict[str, Any]:
    if is_recorded(config.skill):
        return {}
    report = {name: opening.run(_settings(config, step)) for name, step in config.attempt.items()}
    for summary in report.values():
        summary.pop("new_items", None)
    return report


def watermark(resolved: Path, out: Path) -> None:
    """Write a few bytes that change when the rows an export may select do.

    Labels are audited first: untrusted ones are flagged, and a flag changes what
    may be selected. A recipe of several skills has the bytes of each, under its
    name. If feedback weights the export, its run is included, and if a filter
    reads a judge's scores, their digest. The adapter that a training starts from lies
    in forge_home too: its hash goes to a file of its own, so that it exports nothing anew.
    """
    from harness_forge.datasets.feedback import run_evidence
    from harness_forge.store.labels import label_audit

    config = load_resolved(resolved)
    # Held open throughout: the embedded server then starts once.
    with opened_store(config) as store:
        label_audit.audit(config)
        found = _of_each_skill(config, _watermark)
        weighted = run_evidence.fingerprint(config, store)
    more = {"feedback": weighted} if weighted else {}
    if scores := judge_scores(config):
        more["judge"] = scores_digest(scores)
    write_json(out, found | more, sort_keys=True)
    write_json(out.with_name("start.json"), {"start": _start(config)})


def _start(config: ForgeConfig) -> str | None:
    """Return the hash of the adapter that a training starts from; None where it has none."""
    name = config.train.start
    try:
        return registry.resolve(name, Path(config.forge_home)).digest if name else None
    except TrainError:
        return None  # the training says what is wrong with it


def _watermark(config: ForgeConfig) -> dict[str, Any]:
    with opened_skill(config) as store:
        return store.watermark()


def _of_each_skill(config: ForgeConfig, of_one: Callable[[ForgeConfig], Any]) -> Any:
    """Return what `of_one` says of a recipe's skill; by name, where there are several."""
    found = {one.skill.name: of_one(one) for one in skills_of(config)}
    return found if config.skills else found[config.skill.name]


def export(resolved: Path, out: Path) -> ExportReport:
    """Write the recipe's dataset to `out` and return what became of the rows.

    Raises:
        ExportError: nothing may be trained on; the reasons are in the message.
    """
    config = load_resolved(resolved)
    # DVC knows the dataset by its stage, not by its recipe: one path for all recipes.
    config = replace(config, data_dir=str(out.parent), export=replace(config.export, name=out.name))
    return from_config.export_from_config(config)


def pairs(resolved: Path, out: Path) -> ExportReport | None:
    """Write the recipe's preference pairs; a folder that says so where it asks for none.

    Raises:
        ExportError: it asks for pairs, and no row makes one.
    """
    config = load_resolved(resolved)
    if not config.preferences:
        _leave_note(out)
        return None
    return from_config.export_from_config(
        replace(preferences_of(config, out.name), data_dir=str(out.parent))
    )


def audit(resolved: Path, out: Path, **tell: Callable) -> TokenAudit:
    """Check the dataset's tokens: what is masked, what is trained."""
    from harness_forge.training import stages

    return stages.audit(load_resolved(resolved), DATASET, out, **tell)


def train_sft(resolved: Path, out: Path, **tell: Callable) -> TrainingResult:
    """Train the adapter, or go on where a killed training stopped.

    What was measured goes to outputs/train_sft.json, curves to outputs/live/sft.
    """
    from harness_forge.training import stages

    outputs = out.parent.parent
    metrics, live = outputs / "train_sft.json", outputs / "live" / out.name
    config = load_resolved(resolved)
    if config.preferences:
        # A second stage that cannot follow is said before the hours of the first.
        preferences_of(config, PAIRS.name)
    done = stages.train_sft(config, DATASET, out, metrics, live, **tell)
    few.write("train_sft", done.adapter.lineage["measured"], outputs)
    return done


def train_dpo(resolved: Path, out: Path, **tell: Callable) -> TrainingResult | None:
    """Train the adapter further on preference pairs, where the recipe asks for it.

    Where it does not, folders and files say so: DVC wants every output of a stage.
    """
    from harness_forge.training import stages

    config, outputs = load_resolved(resolved), out.parent.parent
    metrics, live = outputs / "train_dpo.json", outputs / "live" / out.name
    if not config.preferences:
        for folder in (out, live):
            _leave_note(folder)
        write_json(metrics, {})
        few.write("train_dpo", {}, outputs)
        return None
    start = out.with_name("sft")
    done = stages.train_dpo(config, PAIRS, start, out, metrics, live, **tell)
    few.write("train_dpo", done.adapter.lineage["measured"], outputs)
    return done


def _leave_note(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = "The recipe names no preference pairs: nothing is exported or trained here.\n"
    (folder / NONE).write_text(text, encoding="utf-8")


def prove(resolved: Path, out: Path) -> dict[str, Any]:
    """Prove that the adapter is live; one that is not goes no further."""
    from harness_forge.evaluation.proof import prove as proving

    done = proving.prove(load_resolved(resolved), trained_folder(out.parent), out)
    few.write("prove", done, out.parent)
    return done


def replay(resolved: Path, out: Path, **tell: Callable) -> Replay:
    """Let base model, baselines and adapter act on the holdout; the environment judges.

    A recipe without any environment replays nothing, and its replay.json says so.
    """
    from harness_forge.evaluation import replay as replaying

    config, adapter = load_resolved(resolved), str(trained_folder(out.parent))
    none = all(is_recorded(one.skill) for one in skills_of(config))
    done = (replaying.nothing_to_replay if none else replaying.replay)(config, out, adapter, **tell)
    few.write("replay", done.as_dict(), out.parent)
    return done


def evaluate(resolved: Path, out: Path, **tell: Callable) -> dict[str, Any]:
    """Score with lm-eval what base model and adapter answered in the replay."""
    from harness_forge.evaluation import suite_run

    config = load_resolved(resolved)
    done = suite_run.evaluate(
        config,
        out.parent,
        str(trained_folder(out.parent)),
        split_of(config.run).value,
        **tell,
    )
    few.write("evaluate", done, out.parent)
    return done


def promote(resolved: Path, out: Path, **tell: Callable) -> Decision:
    """Decide by the rule file; the decision is a result, whatever it says."""
    from harness_forge.promotion.decide import decide
    from harness_forge.promotion.files import Files

    return decide(load_resolved(resolved), Files.of(out.parent), out, **tell)


def report(resolved: Path, out: Path) -> Material:
    """Write the page that shows it all."""
    from harness_forge.report import collect

    return collect.report(load_resolved(resolved), out)


def _settings(config: ForgeConfig, step: AttemptStep) -> ForgeConfig:
    policy = replace(config.policy, kind=step.policy)
    if step.samples is not None:
        policy = replace(policy, samples=step.samples)
    run = replace(config.run, purpose=step.purpose)
    if step.limit is not None:
        run = replace(run, limit=step.limit)
    return replace(config, policy=policy, run=run)
