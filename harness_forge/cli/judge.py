"""`forge judge`: a local model scores a run's answers, or compares two runs pair by pair."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import interval, p_value, percent, signed

SUMMARY = "let a local model score a run's answers, or compare those of two runs"
USAGE = "RUN [RUN] [--suite] [key=value …]"
EXAMPLES = (
    "forge judge 20261121-081100 judge.endpoint=http://127.0.0.1:11434/v1",
    "forge judge RUN_N RUN_N+1 judge.endpoint=http://127.0.0.1:8000/v1 judge.limit=200",
    "forge judge RUN --json > scores.json",
    "forge judge BASE_RUN ADAPTER_RUN --suite",
)
KEYS = ("skill", "skills", "judge", "store", "forge_home", "budget")

JSON = "an object: run or runs, judge, labels, agreement, drift, items"

SUITE = "--suite"
OUT = "outputs/judge.json"
"""Where `--suite` writes what rules may read as the suite `judge`."""

NONE = "-"


def main(argv: list[str]) -> int:
    """Judge one run or two and print what came of it."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.core.files import write_json
    from harness_forge.evaluation.judging.pairing import judge_pairs
    from harness_forge.evaluation.judging.scoring import judge_run

    words, flags, overrides = sort(argv, (SUITE,))
    if len(words) not in (1, 2):
        raise ConfigError("command line", "one run or two, please", f"forge judge {USAGE}")
    judge = judge_run if len(words) == 1 else judge_pairs
    show, done = _progress()
    try:
        found = judge(composed(overrides), *words, show)
    finally:
        done()
    if SUITE in flags:
        write_json(Path(OUT), found)
    report(found, render_pairs(found) if len(words) == 2 else render(found))
    return 0


def render(found: Mapping[str, Any]) -> str:
    """Return what became of one run."""
    (label,) = found["labels"].values()
    scores, known = label["all"], found["agreement"]
    lines = [
        f"run     {found['run']}  {found['policy']}",
        _judge(found),
        f"{scores['items']} of {found['answers']} answers judged" + _unjudged(found["unjudged"]),
        "",
        *(f"  {name:28}{scores[name]:>8.3f}" for name in found["metrics"]),
        "",
        f"with the evaluator, where it has a verdict: {_kappa(known)}",
        f"  overall where it passed {_number(known['mean_of_passed'])},"
        f" where it failed {_number(known['mean_of_failed'])}",
        *_drift(found["drift"]),
    ]
    return "\n".join(lines)


def render_pairs(found: Mapping[str, Any]) -> str:
    """Return what became of two runs side by side."""
    lines = [
        *(f"{which:6}  {run['run']}  {run['policy']}" for which, run in found["runs"].items()),
        _judge(found),
        f"{found['judged']} of {found['pairs']} pairs judged, set {found['fingerprint']}"
        + _unjudged(found["reasons"]),
        "",
    ]
    for name in ("first", "second", "tie", "inconsistent"):
        lines.append(f"  {name:14}{found[name]:>7}")
    if found["inconsistent"]:
        share = found["inconsistent_share"]
        lines.append(
            f"  {percent(share)} of the pairs were judged otherwise when they changed places"
        )
    lines += [
        "",
        f"first against second: p = {p_value(found['p'])} (exact, pairs with a preference)",
        f"with the evaluator, where it has verdicts: {_kappa(found['agreement'])}",
        *_drift(found["drift"]),
    ]
    return "\n".join(lines)


def _judge(found: Mapping[str, Any]) -> str:
    judge = found["judge"]
    return f"judge   {judge['model']} {judge['digest']}, rubric {judge['rubric']}"


def _unjudged(reasons: Mapping[str, int]) -> str:
    sentence = [f"{count} {reason}" for reason, count in reasons.items() if count]
    return f"; not judged, and no score: {', '.join(sentence)}" if sentence else ""


def _kappa(known: Mapping[str, Any]) -> str:
    if not known["items"]:
        return "it has none"
    sentence = f"{percent(known['agree'])} of {known['items']} alike"
    if known["kappa"] is None:
        return f"{sentence}; one verdict is all there was, so kappa says nothing"
    ends = ""
    if known["low"] is not None:
        ends = f" (95% {interval(known['low'], known['high'], signed)})"
    return f"{sentence}, kappa {signed(known['kappa'])}{ends}"


def _drift(drift: Mapping[str, Any] | None) -> list[str]:
    if drift is None:
        return []
    if drift["mean"] is None:
        return ["anchors judged for the first time by this judge"]
    sentence = (
        f"{drift['anchors']} anchors judged again: changed by {drift['mean']:.3f} on average,"
        f" {drift['largest']:.3f} at most, bound {drift['bound']:g}"
    )
    if not drift["beyond"]:
        return [sentence]
    other = "the same digest" if drift["first"] == drift["digest"] else f"then {drift['first']}"
    return [sentence, f"WARNING: the judge drifted ({other}): do not compare with earlier scores"]


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _progress() -> tuple[Callable[[int, int], None], Callable[[], None]]:
    """Return what shows how many are judged on a terminal, and what ends it."""
    from tqdm import tqdm

    bar = tqdm(unit=" verdicts", file=sys.stderr, disable=None, leave=False, delay=1)

    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return show, bar.close
