"""All adapters of a recipe: what each passed, and what their mean shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.core.numbers import NONE, count, gain, interval, p_value, percent, points
from harness_forge.report.html import Html, section, table, tag
from harness_forge.report.material import Material

_ABOUT = (
    "One recipe, trained with several seeds. The mean over its adapters is what the recipe gives; "
    "its interval and p hold over clusters of items and over seeds. The first adapter is the one "
    "that is shipped: it was chosen before any was judged."
)


def render(material: Material) -> Html:
    """Return a table of adapters and one of comparisons; nothing for an adapter alone."""
    recipe = (material.replay or {}).get("recipe")
    if not recipe:
        return Html("")
    heading = f"The recipe, by {recipe['replicates']} adapters"
    return section(heading, _adapters(recipe), _versus(recipe), about=_ABOUT)


def _adapters(recipe: Mapping[str, Any]) -> Html:
    rows = [
        (
            one["name"],
            tag("code", one["digest"][:12]),
            NONE if one["seed"] is None else str(one["seed"]),
            tag("code", part),
            count(rate["items"]),
            count(rate["passed"]),
            percent(rate["rate"]),
        )
        for one in recipe["adapters"]
        for part, rate in one["rates"].items()
        if part != "all" or len(one["rates"]) == 1
    ]
    return table(("adapter", "digest", "seed", "part", "judged", "passed", "rate"), rows, numeric=4)


def _versus(recipe: Mapping[str, Any]) -> Html:
    rows = [
        (
            label.replace("_", "-"),
            tag("code", part),
            count(found["pairs"]),
            gain(found),
            interval(found["lowest"], found["highest"], points),
            p_value(found["p"]),
        )
        for label, by_part in recipe["comparisons"].items()
        for part, found in by_part.items()
        if found["pairs"] and (part != "all" or len(by_part) == 1)
    ]
    head = (
        "mean against", "part", "items", "difference in points (95%)", "one by one",
        "p, over clusters and seeds",
    )  # fmt: skip
    return table(head, rows, numeric=2)
