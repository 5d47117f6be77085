"""How the adapter was trained: loss by step."""

from __future__ import annotations

from typing import Any

from harness_forge.core.numbers import count, counted, seconds
from harness_forge.registry.adapters.parents import merged
from harness_forge.report import charts
from harness_forge.report.html import Html, missing, section, tag
from harness_forge.report.material import Curve, Material

_NAMES = {"sft": "supervised", "dpo": "preferences (DPO)"}


def render(material: Material) -> Html:
    """Return a chart for each training; the bare numbers of one whose log is gone."""
    about = _settings(material)
    if material.curves:
        shown = [_chart(curve) for curve in material.curves]
    elif about is not None:
        shown = [tag("p", "The loss of each step is gone with the training's folder.")]
    else:
        return section("Training", missing("There is no training to show.", "forge train"))
    return section("Training", about, *shown)


def _chart(curve: Curve) -> Html:
    name = _NAMES.get(curve.name, curve.name)
    (_, first), (last_step, last) = curve.points[0], curve.points[-1]
    text = f"Loss by step, {name}: {first:.3f} at first, {last:.3f} at step {count(last_step)}."
    return tag("figure", charts.line(curve.points, text), tag("figcaption", text))


def _settings(material: Material) -> Html | None:
    lineage = material.lineage
    if lineage is None or merged(lineage):
        return None
    train: dict[str, Any] = lineage["train"]
    measured: dict[str, Any] = lineage["measured"]
    parts = [
        f"{train['adapter']}, rank {train['rank']}, on {train['hardware']}, {train['precision']}",
        counted(measured["steps"], "step"),
        seconds(measured["seconds"]),
    ]
    if "tokens_per_s" in measured:
        parts.append(f"{count(measured['tokens_per_s'])} tokens/s")
    return tag("p", "; ".join(parts) + ".", class_="about")
