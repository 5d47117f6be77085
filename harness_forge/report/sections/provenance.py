"""What everything here was made from, so that it can be made again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness_forge.core.numbers import count, level
from harness_forge.report.html import Html, section, tag
from harness_forge.report.material import Material
from harness_forge.store.splits.holdout_ledger import describe


def render(material: Material) -> Html:
    """Return names, digests and versions, and the sources that are quoted."""
    rows = [*_lineage(material), *_data(material), *_look(material), *material.facts]
    shown = tag("dl", [(tag("dt", name), tag("dd", value)) for name, value in rows], class_="facts")
    return section("Provenance", shown, _faults(material), _licences(material))


def _lineage(material: Material) -> Iterable[tuple[str, str]]:
    lineage = material.lineage
    if lineage is None:
        yield "adapter", "none: forge train makes it"
        return
    base, data = lineage["base"], lineage["dataset"]
    yield "adapter", f"{lineage['name']}, sha256 {lineage['digest']}"
    yield "base model", f"{base['title']} ({base['licence']}), sha256 {base['digest']}"
    yield "trained on", f"{data['name']}, {count(data['rows'])} rows, sha256 {data['digest']}"
    if "seed" in lineage["train"]:
        yield "seed", str(lineage["train"]["seed"])


def _data(material: Material) -> Iterable[tuple[str, str]]:
    manifest = material.manifest
    if manifest is None:
        return
    yield "store's watermark", manifest["watermark"]["hash"]
    evaluators = ", ".join(manifest["seen"].get("evaluators", {}))
    if evaluators:
        yield "judged by", evaluators
    if material.lineage and _other_dataset(material.lineage["dataset"], material):
        yield "note", "the dataset shown above is not the one that the adapter was trained on"


def _other_dataset(trained: Mapping[str, Any], material: Material) -> bool:
    """Say whether an adapter was trained on another dataset than the one shown.

    A refit trains on the validation rows too, so that the digest of its rows is
    not that of train.jsonl; the manifest names every file of the export.
    """
    if trained.get("manifest"):
        return trained["manifest"] != material.manifest_digest
    files = (material.manifest or {}).get("files", {})
    return trained["digest"] != files.get("train.jsonl", {}).get("sha256")


def _look(material: Material) -> Iterable[tuple[str, str]]:
    look = (material.promotion or {}).get("look")
    if look:
        text = f"look {look['number']}, level {level(look['alpha'])}, {count(look['items'])} items"
        yield "look at the holdout", f"{text}, runs {', '.join(look['runs'])}"
        yield "content that judged", ", ".join(look["content_digest"])
    if ledger := (material.promotion or {}).get("ledger"):
        yield "ledger of looks", describe(ledger)


def _faults(material: Material) -> Html | None:
    if not material.faults:
        return None
    return tag("ul", [tag("li", fault) for fault in material.faults], class_="plain gap")


def _licences(material: Material) -> Html | None:
    named = (material.manifest or {}).get("licences") or (
        (material.lineage or {}).get("dataset", {}).get("licences")
    )
    if not named:
        return None
    text = f"Titles of rules on this page are quoted from: {'; '.join(named)}."
    return tag("p", text, class_="note")
