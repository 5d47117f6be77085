"""First-try success of every policy by part, and the adapter against each other one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.core.numbers import NONE, clustered_p, count, counted, gain, interval, percent
from harness_forge.report import charts
from harness_forge.report.html import Html, not_replayed, section, table, tag
from harness_forge.report.material import LABELS, PARTS, Material

_ABOUT = (
    "One greedy answer for each rule, run in a sandbox and judged by the scanner. Intervals are "
    "95%, drawn by cluster: rules with answers of one form. The few-shot base model shows what "
    "the form of the prompt gives, the copied nearest answer what copying gives, the template, "
    "a copied answer with the item's own words put in, what search and replace gives, and the "
    "extractive answer, the command or line that the prompt itself quotes, what reading gives; the "
    "adapter has to add to all."
)
_BY_SCORE = (
    "Where no cluster differs from another a bootstrap has no width: there it is Tango's score "
    "interval, with each cluster counted as one pair."
)
_CUT = (
    "An answer cut at the token limit would have gone on: no saving can be read from a mean "
    "that holds such answers."
)
_SHORT = {label: label.replace("_", "-") for label in LABELS}


def render(material: Material) -> Html:
    """Return a plot and a table for each part, then the paired comparisons."""
    replay = material.replay
    if replay is None:
        gap = not_replayed("No policy was judged on held-out rules yet.", material.nothing)
        return section("First-try success", gap)
    shown = []
    for part in _parts(replay):
        rates = {label: found.get(part) for label, found in replay["policies"].items()}
        shown += [tag("h3", _heading(part)), _plot(part, rates), _table(rates)]
    if any(rate.get("cut_off") for found in replay["policies"].values() for rate in found.values()):
        shown.append(tag("p", _CUT, class_="note"))
    shown += [tag("h3", "The adapter against each other policy, pair by pair"), _versus(replay)]
    return section("First-try success", *shown, about=_ABOUT)


def _parts(replay: Mapping[str, Any]) -> list[str]:
    found = dict.fromkeys(part for by_part in replay["policies"].values() for part in by_part)
    # Of one part alone, all items are that part once more.
    return [part for part in found if part != "all" or len(found) != 2]


def _heading(part: str) -> str:
    skill, _, name = part.rpartition(":")
    text = PARTS.get(name, name)
    return f"{skill}: {text}" if skill else f"{text[:1].upper()}{text[1:]}"


def _plot(part: str, rates: Mapping[str, Any]) -> Html:
    rows = [
        (_SHORT[label], label, rate["rate"], rate["low"], rate["high"])
        for label in LABELS
        if (rate := rates.get(label))
    ]
    return tag("figure", charts.dots(rows, f"First-try success by policy, {part}"))


def _table(rates: Mapping[str, Any]) -> Html:
    rows = [
        (
            LABELS[label],
            count(rate["items"]),
            count(rate["passed"]),
            percent(rate["rate"]),
            interval(rate["low"], rate["high"]),
            _tokens(rate),
            count(rate["infrastructure"]),
        )
        for label in LABELS
        if (rate := rates.get(label))
    ]
    head = ("policy", "judged", "passed", "rate", "95%", "tokens an attempt", "no verdict")
    return table(head, rows)


def _tokens(rate: Mapping[str, Any]) -> str:
    """Return the mean; of answers that were cut it is only a least value."""
    value, cut = rate.get("tokens_per_attempt"), rate.get("cut_off")
    if value is None:
        return NONE
    return count(value) + (f" or more ({count(cut)} cut)" if cut else "")


def _versus(replay: Mapping[str, Any]) -> Html:
    shown = _parts(replay)
    rows = [
        (
            _SHORT.get(name.removeprefix("adapter_vs_"), name),
            tag("code", part),
            count(found["pairs"]),
            count(found["only_first"]),
            count(found["only_second"]),
            gain(found),
            clustered_p(found),
        )
        for name, by_part in replay["comparisons"].items()
        for part, found in by_part.items()
        if part in shown
    ]
    head = (
        "against", "part", "pairs", "only the adapter", "only the other",
        "difference in points (95%)", "p, by cluster",
    )  # fmt: skip
    left_out = max(
        (f["left_out"] for parts in replay["comparisons"].values() for f in parts.values()),
        default=0,
    )
    text = "No item was left out of a comparison."
    if left_out:
        text = (
            f"{counted(left_out, 'item')} at most left out of a comparison for want of a verdict."
        )
    notes = [text]
    if any(f.get("by_score") for parts in replay["comparisons"].values() for f in parts.values()):
        notes.append(_BY_SCORE)
    return tag("div", table(head, rows, numeric=2), [tag("p", t, class_="note") for t in notes])
