"""`forge train`: train an adapter on a dataset, its tokens checked first."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from harness_forge.core.numbers import count, seconds

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.training.jobs import Audit, TrainingResult
    from harness_forge.training.progress import Step

SUMMARY = "train an adapter on a dataset, its tokens checked first"
USAGE = "[sft|dpo|kto|grpo] [--plan] [--check] [key=value …]"
EXAMPLES = (
    "forge train skill=stig role=worker",
    "forge train train.dataset=data/mine train.rank=32 train.learning_rate=3e-4",
    "forge train train=qlora train.name=stig-qlora",
    "forge train --check",
    "forge train train.replicates=3",
    "forge train --plan",
    "forge train --plan model.shape=qwen3-14b gpu.card=rtx4090",
    "forge train train.refit=false train.name=stig-tuning train.dataset=data/dataset",
    "forge train dpo dpo.pairs=100 dpo.start=stig-worker",
    "forge train kto kto.dataset=data/stig_worker_kto",
    "forge train grpo skill=repair grpo.start=repair-worker",
)
KEYS = (
    "train",
    "dpo",
    "kto",
    "grpo",
    "gpu",
    "model",
    "skill",
    "role",
    "format",
    "export",
    "seed",
    "forge_home",
    "data_dir",
)
JSON = (
    "an object: adapter, folder, new, measured, and replicates, the same of each other one; "
    "with --check the counts of the audit; with --plan model, memory, choices, rows, seconds, …"
)

CHECK = "--check"
"""Flag: tokenise and audit, show what would be trained, start nothing."""

PLAN = "--plan"
"""Flag: say what the training would need, from the model's config.json alone; start nothing."""

STAGES = ("sft", "dpo", "kto", "grpo")
"""sft trains on examples; the others train its adapter further: on preference pairs, on answers
with a label, on its own answers as the skill's environment judges them."""


def main(argv: list[str]) -> int:
    """Train one adapter and print its folder."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report, show
    from harness_forge.cli.words import one_of, sort

    words, flags, overrides = sort(argv, (CHECK, PLAN))
    stages = [one_of(word, STAGES, "stage of training") for word in words]
    if PLAN in flags:
        return _plan(stages, flags, overrides)
    seen: list[Audit] = []
    told = {**following(), "audited": seen.append} if CHECK in flags else telling()
    config, check = composed(overrides), CHECK in flags
    made = _made(stages[-1] if stages else "sft", config, told | {"check": check})
    found = [facts(one) for one in made if one is not None]
    for audit in seen:
        show(counted(audit))
    if not found:
        report(seen[-1] if seen else None)
        return 0
    more = {"replicates": found[1:]} if found[1:] else {}
    report(found[0] | more, "\n".join(summary(one) for one in made if one is not None))
    return 0


def _made(
    stage: str, config: ForgeConfig, watching: dict[str, Any]
) -> Sequence[TrainingResult | None]:
    """Return the adapters of one stage of training; None of one that was only checked."""
    if stage == "dpo":
        from harness_forge.training.preferences import train_preferences

        return [train_preferences(config, **watching)]
    if stage == "kto":
        from harness_forge.training.labelled import train_labelled

        return [train_labelled(config, **watching)]
    if stage == "grpo":
        from harness_forge.evaluation.rewards import train_rewarded

        return [train_rewarded(config, **watching)]
    from harness_forge.training.replicates import train_replicates

    return train_replicates(config, **watching)


def facts(done: TrainingResult) -> dict[str, Any]:
    """Return what `--json` says of an adapter."""
    adapter = done.adapter
    found = {"adapter": adapter.name, "digest": adapter.digest, "folder": adapter.folder}
    return {**found, "new": done.new, "measured": adapter.lineage["measured"]}


def _plan(stages: list[str], flags: set[str], overrides: list[str]) -> int:
    """Say what a training of the first stage would need."""
    from harness_forge.cli import composed
    from harness_forge.cli.planned import planned
    from harness_forge.cli.results import report
    from harness_forge.core.errors import ConfigError
    from harness_forge.datasets.filters import tokens
    from harness_forge.training.plan.facts import facts as plan_facts
    from harness_forge.training.plan.plan import plan

    if CHECK in flags or stages[-1:] not in ([], ["sft"]):
        other = CHECK if CHECK in flags else stages[-1]
        hint = f"write: forge train {PLAN}"
        raise ConfigError("command line", f"{PLAN} and {other} do not go together", hint)
    found = plan(composed(overrides), lambda file, texts: tokens.load(file).counts(texts))
    report(plan_facts(found), planned(found))
    return 0


def telling() -> dict[str, Callable]:
    """Return what shows a training in the terminal, as its functions take it."""
    return {**following(), "audited": lambda audit: print(counted(audit), flush=True)}


def following() -> dict[str, Callable]:
    """Return what says what is being done, and shows how far it is."""
    return {**saying(), "show": shower()}


def saying() -> dict[str, Callable]:
    """Return what says what is being done."""
    return {"say": lambda text: print(f"train: {text}", flush=True)}


def summary(done: TrainingResult) -> str:
    """Return the result of a training, with the adapter's folder."""
    measured = done.adapter.lineage["measured"]
    pace = f", {count(measured['tokens_per_s'])} tokens/s" if "tokens_per_s" in measured else ""
    return (
        f"{done.adapter.name}: {'trained' if done.new else 'had been trained, with these settings'}"
        f", {measured['steps']} steps in {seconds(measured['seconds'])}{pace}, "
        f"loss {measured['first_loss']:.3f} to {measured['last_loss']:.3f}\n"
        f"{_judged(done)}  {done.adapter.folder}"
    )


