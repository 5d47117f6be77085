"""`forge evaluate`: score a model's answers with lm-eval, base model and adapter side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness_forge.core.numbers import percent, seconds

SUMMARY = "score answers on a split with lm-eval, base model beside adapter"
USAGE = "[ADAPTER] [--aa] [split=validation] [key=value …]"
EXAMPLES = (
    "forge evaluate",
    "forge evaluate stig-tuning split=validation",
    "forge evaluate outputs/adapters/sft suite.limit=10 suite.batch_size=32",
    "forge evaluate stig-worker suite=b4mad suite.limit=2",
    "forge evaluate suite=mmlu suite.path=data/mmlu",
    "forge evaluate --aa suite=forgetting",
)
KEYS = ("suite", "suites", "run", "prompt", "skill", "model", "store", "forge_home")
JSON = "an object: what outputs/evaluate.json holds"
SHORT = {"split": "run.split"}

OUT = "outputs"
"""Where metrics and per-item files go; another split than the holdout adds its name."""
AA = "--aa"
"""Flag: one model against itself, the noise floor of a suite."""
NOISE = "evaluate-aa"


def main(argv: list[str]) -> int:
    """Evaluate base model and adapter, and print the metrics by part."""
    from pathlib import Path

    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.core.errors import ConfigError
    from harness_forge.evaluation.suite_run import evaluate

    words, flags, overrides = sort(argv, (AA,))
    if len(words) > 1:
        raise ConfigError("command line", f"one adapter at a time, not {len(words)}", USAGE)
    config = composed(overrides)
    # A look at the holdout has to be asked for.
    split = config.run.split or "validation"
    name = "evaluate" if split == "holdout" else f"evaluate-{split}"
    found = evaluate(
        config,
        Path(OUT),
        adapter=words[0] if words else None,
        split=split,
        name=NOISE if AA in flags else name,
        twice=AA in flags,
        **telling(),
    )
    report(found, render(found))
    return 0


def telling() -> dict[str, Callable]:
    """Return what shows an evaluation in the terminal, as `evaluating` takes it."""
    return {"say": lambda text: print(f"evaluate: {text}", flush=True), "show": _shower()}


def render(report: dict[str, Any]) -> str:
    """Return each suite's metrics as a table: parts and categories of each label."""
    suites = report.get("suites") or {report["suite"]: report}
    return "\n".join(_suite(one) for one in suites.values())


def _suite(report: dict[str, Any]) -> str:
    metrics = report["metrics"]
    widths = [max(15, len(name) + 2) for name in metrics]
    names = report.get("category_names", [])
    wide = max([12, *(len(name) for name in names)]) + 2
    sentence = "".join(f"{name:>{width}}" for name, width in zip(metrics, widths, strict=True))
    lines = [f"{report['suite']} v{report['version']} on {report['split']}"]
    lines.append(f"  {'label':12}{'part':{wide}}{'items':>6}{sentence}")
    for label, parts in report["labels"].items():
        table = {part: means for part, means in parts.items() if part != "fixed"}
        for part, means in (report.get("categories", {}).get(label, {}) | table).items():
            each = zip(metrics, widths, strict=True)
            cells = "".join(f"{percent(means.get(name)):>{width}}" for name, width in each)
            lines.append(f"  {label:12}{part:{wide}}{means['items']:>6}{cells}")
    return "\n".join([*lines, *_remarks(report)])


def _remarks(report: dict[str, Any]) -> list[str]:
    """Return what the table alone would not tell: other counts, thresholds, items left out."""
    lines = []
    counted = next(iter(report["labels"].values()))["all"]
    for name in report["metrics"]:
        few = counted.get(f"{name}_items")
        if few == 0:
            lines.append(f"  {name} does not apply{_NEVER.get(name, '')}")
        elif few is not None and few != counted["items"]:
            lines.append(f"  {name} is over {few} of {counted['items']} items{_WHY.get(name, '')}")
    for label, names in report.get("below", {}).items():
        if names:
            lines.append(f"  {label} is below the suite's threshold on: {', '.join(names)}")
    if "flips" in report:
        sentence = f"{len(report['flips'])} of {counted['items']} items flip"
        lines.append(
            f"  {sentence}; {report['other_words']} answers are not the same to the letter"
        )
    if left := counted.get("infrastructure"):
        lines.append(f"  {left} items left out of every label: the sandbox failed, not the answer")
    return lines


_WHY = {
    "names_target": ": those with a check that names something of its own",
    "arguments_match": ": those that an answer of a teacher is known to pass",
    "completed": ": it counts beads",
}
_NEVER = {
    "script_parses": ": the tool takes no shell script",
    "names_target": ": no item has a check that names something of its own",
    "arguments_match": ": no answer is known to pass (`forge run policy=gold`)",
}


def _shower():
    """Return what shows how many answers there are: one line rewritten on a terminal."""
    import time

    from harness_forge.cli.line import StatusLine

    line, began = StatusLine("evaluate"), [time.monotonic()]

    def show(label: str, done: int, total: int) -> None:
        text = f"{label}: {done} of {total} answers"
        if done < total:
            line.count(text)
            return
        now = time.monotonic()
        line.end(f"{text} in {seconds(now - began[0])}")
        # The next model is asked from here on.
        began[0] = now

    return show
