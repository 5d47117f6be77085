"""`forge evaluate`: score a model's answers with lm-eval, base model and adapter side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

SUMMARY = "score answers on a split with lm-eval, base model beside adapter"
USAGE = "[ADAPTER] [split=validation] [key=value …]"
EXAMPLES = (
    "forge evaluate",
    "forge evaluate stig-worker split=validation",
    "forge evaluate outputs/adapters/sft suite.limit=10 suite.batch_size=32",
)
KEYS = ("suite", "run", "skill", "model", "store", "forge_home")
SHORT = {"split": "run.split"}

OUT = "outputs"
"""Where metrics and per-item files go; another split than the holdout adds its name."""


def main(argv: list[str]) -> int:
    """Evaluate base model and adapter, and print the metrics by part."""
    from pathlib import Path

    from harness_forge.cli import composed
    from harness_forge.cli.words import sort
    from harness_forge.errors import ConfigError
    from harness_forge.evaluating import evaluate

    words, _, overrides = sort(argv)
    if len(words) > 1:
        raise ConfigError("command line", f"one adapter at a time, not {len(words)}", USAGE)
    config = composed(overrides)
    # A look at the holdout has to be asked for.
    split = config.run.split or "validation"
    report = evaluate(
        config,
        Path(OUT),
        adapter=words[0] if words else None,
        split=split,
        name="evaluate" if split == "holdout" else f"evaluate-{split}",
        **telling(),
    )
    print(render(report))
    return 0


def telling() -> dict[str, Callable]:
    """Return what shows an evaluation in the terminal, as `evaluating` takes it."""
    return {"say": lambda text: print(f"evaluate: {text}", flush=True), "show": _shower()}


def render(report: dict[str, Any]) -> str:
    """Return a report's metrics as a table, a line for each part of each label."""
    metrics = report["metrics"]
    head = f"  {'label':12}{'part':14}{'items':>6}" + "".join(f"{name:>15}" for name in metrics)
    lines = [f"{report['suite']} v{report['version']} on {report['split']}", head]
    for label, parts in report["labels"].items():
        for part, means in parts.items():
            cells = "".join(_cell(means.get(name)) for name in metrics)
            lines.append(f"  {label:12}{part:14}{means['items']:>6}{cells}")
    counted = report["labels"]["base"]["all"]
    if "names_target_items" in counted:
        lines.append(
            f"  names_target is over the {counted['names_target_items']} of {counted['items']} "
            "items whose check names something of its own"
        )
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return f"{'-' if value is None else format(value, '.1%'):>15}"


def _shower():
    """Return what shows how many answers there are: one line rewritten on a terminal."""
    live = sys.stdout.isatty()

    def show(label: str, done: int, total: int) -> None:
        text = f"evaluate: {label}: {done} of {total} answers"
        if live:
            print(f"\r\033[K{text}", end="\n" if done == total else "", flush=True)
        elif done:
            print(text, flush=True)

    return show
