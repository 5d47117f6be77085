"""What a loop has not made yet, in the order of its stages, with the command that makes it."""

from __future__ import annotations

from dataclasses import dataclass

from harness_forge.report.material import Material


@dataclass(frozen=True)
class Gap:
    """A part of the report that is not there yet.

    Args:
        name: of the part, as the report calls it.
        command: what makes it.
    """

    name: str
    command: str


def gaps(material: Material) -> list[Gap]:
    """Return what is not there yet, the first to make first."""
    there = {
        Gap("dataset", "forge export"): material.manifest,
        Gap("training", "forge train"): material.curves or material.lineage,
        Gap("proof", "forge prove"): material.proof,
        Gap("replay", "forge replay"): material.replay or material.nothing,
        Gap("evaluation", "forge evaluate"): material.evaluation or not material.asks_suites,
        Gap("decision", "forge promote"): material.promotion,
    }
    return [gap for gap, found in there.items() if not found]
