"""Base model against adapter, family by family."""

from __future__ import annotations

from harness_forge.core.numbers import count, interval, percent
from harness_forge.report import charts
from harness_forge.report.html import Html, not_replayed, section, table, tag
from harness_forge.report.material import FamilyResult, Material

_ABOUT = (
    "Rules judged for both. Wilson's 95% intervals: with a handful of rules in a family they are "
    "wide, and no family is a test by itself."
)


def render(material: Material) -> Html:
    """Return one row for each family."""
    if not material.families:
        gap = not_replayed("There are no results item by item.", material.nothing)
        return section("By family of rules", gap)
    head = (
        "family", "part", "rules", "base", "base, 95%", "adapter", "adapter, 95%", "0 to 100%",
    )  # fmt: skip
    rows = [_row(family) for family in material.families]
    return section("By family of rules", table(head, rows, numeric=2), about=_ABOUT)


def _row(family: FamilyResult) -> tuple:
    base, own = family.base / family.items, family.adapter / family.items
    return (
        tag("code", family.name),
        family.part.replace("_", " "),
        count(family.items),
        f"{count(family.base)} ({percent(base)})",
        interval(*family.base_interval),
        f"{count(family.adapter)} ({percent(own)})",
        interval(*family.adapter_interval),
        charts.whiskers(
            [("base", base, *family.base_interval), ("adapter", own, *family.adapter_interval)]
        ),
    )
