"""What became of the rows: read, rejected and why, kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.core.numbers import count, counted, percent
from harness_forge.report.html import Html, missing, section, table, tag
from harness_forge.report.material import Material


def render(material: Material) -> Html:
    """Return the funnel, checked against the export's ledger."""
    manifest = material.manifest
    if manifest is None:
        gap = missing("There is no dataset.", "forge export")
        return section("From rows to training data", gap)
    rows = manifest["rows"]
    shown = [("read", rows["read"], rows["read"], "")]
    left = rows["read"]
    for reason, number in rows["rejected"].items():
        left -= number
        shown.append((f"rejected: {reason.replace('_', ' ')}", number, left, ""))
    shown.append(("kept", rows["kept"], rows["kept"], "kept"))
    body = [
        (name, count(number), count(left), _bar(left, rows["read"], kind))
        for name, number, left, kind in shown
    ]
    head = ("", "rows", "left", "share left")
    return section(
        "From rows to training data",
        table(head, body),
        _examples(manifest),
        _agreement(manifest, material.ledger),
        about=_about(manifest),
    )


def _bar(left: int, read: int, kind: str) -> Html:
    share = left / read if read else 0
    inner = tag("span", style=f"width:{percent(share)}", class_=kind or None)
    return tag("span", inner, class_="track", role="img", aria_label=percent(share))


def _about(manifest: Mapping[str, Any]) -> str:
    return (
        f"Dataset '{manifest['dataset']}': role {manifest['role']}, skill {manifest['skill']}, "
        f"format {manifest['format']}. Every row read ends in one line of the export's ledger."
    )


def _examples(manifest: Mapping[str, Any]) -> Html:
    text = ", ".join(f"{count(number)} {split}" for split, number in manifest["examples"].items())
    return tag("p", f"Examples: {text}.")


def _agreement(manifest: Mapping[str, Any], ledger: Mapping[str | None, int] | None) -> Html:
    if ledger is None:
        return missing("The ledger is not beside the dataset.", "forge export")
    rows = manifest["rows"]
    wanted = {**rows["rejected"], None: rows["kept"]}
    same = {key: n for key, n in ledger.items() if n} == {k: n for k, n in wanted.items() if n}
    lines = counted(sum(ledger.values()), "line")
    if same:
        return tag("p", f"The ledger has {lines} and says the same.", class_="note")
    return tag("p", f"The ledger has {lines} and says otherwise: export again.", class_="gap")