def _judged(done: TrainingResult) -> str:
    """Return what became of the answers that an adapter was rewarded for; '' of other stages."""
    found = done.adapter.lineage.get("grpo")
    if not found:
        return ""
    alike = f"{found['groups_alike']} of {found['groups']} groups were all alike"
    kept = done.metrics.with_name("rollouts.jsonl")
    return (
        f"  mean reward {found['first_reward']:.2f} in the first fifth of the steps, "
        f"{found['last_reward']:.2f} in the last; {alike}\n"
        f"  {count(found['answers'])} answers and verdicts: {kept}\n"
    )


def counted(audit: Audit) -> str:
    """Return how much the audit saw; `forge train --check` shows a row too."""
    return "\n".join(_counts(audit))


def _counts(audit: Audit) -> list[str]:
    counts = f"{audit.what}, {audit.tokens} tokens, {audit.trained} of them trained, longest row"
    return [f"train: {counts} {audit.longest}", *_joined(audit)]


def render(audit: Audit) -> str:
    """Return what the audit saw, with the texts of one row."""
    shown = [f"train: {name}:\n{_indented(text)}" for name, text in audit.shown.items()]
    return "\n".join([*_counts(audit), *shown])


def _joined(audit: Audit) -> list[str]:
    if not getattr(audit, "joined", 0):
        return []
    what = "rows an answer's first token holds the end of its prompt too, as serving never writes"
    return [f"train: note: in {audit.joined} {what} it (an answer that begins with a line break)"]


def _indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())


def shower() -> Callable[[Step], None]:
    """Return what shows a step: one line rewritten on a terminal, else a sixth of them."""
    live = sys.stdout.isatty()

    def due(step: Step) -> bool:
        every = max(10, -(-step.steps // 6))
        # One just before the last says nothing that the last does not.
        near = step.steps - step.step < every // 2
        return step.step in (1, step.steps) or (step.step % every == 0 and not near)

    def show(step: Step) -> None:
        if live:
            end = "\n" if step.step == step.steps else ""
            print(f"\r\033[Ktrain: {step}", end=end, flush=True)
        elif due(step):
            print(f"train: {step}", flush=True)

    return show
