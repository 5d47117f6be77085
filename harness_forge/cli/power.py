"""`forge power`: how large a difference the items at hand can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness_forge.core.errors import ConfigError

SUMMARY = "say how large a gain the held-out items can show, before anything is trained"
USAGE = "[ITEMS] [--baseline SHARE] [key=value …]"
EXAMPLES = (
    "forge power",
    "forge power skill=ubuntu",
    "forge power 62",
    "forge power --baseline 0.44",
)
BASELINE = "--baseline"
KEYS = ("skill", "skills", "run", "budget", "store", "forge_home")
JSON = "an array: an object a part, with items, clusters, alpha, gain, gain_with_losses, needed"
SHORT = {"split": "run.split"}


def main(argv: list[str]) -> int:
    """Print what the default rule can see on so many items, or on those of the store."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort, valued
    from harness_forge.evaluation.baseline_power import describe_needed
    from harness_forge.evaluation.gate_power import describe_gate
    from harness_forge.evaluation.sample_size import describe_level, sample_sizes
    from harness_forge.store.splits.levels import planned

    given, argv = valued(argv, BASELINE)
    baseline = None if given is None else _share(given)
    words, _, overrides = sort(argv)
    config = composed(overrides)
    if words:
        alpha = planned(config.budget, 1)
        items = [1] * _items(words)
        lines = [describe_gate(items, alpha)]
        if baseline is not None:
            lines.append(describe_needed(items, baseline, alpha))
        lines.append(describe_level(1, alpha, config.budget))
        head = {"skill": None, "part": None, "look": 1}
        report([head | _facts(items, alpha, baseline)], "\n".join(lines))
        return 0
    lines = []
    for one in (sizes := sample_sizes(config)):
        lines.append(f"{one.skill} {one.part}: {describe_gate(one.clusters, one.alpha)}")
        if baseline is not None:
            lines.append(f"  {describe_needed(one.clusters, baseline, one.alpha)}")
    for look, alpha in sorted({(one.look, one.alpha) for one in sizes if one.look}):
        lines.append(describe_level(look, alpha, config.budget))
    facts = [
        {"skill": one.skill, "part": one.part, "look": one.look}
        | _facts(one.clusters, one.alpha, baseline)
        for one in sizes
    ]
    report(facts, "\n".join(lines))
    return 0


def _facts(clusters: Sequence[int], alpha: float, baseline: float | None) -> dict[str, Any]:
    """Return what the sentences say in numbers; gains and rates are shares of 1, None for none."""
    from harness_forge.evaluation.baseline_power import needed_beside
    from harness_forge.evaluation.gate_power import found_by_gate

    alone, mixed = found_by_gate(clusters, alpha)
    facts = {"items": sum(clusters), "clusters": len(clusters), "alpha": alpha}
    facts |= {"gain": alone, "gain_with_losses": mixed, "baseline": baseline, "needed": None}
    if baseline is not None:
        facts["needed"] = needed_beside(clusters, baseline, alpha)
    return facts


def _items(words: list[str]) -> int:
    if len(words) == 1 and words[0].isdecimal() and int(words[0]) <= 100_000:
        return int(words[0])
    raise ConfigError("command line", "a number of items, please", "forge power 62")


def _share(given: str) -> float:
    try:
        share = float(given)
    except ValueError:
        share = -1.0
    if 0 <= share <= 1:
        return share
    raise ConfigError(
        "command line", f"{BASELINE} {given}: a share from 0 to 1, please", f"{BASELINE} 0.44"
    )
