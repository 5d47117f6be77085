"""A few numbers of each stage, for `dvc metrics`: what two experiments are compared by.

The stages' own files hold everything else; a table of hundreds of columns is no help.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness_forge.core.files import write_json
from harness_forge.report.material import LABELS

FOLDER = "metrics"
"""Beside what the stages write: a file a stage."""
_DIGITS = 4


def write(stage: str, found: Mapping[str, Any], outputs: Path) -> None:
    """Write the numbers of a stage's report into `outputs`."""
    write_json(outputs / FOLDER / f"{stage}.json", _NUMBERS[stage](found))


def _trained(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"loss": _short(found["last_loss"]), "train_s": round(found["seconds"])}


def _preferred(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return nothing of a second stage that was not asked for."""
    if not found:
        return {}
    pairs = {name: _short(found[name]) for name in ("margin", "accuracy") if name in found}
    return _trained(found) | pairs


def _proved(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"kl_nats": _short(found["logits"]["kl_nats"])}


def _evaluated(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return each suite's first metric, of base model and adapter."""
    suites = found.get("suites") or {found["suite"]: found}
    return {
        name: {
            label: _short(parts["all"].get(report["metrics"][0]))
            for label, parts in report["labels"].items()
        }
        for name, report in suites.items()
    }


def _replayed(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return first-try success on new rules by policy, and what the adapter gained."""
    if "nothing" in found:
        return {}
    rates = {label: found["policies"][label] for label in LABELS if label in found["policies"]}
    part = "new_rule" if "new_rule" in rates["adapter"] else "all"
    shown: dict[str, Any] = {
        label: _short(by_part[part]["rate"]) for label, by_part in rates.items()
    }
    against = found["comparisons"]["adapter_vs_base"][part]
    p = float(f"{against['p_clusters_greater']:.2g}")  # items of a cluster are alike
    return {part: shown, "gain": _short(against["difference"]), "p": p}


_NUMBERS = {
    "train_sft": _trained,
    "train_dpo": _preferred,
    "prove": _proved,
    "evaluate": _evaluated,
    "replay": _replayed,
}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
