"""`forge compare`: two runs over the same items, pair by pair."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import (
    NONE,
    interval,
    level,
    number,
    p_value,
    percent,
    points,
    signed,
    signed_number,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness_forge.core.results import Episode
    from harness_forge.evaluation.episodes import CategoryResult, RunComparison
    from harness_forge.evaluation.fresh_runs import Fresh
    from harness_forge.evaluation.measures import Measure

SUMMARY = "compare two runs item by item: success, escalations, tokens, seconds, cost"
USAGE = "RUN RUN [--common] | --live[=ROUTE] | --fresh [ADAPTER] [key=value …]"
EXAMPLES = (
    "forge compare 20261121-081100 20261121-072908",
    "forge compare RUN_N RUN_N+1 --common",
    "forge compare RUN_N RUN_N+1 --json > flips.json",
    "forge compare RUN_N RUN_N+1 skill=all",
    "forge compare --live proxy=ab",
    "forge compare --fresh skill=reasoning",
)
KEYS = ("proxy", "skill", "skills", "store", "budget", "train", "forge_home")

JSON = (
    "an object: runs, measures, categories, skills, gained, lost; --live: each arm's figures; "
    "--fresh: adapter, alpha, evidence by opponent, seen, waiting"
)

COMMON, LIVE, FRESH = "--common", "--live", "--fresh"
SHOWN = 12
"""Flips that are listed each way; --json has them all."""


def main(argv: list[str]) -> int:
    """Compare two runs and print what differs."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.evaluation.runs import compare

    route = next((word.partition("=")[2] for word in argv if word.startswith(f"{LIVE}=")), "")
    argv = [LIVE if word.startswith(f"{LIVE}=") else word for word in argv]
    words, flags, overrides = sort(argv, (COMMON, LIVE, FRESH))
    if FRESH in flags:
        if len(words) > 1 or flags != {FRESH}:
            what = f"{FRESH} is about one adapter's runs, all of them"
            raise ConfigError("command line", what, f"forge compare {FRESH} [ADAPTER]")
        return _fresh(composed(overrides), words[0] if words else None)
    if LIVE in flags and not words:
        return _live(composed(overrides), route)
    if len(words) != 2:
        raise ConfigError("command line", "two runs, please", f"forge compare {USAGE}")
    first, second, found = compare(composed(overrides), *words, common=COMMON in flags)
    runs = {"first": first["id"], "second": second["id"]}
    report({"runs": runs, **found.as_dict()}, render(first, second, found))
    return 0


def _live(config, route: str) -> int:
    from harness_forge.cli.results import report
    from harness_forge.evaluation import live

    found = live.read(config, route)
    report(live.as_dict(found), live.render(found))
    return 0


def _fresh(config, name: str | None) -> int:
    from dataclasses import asdict

    from harness_forge.cli.results import report
    from harness_forge.evaluation import fresh_runs

    found = fresh_runs.read(config, name)
    facts = {
        "adapter": {"name": found.adapter.name, "digest": found.adapter.digest},
        "alpha": found.alpha,
        "evidence": {
            other: {**asdict(one), "better": found.better(other)}
            for other, one in found.evidence.items()
        },
        "seen": found.seen,
        "waiting": found.waiting,
    }
    report(facts, render_fresh(found))
    return 0


def render_fresh(found: Fresh) -> str:
    """Return what fresh items say, a line for each other policy."""
    from harness_forge.cli.columns import columns

    lines = [f"{found.adapter.label} on held-out items that no look had seen"]
    if not found.evidence:
        lines.append("no whole batch of such items yet: make new items, then forge replay")
    else:
        lines += columns(
            [
                ("against", "batches", "items", "only adapter", "only other", "points",
                 "e-value", "p", "each cluster once"),
                *(
                    (
                        other,
                        str(one.batches),
                        str(one.items),
                        str(one.only_first),
                        str(one.only_second),
                        points(one.difference),
                        number(one.whole.e_value),
                        p_value(one.whole.p),
                        number(one.once.e_value),
                    )
                    for other, one in found.evidence.items()
                ),
            ],
            left=1,
        )  # fmt: skip
        lines += [
            "points: mean over clusters; e-value and p are valid whenever looked at; "
            "they speak of these clusters,",
            "each cluster once speaks of others like them too",
            *_said(found),
        ]
    if found.seen:
        lines.append(f"{found.seen} items of its runs were seen by a look before: not counted")
    if found.waiting:
        lines.append(f"not read from here on: {found.waiting}")
    return "\n".join(lines)


