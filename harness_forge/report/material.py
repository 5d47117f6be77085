"""The material of a report; None for what was not found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness_forge.core.results import EvalResult

LABELS = {
    "adapter": "adapter",
    "base": "base model",
    "few_shot": "base model, worked examples in its prompt",
    "nearest": "nearest training answer, copied",
    "template": "training answer with the item's own words put in",
    "extractive": "what the prompt quotes, copied",
}
"""The policies of a replay, in the order they are shown."""

PARTS = {
    "new_rule": "held-out rules of families seen in training",
    "new_family": "held-out rules of families never seen",
    "all": "all items",
}


@dataclass(frozen=True)
class Curve:
    """The loss of one training.

    Args:
        name: sft or dpo.
        points: step and loss, by step.
    """

    name: str
    points: Sequence[tuple[int, float]]


@dataclass(frozen=True)
class FamilyResult:
    """Base model and adapter on the rules of one family, judged for both.

    Args:
        base, adapter: passed of `items`; `*_interval` their 95% bounds.
    """

    name: str
    part: str
    items: int
    base: int
    adapter: int
    base_interval: tuple[float, float]
    adapter_interval: tuple[float, float]


@dataclass(frozen=True)
class Material:
    """Everything a report may show; None or empty where it is not there.

    Args:
        title: the adapter's label, or the recipe where there is none yet.
        nothing: why nothing can be replayed; '' where something can.
        promotion, replay, evaluation, proof, manifest, lineage: parsed files.
        suite_noise: a model evaluated against itself, parsed.
        ledger: lines of the export's ledger that say kept, by reason; None is kept.
        curves: loss of the trainings behind the adapter.
        results: the replay item by item, by label.
        families: computed from `results`.
        facts: name and value for the provenance, such as versions.
        faults: what was found and could not be used, in words.
        manifest_digest: sha256 of the dataset's manifest on disk.
        made: when the page was made, as people read it.
        asks_suites: the recipe's rule has a condition on a suite.
    """

    title: str
    nothing: str = ""
    promotion: Mapping[str, Any] | None = None
    replay: Mapping[str, Any] | None = None
    evaluation: Mapping[str, Any] | None = None
    proof: Mapping[str, Any] | None = None
    manifest: Mapping[str, Any] | None = None
    lineage: Mapping[str, Any] | None = None
    ledger: Mapping[str | None, int] | None = None
    curves: Sequence[Curve] = ()
    results: Mapping[str, Sequence[EvalResult]] = field(default_factory=dict)
    families: Sequence[FamilyResult] = ()
    facts: Sequence[tuple[str, str]] = ()
    faults: Sequence[str] = ()
    suite_noise: Mapping[str, Any] | None = None
    manifest_digest: str = ""
    made: str = ""
    asks_suites: bool = True
