"""The top of the page: the decision, the sentence why, the figures that matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.core.numbers import (
    clustered_p,
    count,
    counted,
    interval,
    level,
    percent,
    points,
)
from harness_forge.registry.adapters.identity import AdapterIdentity
from harness_forge.report.html import Html, tag
from harness_forge.report.material import LABELS, PARTS, Material
from harness_forge.report.sections.decision import undecided

_STAYS = " The champion stays."
_DECIDED_BY = {
    "rejected": ("broken", "broken", ""),
    "inconclusive": ("unclear", "not clear", _STAYS),
}
"""Decision to the verdict that made it, in words, and what follows."""
_MANY = 2
"""Conditions that the page's first lines still name one by one."""


def render(material: Material) -> Html:
    """Return the page's header."""
    promotion = material.promotion
    decision = promotion["decision"] if promotion else "not decided"
    kind = decision if promotion else "absent"
    made = f", {material.made}" if material.made else ""
    return tag(
        "header",
        tag("p", f"harness-forge report{made}", class_="eyebrow"),
        tag("h1", f"{material.title}: ", tag("span", decision, class_=f"badge {kind}")),
        _plainly(material.replay),
        _why(material),
        _where(material),
        _figures(material),
    )


def _plainly(replay: Mapping[str, Any] | None) -> Html | None:
    """Return what came of it, in one sentence."""
    part, versus = main_comparison(replay or {})
    policies = (replay or {}).get("policies", {})
    own, base = (policies.get(label, {}).get(part) for label in ("adapter", "base"))
    if not (own and base and versus):
        return None
    text = (
        f"At the first try the adapter solves {count(own['passed'])} of {count_of(own)}, "
        f"the base model {count(base['passed'])}{_best_baseline(policies, part)}."
    )
    return tag("p", text, class_="lead")


def _best_baseline(policies: Mapping[str, Any], part: str) -> str:
    """Return what the baseline that passes most does, where that is not the base model."""
    labels = [label for label in LABELS if label != "adapter" and part in policies.get(label, {})]
    best = max(labels, key=lambda label: policies[label][part]["passed"], default="base")
    if best == "base":
        return ""
    passed = count(policies[best][part]["passed"])
    return f", and the best baseline {passed}: {best.replace('_', '-')} ({LABELS[best]})"


def _why(material: Material) -> Html | list[Html]:
    promotion = material.promotion
    if promotion is None:
        return undecided(material)
    before, after = promotion.get("champion_before"), promotion.get("champion_after")
    said = shortly(promotion)
    # The next line says that there is none.
    lead = tag("p", said if after else said.removesuffix(_STAYS), class_="lead")
    champion = "There is no champion."
    if after:
        champion = f"Champion: {_label(after)}"
        text = f", before it {_label(before)}." if before else ", the first."
        champion += "." if after == before else text
    note = promotion.get("note")
    return [lead, tag("p", note or champion, class_="note")]


def shortly(promotion: Mapping[str, Any]) -> str:
    """Return why it was decided so; of many conditions the first, for the table has them all."""
    verdict, words, tail = _DECIDED_BY.get(promotion["decision"], ("", "", ""))
    found = [
        (name, one) for name, one in promotion["conditions"].items() if one["verdict"] == verdict
    ]
    if len(found) <= _MANY:
        return promotion["why"]
    name, first = found[0]
    return (
        f"{len(found)} conditions are {words}; the table below has them all. The first is {name}: "
        f"required is {first['required']}, measured {first['measured']}.{tail}"
    )


def _label(candidate: Mapping[str, Any]) -> str:
    return AdapterIdentity.of(candidate).label


def _where(material: Material) -> Html | None:
    split = (material.replay or {}).get("split")
    if split is None or split == "holdout":
        return None
    text = f"Measured on {split}, on which settings are chosen: no decision can rest on it."
    return tag("p", text, class_="gap")


def _figures(material: Material) -> Html | None:
    replay = material.replay
    if replay is None:
        return None
    part, versus = main_comparison(replay)
    rates = {label: found.get(part) for label, found in replay["policies"].items()}
    own, base = rates.get("adapter"), rates.get("base")
    figures = []
    if own:
        ends = interval(own["low"], own["high"])
        figures.append(("First-try success, adapter", percent(own["rate"]), f"95%: {ends}"))
    if base:
        ends = interval(base["low"], base["high"])
        figures.append(("First-try success, base", percent(base["rate"]), f"95%: {ends}"))
    if versus:
        ends = f"95%: {interval(versus['low'], versus['high'], points)}, by cluster"
        figures.append(("Difference, in points", points(versus["difference"]), ends))
        figures.append(("p, by cluster", clustered_p(versus), _level(material)))
        left_out = count(versus["left_out"]) if versus["left_out"] else "none"
        aside = f"{left_out} left out for want of a verdict"
        figures.append(("Pairs", count(versus["pairs"]), aside))
    over = f": {PARTS[part]}" if part != "all" else ""
    text = tag("p", f"On {count_of(own)}{over}.", class_="note")
    return tag("div", text, tag("dl", [_figure(*one) for one in figures], class_="figures"))


def main_comparison(replay: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
    """Return the part that decides, and adapter against base on it."""
    found = replay.get("comparisons", {}).get("adapter_vs_base", {})
    part = "new_rule" if "new_rule" in found else "all"
    return part, found.get(part)


def count_of(rate: Mapping[str, Any] | None) -> str:
    """Return how many items a rate is over."""
    return counted(rate["items"], "item") if rate else "no items"


def _level(material: Material) -> str:
    look = (material.promotion or {}).get("look")
    exact = "one-sided, sign flips of clusters"
    return f"{exact}; level {level(look['alpha'])}, look {look['number']}" if look else exact


def _figure(name: str, value: str, small: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", value, tag("small", small)))
