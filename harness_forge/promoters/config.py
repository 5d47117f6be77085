"""Settings of a promotion: the named conditions that a candidate has to meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class ConditionKind(Enum):
    """What a condition measures; `promoters.conditions` holds one function for each."""

    pairs = "pairs"
    mcnemar_two_sided = "mcnemar_two_sided"
    sign_flip = "sign_flip"
    bootstrap = "bootstrap"
    no_regression = "no_regression"
    metric = "metric"
    proof = "proof"


class Opponent(Enum):
    """Whom the candidate is compared with."""

    base = "base"
    few_shot = "few_shot"
    nearest = "nearest"
    champion = "champion"


@dataclass(frozen=True)
class ConditionConfig:
    """One condition; which of the keys it reads depends on its kind.

    Args:
        kind: pairs (at least `minimum` items judged for both), mcnemar_two_sided
            (exact, p < `alpha`), sign_flip (of whole families, exact, p < `alpha`),
            bootstrap (lower end of the interval of the difference above
            `margin`), no_regression (difference not below -`margin`), metric (of
            lm-eval: not below the opponent's by more than `margin`), or proof
            (`forge prove` passed).
        against: base, few_shot, nearest or champion. One against the champion
            is not needed while there is none.
        part: items it is about: new_rule, new_family or all.
        metric: of lm-eval, as evaluate.json names it.
        margin: in shares of 1; see `kind`.
        alpha: error probability; null takes what the look schedule gives this look.
        minimum: pairs.
        enabled: false leaves the condition out.
    """

    kind: ConditionKind = ConditionKind.pairs
    against: Opponent = Opponent.base
    part: str = "new_rule"
    metric: str = ""
    margin: float = 0.0
    alpha: float | None = None
    minimum: int = 0
    enabled: bool = True


@dataclass(frozen=True)
class PromoteConfig:
    """The rule by which a candidate becomes champion.

    Args:
        name: of the rule; it stands in the ledger.
        conditions: by name; all must hold.
    """

    name: str = "default"
    conditions: dict[str, ConditionConfig] = field(default_factory=dict)
