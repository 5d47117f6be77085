"""All adapters of a recipe in one replay: what each passed, and what they show together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.results import EvalResult
from harness_forge.evaluation.rates import Rate, rates
from harness_forge.evaluation.replicates import RecipeDifference, compare_recipe
from harness_forge.registry.adapters import registry, replicates
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.signing import trust
from harness_forge.store.splits.looks import recipe_name


@dataclass(frozen=True)
class RecipeResult:
    """The results of all adapters of a recipe.

    Args:
        adapters: the one that is shipped first.
        rates: of each adapter, part to rate.
        runs: of each adapter, skill to run id.
        comparisons: label of a baseline to part to the recipe's difference to it.
    """

    adapters: Sequence[Adapter]
    rates: Sequence[Mapping[str, Rate]]
    runs: Sequence[Mapping[str, str]]
    comparisons: Mapping[str, Mapping[str, RecipeDifference]]

    def as_dict(self) -> dict[str, Any]:
        """Return what replay.json holds of it."""
        rows = zip(self.adapters, self.rates, self.runs, strict=True)
        return {
            "replicates": len(self.adapters),
            "adapters": [
                {
                    "name": adapter.name,
                    "digest": adapter.digest,
                    "seed": (adapter.lineage.get("train") or {}).get("seed"),
                    "runs": dict(runs),
                    "rates": {part: rate.as_dict() for part, rate in by_part.items()},
                }
                for adapter, by_part, runs in rows
            ],
            "comparisons": {
                label: {part: one.as_dict() for part, one in by_part.items()}
                for label, by_part in self.comparisons.items()
            },
        }


def adapters_of(config: ForgeConfig, adapter: Adapter) -> list[Adapter]:
    """Return the adapters that `train.replicates` asks for, the given one first.

    Raises:
        TrainError: one is missing or not signed as this project asks, or the given one is not
            the first of several.
    """
    count = config.train.replicates
    if count == 1:
        return [adapter]
    home = Path(config.forge_home)
    folder = Path(config.train.out) if config.train.out else registry.folder(home)
    found = replicates.all_of(adapter, count, folder)
    return [trust.demand(one, config.signing) for one in found]


def name_of(adapters: Sequence[Adapter]) -> str:
    """Return what the ledger of looks calls the recipe; '' for an adapter alone."""
    return recipe_name(str(adapters[0].lineage["key"]), len(adapters)) if adapters[1:] else ""


def summarise(
    adapters: Sequence[Adapter],
    results: Sequence[Sequence[EvalResult]],
    runs: Sequence[Mapping[str, str]],
    baselines: Mapping[str, Sequence[EvalResult]],
) -> RecipeResult:
    """Return rates and comparisons of a recipe's adapters.

    Args:
        results: of each adapter; `runs` by skill likewise.
        baselines: results by label.
    """
    return RecipeResult(
        adapters=adapters,
        rates=[rates(found) for found in results],
        runs=runs,
        comparisons={
            label: compare_recipe(results, found, label) for label, found in baselines.items()
        },
    )
