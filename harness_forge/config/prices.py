"""Settings of prices: what tokens and electricity cost, by model."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite

from harness_forge.core.errors import ConfigError


@dataclass(frozen=True)
class ModelPrices:
    """What one model costs: by its tokens, by the power that it draws, or by both.

    Args:
        input: USD for a million tokens of prompts.
        cached_input: USD for a million of a prompt's tokens that came from a cache.
        output: USD for a million tokens of answers.
        reasoning: USD for a million of an answer's tokens that are reasoning; null takes `output`.
        watts: mean power of the machine while the model answers.
    """

    input: float | None = None
    cached_input: float | None = None
    output: float | None = None
    reasoning: float | None = None
    watts: float | None = None


@dataclass(frozen=True)
class PricesConfig:
    """Prices, the user's own: forge brings none, for they change and differ by contract.

    Args:
        models: pattern of a model's name to its prices; `*` is any text. Of those that fit a
            model, the one with most letters besides `*` counts.
        usd_per_kwh: USD for a kilowatt-hour of electricity, for models with `watts`.
    """

    models: dict[str, ModelPrices] = field(default_factory=dict)
    usd_per_kwh: float | None = None

    def __post_init__(self) -> None:
        _require_amount("prices.usd_per_kwh", self.usd_per_kwh)
        for pattern, one in self.models.items():
            where = f"prices.models.{pattern}"
            for name, value in vars(one).items():
                _require_amount(f"{where}.{name}", value)
            if (one.input is None) != (one.output is None):
                what = "needs both input and output; 0 is a price too"
                raise ConfigError(where, what)
            if one.input is None and (one.cached_input, one.reasoning) != (None, None):
                raise ConfigError(where, "needs input and output besides")
            if one.input is None and one.watts is None:
                raise ConfigError(where, "names no price", "give input and output, or watts")
            if one.watts is not None and self.usd_per_kwh is None:
                raise ConfigError("prices.usd_per_kwh", f"must be set: {pattern} has watts")


def _require_amount(where: str, value: float | None) -> None:
    if value is not None and not (isfinite(value) and value >= 0):
        raise ConfigError(where, f"must be 0 or more, not {value}")
