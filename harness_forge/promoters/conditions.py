"""One function for each kind of condition: evidence in, a finding out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from harness_forge.promoters.config import ConditionConfig, ConditionKind, Opponent
from harness_forge.promoters.evidence import Evidence, Gap


class Verdict(StrEnum):
    """What became of one condition."""

    HOLDS = "holds"
    BROKEN = "broken"  # clearly: worse, or not proven
    UNCLEAR = "unclear"  # neither this nor that can be told from noise
    MISSING = "missing"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True)
class Finding:
    """One condition looked at.

    Args:
        required, measured: in words, numbers included.
        numbers: what was measured, as numbers, for the ledger.
    """

    name: str
    kind: str
    required: str
    measured: str
    verdict: Verdict
    numbers: Mapping[str, Any] = field(default_factory=dict)


Judged = tuple[str, str, Verdict, Mapping[str, Any]]


def find(name: str, condition: ConditionConfig, evidence: Evidence) -> Finding:
    """Return what `condition` comes to on `evidence`."""
    required, measured, verdict, numbers = _KINDS[condition.kind](condition, evidence)
    if condition.against is Opponent.champion and evidence.champion is None:
        measured, verdict = "there is no other champion", Verdict.NOT_NEEDED
    return Finding(name, condition.kind.value, required, measured, verdict, numbers)


def _pairs(condition: ConditionConfig, evidence: Evidence) -> Judged:
    required = f"at least {condition.minimum} pairs with {_whom(condition)}"
    pair = evidence.comparison(condition.against, condition.part)
    if isinstance(pair, Gap):
        return _missing(required, pair)
    left_out = pair.get("left_out", 0)
    aside = f", {left_out} left out for faults of the scanner" if left_out else ""
    enough = pair["pairs"] >= condition.minimum
    verdict = Verdict.HOLDS if enough else Verdict.UNCLEAR
    return required, f"{pair['pairs']} pairs{aside}", verdict, dict(pair)


def _mcnemar(condition: ConditionConfig, evidence: Evidence) -> Judged:
    return _tested(condition, evidence, "p_mcnemar", "exact two-sided McNemar")


def _sign_flip(condition: ConditionConfig, evidence: Evidence) -> Judged:
    return _tested(condition, evidence, "p_families", "exact sign flips of families")


def _tested(condition: ConditionConfig, evidence: Evidence, key: str, test: str) -> Judged:
    alpha = evidence.alpha if condition.alpha is None else condition.alpha
    level = "the level of this look" if isinstance(alpha, Gap) else f"{alpha:.4g}"
    required = f"better than {_whom(condition)}: {test} p < {level}"
    pair = evidence.comparison(condition.against, condition.part)
    for gap in (pair, alpha):
        if isinstance(gap, Gap):
            return _missing(required, gap)
    if key not in pair:
        return _missing(required, Gap(f"replay.json has no {key} yet (forge replay)"))
    won, lost, p = pair["only_first"], pair["only_second"], pair[key]
    measured = f"p = {p:.3g}: {won} rules only the adapter passes, {lost} only the other"
    if alpha <= 0:
        measured += "; the holdout's error budget is spent, new work items refresh it"
    verdict = Verdict.UNCLEAR
    if p < alpha:
        verdict = Verdict.HOLDS if won > lost else Verdict.BROKEN
    return required, measured, verdict, {**pair, "alpha": alpha}


def _bootstrap(condition: ConditionConfig, evidence: Evidence) -> Judged:
    required = (
        f"better than {_whom(condition)}: lower end of the family-clustered interval "
        f"above {_points(condition.margin)}"
    )
    pair = evidence.comparison(condition.against, condition.part)
    if isinstance(pair, Gap):
        return _missing(required, pair)
    verdict = Verdict.UNCLEAR
    if pair["low"] > condition.margin:
        verdict = Verdict.HOLDS
    elif pair["high"] < min(condition.margin, 0.0):
        verdict = Verdict.BROKEN
    return required, _interval(pair), verdict, {**pair, "margin": condition.margin}


def _no_regression(condition: ConditionConfig, evidence: Evidence) -> Judged:
    required = f"not below {_whom(condition)} by more than {_points(condition.margin)}"
    pair = evidence.comparison(condition.against, condition.part)
    if isinstance(pair, Gap):
        return _missing(required, pair)
    verdict = Verdict.UNCLEAR
    if _at_least(pair["difference"], -condition.margin):
        verdict = Verdict.HOLDS
    elif pair["high"] < -condition.margin:
        verdict = Verdict.BROKEN
    return required, _interval(pair), verdict, {**pair, "margin": condition.margin}


def _metric(condition: ConditionConfig, evidence: Evidence) -> Judged:
    who = condition.against.value
    required = (
        f"{condition.metric} on {condition.part} not below {who} "
        f"by more than {_points(condition.margin)}"
    )
    means = evidence.means(condition.against, condition.metric, condition.part)
    if isinstance(means, Gap):
        return _missing(required, means)
    own, other = means
    kept = _at_least(own - other, -condition.margin)
    measured = f"adapter {own:.1%}, {who} {other:.1%}"
    numbers = {"adapter": own, who: other, "margin": condition.margin}
    # A guard, not a hypothesis: broken as measured is broken.
    return required, measured, Verdict.HOLDS if kept else Verdict.BROKEN, numbers


def _proof(condition: ConditionConfig, evidence: Evidence) -> Judged:
    required = "proven live: modules match, weights not zero, answers differ from the base"
    proof = evidence.proof()
    if isinstance(proof, Gap):
        return _missing(required, proof)
    # `forge prove` leaves a file only of what it has proven; one that says otherwise is believed.
    if proof.get("passed", True) is not True:
        return required, "not proven", Verdict.BROKEN, {}
    apart = proof.get("logits", {}).get("kl_nats")
    told = "proven" if apart is None else f"proven: {apart:.2g} nats from the base on probes"
    return required, told, Verdict.HOLDS, {} if apart is None else {"kl_nats": apart}


_KINDS: dict[ConditionKind, Callable[[ConditionConfig, Evidence], Judged]] = {
    ConditionKind.pairs: _pairs,
    ConditionKind.mcnemar_two_sided: _mcnemar,
    ConditionKind.sign_flip: _sign_flip,
    ConditionKind.bootstrap: _bootstrap,
    ConditionKind.no_regression: _no_regression,
    ConditionKind.metric: _metric,
    ConditionKind.proof: _proof,
}


def _missing(required: str, gap: Gap) -> Judged:
    return required, gap.what, Verdict.MISSING, {}


def _whom(condition: ConditionConfig) -> str:
    return f"{condition.against.value} on {condition.part}"


def _points(share: float) -> str:
    return f"{100 * share:.3g} points"


def _interval(pair: Mapping[str, Any]) -> str:
    ends = f"{100 * pair['low']:+.1f} to {100 * pair['high']:+.1f}"
    return f"{100 * pair['difference']:+.1f} points ({ends}), n = {pair['pairs']}"


def _at_least(value: float, bound: float) -> bool:
    # Rates are quotients: 0.45 - 0.50 must count as a drop of 0.05, not of more.
    return value >= bound - 1e-12
