"""`forge train`: train an adapter on a dataset, its tokens checked first."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness_forge.trainers.audit import Audit
    from harness_forge.trainers.progress import Step

SUMMARY = "train an adapter on a dataset, its tokens checked first"
USAGE = "[--check] [key=value …]"
EXAMPLES = (
    "forge train skill=stig role=worker",
    "forge train train.dataset=data/mine train.rank=32 train.learning_rate=3e-4",
    "forge train train=qlora train.name=stig-qlora",
    "forge train --check",
)
KEYS = ("train", "model", "skill", "role", "format", "export", "seed", "forge_home", "data_dir")

CHECK = "--check"
"""Flag: tokenise and audit, show what would be trained, start nothing."""


def main(argv: list[str]) -> int:
    """Train one adapter and say where it lies."""
    from harness_forge import training
    from harness_forge.cli import composed
    from harness_forge.cli.words import sort

    words, flags, overrides = sort(argv, (CHECK,))
    config = composed([*words, *overrides])
    done = training.train(
        config,
        say=lambda text: print(f"train: {text}", flush=True),
        show=_shower(),
        audited=lambda audit: print(render(audit), flush=True),
        check=CHECK in flags,
    )
    if done is None:
        return 0
    measured = done.adapter.lineage["measured"]
    pace = f", {measured['tokens_per_s']:.0f} tokens/s" if "tokens_per_s" in measured else ""
    print(
        f"{done.adapter.name}: {'trained' if done.new else 'had been trained, with these settings'}"
        f", {measured['steps']} steps in {measured['seconds']:.0f} s{pace}, "
        f"loss {measured['first_loss']:.3f} to {measured['last_loss']:.3f}"
    )
    print(f"  {done.adapter.folder}")
    return 0


def render(audit: Audit) -> str:
    """Return what the audit saw, with one row's masked and trained part."""
    return "\n".join(
        [
            f"train: {audit.rows} rows, {audit.tokens} tokens, {audit.trained} of them trained, "
            f"longest row {audit.longest}",
            "train: masked in one row (no loss):",
            _indented(audit.masked_text),
            "train: trained in the same row:",
            _indented(audit.trained_text),
        ]
    )


def _indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())


def _shower():
    """Return what shows a step: one line rewritten on a terminal, else every tenth."""
    live = sys.stdout.isatty()

    def show(step: Step) -> None:
        if live:
            end = "\n" if step.step == step.steps else ""
            print(f"\r\033[Ktrain: {step}", end=end, flush=True)
        elif step.step in (1, step.steps) or step.step % 10 == 0:
            print(f"train: {step}", flush=True)

    return show