def _said(found: Fresh) -> list[str]:
    """Return what it comes to at the level."""
    bar = f"at level {level(found.alpha)} (an e-value of {number(1 / found.alpha)})"
    shown = [other for other in found.evidence if found.better(other)]
    others = [other for other in found.evidence if other not in shown]
    lines = [f"better than {', '.join(shown)} {bar}"] if shown else []
    if others:
        lines.append(
            f"not shown {bar}: better than {', '.join(others)}; more fresh items add to it"
        )
    return lines


def render(first: Mapping[str, Any], second: Mapping[str, Any], found: RunComparison) -> str:
    """Return the comparison as tables."""
    lines = [
        f"first   {first['id']}  {first['policy']}",
        f"second  {second['id']}  {second['policy']}",
        f"{found.items} items in both, set {found.fingerprint}" + _left_out(found),
        "",
        f"{'':21}{'pairs':>7}{'first':>9}{'second':>9}{'difference':>12}"
        f"{'95% interval':>20}{'p':>10}{'p, items':>10}",
    ]
    lines += [_measured(name, one) for name, one in found.measures.items()]
    lines += [
        "",
        "differences of percentages are in points; clusters are drawn as a whole; "
        "p: two-sided, exact sign flips of the clusters that differ; "
        "p, items: exact McNemar, right only where items are independent",
    ]
    if any(one.by_score for one in found.measures.values()):
        lines += ["where no cluster differs from another: Tango's interval, a cluster as a pair"]
    lines += [""]
    lines += [f"{'first try':21}{'pairs':>7}{'first':>9}{'second':>9}{'p, Holm':>12}"]
    lines += [_first_try(name, one) for name, one in found.categories.items()]
    if found.skills:
        lines += ["", f"{'first try, by skill':21}"]
        lines += [_first_try(name, one) for name, one in found.skills.items()]
    lines += _flips("passed only in the second", found.gained)
    lines += _flips("passed only in the first", found.lost)
    return "\n".join(lines)


def _first_try(name: str, one: CategoryResult) -> str:
    rates = f"{percent(one.first):>9}{percent(one.second):>9}"
    return f"{name[:20]:21}{one.pairs:>7}{rates}{p_value(one.p_holm):>12}"


def _measured(name: str, one: Measure) -> str:
    share = one.p is not None
    small = name == "usd_per_attempt"

    def shown(value: float) -> str:
        return percent(value) if share else number(value) if small else f"{value:,.2f}"

    change = points if share else signed_number if small else signed

    # One cluster, or none, tells nothing of others.
    bounded = isfinite(one.low) and isfinite(one.high)
    ends = interval(one.low, one.high, change) if bounded else NONE
    p = f"{p_value(one.p):>10}{p_value(one.p_items):>10}" if share else ""
    line = (
        f"{name:21}{one.pairs:>7}{shown(one.first):>9}{shown(one.second):>9}"
        f"{change(one.difference):>12}{ends:>20}{p}"
    )
    return line.rstrip()


def _flips(title: str, flips: Sequence[Episode]) -> list[str]:
    more = [f"  and {len(flips) - SHOWN} more: --json"] if len(flips) > SHOWN else []
    shown = [f"  {one.item_id}  ({one.category or one.family})" for one in flips[:SHOWN]]
    return ["", f"{title}: {len(flips)}", *shown, *more]


def _left_out(found: RunComparison) -> str:
    if not (found.only_first or found.only_second):
        return ""
    return (
        f"; left out: {found.only_first} only in the first, {found.only_second} only in the second"
    )
