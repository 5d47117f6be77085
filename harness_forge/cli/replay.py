"""`forge replay`: judge an adapter on held-out items beside four baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness_forge.cli.columns import columns
from harness_forge.core.numbers import NONE, count, interval, p_value, percent, points
from harness_forge.core.numbers import level as level_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness_forge.evaluation.rates import Rate
    from harness_forge.evaluation.recipes import RecipeResult
    from harness_forge.evaluation.replay import Replay

SUMMARY = "judge an adapter on held-out items beside four baselines"
USAGE = "[ADAPTER] [--aa] [key=value …]"
EXAMPLES = (
    "forge replay stig-tuning split=validation",
    "forge replay stig-worker",
    "forge replay outputs/adapters/sft skill=stig",
    "forge replay --aa split=validation",
    "forge replay train.replicates=3",
)
KEYS = (
    "skill",
    "run",
    "prompt",
    "model",
    "train",
    "split",
    "budget",
    "store",
    "seed",
    "forge_home",
)
JSON = "an object: what outputs/replay.json holds; with --aa outputs/aa.json"
SHORT = {"split": "run.split"}

AA = "--aa"
"""Flag: the base model against itself, the noise floor of a replay."""
NOISE = "outputs/aa.json"

OUT = "outputs/replay"
"""Where per-item files go; another split than the holdout adds its name."""


def main(argv: list[str]) -> int:
    """Run the six policies and print rates and comparisons."""
    from pathlib import Path

    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.evaluation import replay
    from harness_forge.store.splits.holdout_ledger import HoldoutLedger, describe

    words, flags, overrides = sort(argv, (AA,))
    adapter, extra = (words[0], words[1:]) if words else (None, [])
    config = composed([*extra, *overrides])
    split = config.run.split or "holdout"
    if AA in flags:
        return _noise(config, adapter)
    out = Path(OUT if split == "holdout" else f"{OUT}-{split}")
    done = replay.replay(config, out, adapter, **telling())
    lines = [render(done)]
    if done.levels:
        ledger = HoldoutLedger(config.budget, Path(config.forge_home))
        lines.append(describe(ledger.facts()))
    report(done.as_dict(), "\n".join([*lines, f"{out}.json"]))
    return 0


def _noise(config, adapter: str | None) -> int:
    """Replay the base model against itself, and print what flips."""
    from pathlib import Path

    from harness_forge.cli.results import report
    from harness_forge.core.errors import ConfigError
    from harness_forge.evaluation.noise_floor import again

    if adapter:
        what = "the base model is replayed against itself, and no adapter"
        raise ConfigError("command line", what, "forge replay --aa")
    floor = again(config, Path(NOISE), **telling())
    lines = [f"the base model against itself on {floor.split}"]
    for part, one in floor.comparison.parts.items():
        flips = one.only_first + one.only_second
        lines.append(f"  {part}: {flips} of {one.pairs} items flip")
    flips = (*floor.comparison.gained, *floor.comparison.lost)
    report(floor.as_dict(), "\n".join([*lines, *(f"  {one.item_id}" for one in flips), NOISE]))
    return 0


def telling() -> dict[str, Callable]:
    """Return what shows a replay in the terminal, as `replaying` takes it."""
    return {"say": lambda line: print(f"replay: {line}", flush=True)}


def render(done: Replay) -> str:
    """Return the tables: every policy on every part, then the adapter against each other."""
    from harness_forge.evaluation.rates import ALL

    if done.nothing:
        return f"nothing was replayed: {done.nothing}"
    lines = [f"first try on {done.split}, 95% intervals, drawn by cluster"]
    lines += columns(
        [
            ("policy", "part", "passed", "of", "rate", "interval", "tokens", "no verdict"),
            *(
                (
                    label,
                    part,
                    str(rate.passed),
                    str(rate.items),
                    percent(rate.rate),
                    interval(rate.low, rate.high),
                    _tokens(rate),
                    str(rate.infrastructure),
                )
                for label, by_part in done.rates.items()
                for part, rate in by_part.items()
                if part != ALL or len(by_part) == 1
            ),
        ],
        left=2,
    )
    lines += [
        "",
        f"{done.adapter.name} {done.adapter.digest[:12]} against"
        " (p: exact one-sided sign flips of whole clusters)",
    ]
    lines += columns(
        [
            ("", "part", "pairs", "only adapter", "only other", "points", "interval", "p"),
            *(
                (
                    name.partition("_vs_")[2],
                    part,
                    str(one.pairs),
                    str(one.only_first),
                    str(one.only_second),
                    points(one.difference),
                    interval(one.low, one.high, points),
                    p_value(one.p_clusters_greater),
                )
                for name, comparison in done.comparisons.items()
                for part, one in comparison.parts.items()
                # No shipped rule asks for the parts together; replay.json and the page have them.
                if part != ALL or len(comparison.parts) == 1
            ),
        ],
        left=2,
    )
    if done.recipe is not None:
        lines += ["", *_recipe(done.recipe)]
    if any(rate.cut_off for by_part in done.rates.values() for rate in by_part.values()):
        lines += [
            "",
            "cut: answers that met the token limit and would have gone on;"
            " no saving of tokens can be read from a mean that holds such answers",
        ]
    parts = (one for comparison in done.comparisons.values() for one in comparison.parts.values())
    if any(one.by_score for one in parts):
        lines += ["where no cluster differs from another: Tango's interval, a cluster as one pair"]
    for skill, level in done.levels.items():
        lines += [
            f"look {level.number} at the {skill} holdout: "
            f"significant if p < {level_text(level.alpha)}",
        ]
    return "\n".join(lines)


def _recipe(recipe: RecipeResult) -> list[str]:
    """Return what each adapter of a recipe passed, and all of them against each other policy."""
    from harness_forge.evaluation.rates import ALL

    lines = [f"the recipe: {len(recipe.adapters)} adapters, the first one is shipped"]
    rows = zip(recipe.adapters, recipe.rates, strict=True)
    lines += columns(
        [
            ("adapter", "seed", "part", "passed", "of", "rate"),
            *(
                (
                    adapter.name,
                    str((adapter.lineage.get("train") or {}).get("seed", NONE)),
                    part,
                    str(rate.passed),
                    str(rate.items),
                    percent(rate.rate),
                )
                for adapter, by_part in rows
                for part, rate in by_part.items()
                if part != ALL or len(by_part) == 1
            ),
        ],
        left=3,
    )
    lines += ["mean over adapters against (p: over clusters and over seeds)"]
    lines += columns(
        [
            ("", "part", "points", "interval", "one by one", "p"),
            *(
                (
                    name,
                    part,
                    points(one.difference),
                    interval(one.low, one.high, points),
                    interval(one.lowest, one.highest, points),
                    p_value(one.p),
                )
                for name, by_part in recipe.comparisons.items()
                for part, one in by_part.items()
                if one.pairs and (part != ALL or len(by_part) == 1)
            ),
        ],
        left=2,
    )
    return lines


def _tokens(rate: Rate) -> str:
    if rate.tokens_per_attempt is None:
        return NONE
    cut = f" ({count(rate.cut_off)} cut)" if rate.cut_off else ""
    return f"{count(rate.tokens_per_attempt)}{cut}"
