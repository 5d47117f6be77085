"""`forge adapter diff`: what two adapters have differently, and the rows of their datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.cli.columns import columns
from harness_forge.core.numbers import count

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.registry.adapters.package import Adapter


def diff(config: ForgeConfig, first: str, second: str) -> int:
    """Print what differs, lineage key by key, and how many rows."""
    from harness_forge.cli.adapter_names import loaded
    from harness_forge.cli.results import report
    from harness_forge.registry.adapters.difference import differences

    one, other = loaded(config, first), loaded(config, second)
    found = differences(one, other)
    said, rows = _rows(config, one, other)
    facts = {"first": one.label, "second": other.label, "facts": found, "rows": rows}
    table = [("", one.label, other.label)]
    table += [(key, _cell(here), _cell(there)) for key, here, there in found]
    same = "they are one adapter: nothing differs"
    report(facts, "\n".join([*columns(table), "", said] if found else [same]))
    return 0


def _cell(value: Any) -> str:
    text = "not said" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _rows(config: ForgeConfig, one: Adapter, other: Adapter) -> tuple[str, dict[str, Any] | None]:
    """Return in words, and as facts, which rows were added; None where a dataset is gone."""
    from harness_forge.datasets.row_difference import dataset_with, row_difference

    parts = [adapter.lineage.get("dataset", {}) for adapter in (one, other)]
    if parts[0].get("digest") and parts[0].get("digest") == parts[1].get("digest"):
        return "rows: the same dataset", {"added": [], "removed": [], "same": parts[0].get("rows")}
    data = Path(config.data_dir)
    places = [dataset_with(part.get("manifest") or "", data) for part in parts]
    for adapter, place in zip((one, other), places, strict=True):
        if place is None:
            return (
                f"rows: not compared, no dataset under {data} is the one of {adapter.label}",
                None,
            )
    found = row_difference(*places)
    head = f"rows: {count(len(found.added))} added, {count(len(found.removed))} removed, "
    lines = [f"{head}{count(found.same)} in both"]
    for sign, ids in (("+", found.added), ("-", found.removed)):
        lines += [f"  {sign} {each}" for each in ids[:20]]
        lines += [f"  {sign} {count(len(ids) - 20)} more: --json has all"] if len(ids) > 20 else []
    return "\n".join(lines), {"added": found.added, "removed": found.removed, "same": found.same}
