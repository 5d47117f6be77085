"""One function for each kind of condition: evidence in, a finding out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness_forge.config.promote import ConditionConfig, ConditionKind, Opponent
from harness_forge.core.numbers import number
from harness_forge.promotion.rules import paired, recipe, rule, scored, scores
from harness_forge.promotion.rules.evidence import Evidence, MissingEvidence
from harness_forge.promotion.rules.findings import (
    ConditionFinding,
    ConditionVerdict,
    MeasuredCondition,
    grouped,
    missing,
)
from harness_forge.promotion.rules.scores import EACH

__all__ = ["ConditionFinding", "ConditionVerdict", "find"]


def find(name: str, condition: ConditionConfig, evidence: Evidence) -> ConditionFinding:
    """Return the finding of `condition` on `evidence`.

    Raises:
        PromoteError: a condition inside a group cannot be read.
    """
    if condition.kind in rule.GROUPS:
        inner = rule.inside(condition, f"promote.conditions.{name}")
        found = [find(each, one, evidence) for each, one in inner.items()]
        how = condition.kind.value
        return grouped(name, how, how, found)
    if inner := _each(condition, evidence):
        found = [find(each, one, evidence) for each, one in inner.items()]
        return grouped(name, condition.kind.value, "all", found)
    if scored.judges(condition):
        finding = scored.find(name, condition, evidence)
    else:
        finding = ConditionFinding(
            name, condition.kind.value, _KINDS[condition.kind](condition, evidence)
        )
    if condition.against is Opponent.champion and evidence.champion is None:
        result = MeasuredCondition(
            finding.required, "there is no other champion", ConditionVerdict.NOT_NEEDED
        )
        return replace(finding, judged=result, of=())
    return _barred(finding, condition, evidence)


def _barred(
    finding: ConditionFinding, condition: ConditionConfig, evidence: Evidence
) -> ConditionFinding:
    """Return a missing finding with the threshold that its number will be compared with."""
    if finding.verdict is not ConditionVerdict.MISSING or finding.of:
        return finding
    found = _bar(condition, evidence)
    if found is None:
        return finding
    threshold, unit, bar = found
    return replace(finding, judged=replace(finding.judged, threshold=threshold, unit=unit, bar=bar))


def _bar(condition: ConditionConfig, evidence: Evidence) -> tuple[float | None, str, str] | None:
    kind, margin = condition.kind, condition.margin
    if kind in rule.TESTS:
        alpha = evidence.alpha if condition.alpha is None else condition.alpha
        return None if isinstance(alpha, MissingEvidence) else (alpha, "p", "below")
    return {
        ConditionKind.pairs: (condition.minimum, "count", "at least"),
        ConditionKind.rate: (condition.threshold, "share", "at least"),
        ConditionKind.score: (condition.threshold, "share", "at least"),
        ConditionKind.bootstrap: (margin, "points", "above"),
        ConditionKind.gain: (margin, "points", "above"),
        ConditionKind.no_regression: (0.0 - margin, "points", "at least"),
        ConditionKind.metric: (0.0 - margin, "points", "at least"),
    }.get(kind)


def _proof(condition: ConditionConfig, evidence: Evidence) -> MeasuredCondition:
    required = "proven live: modules match, weights not zero, answers differ from the base"
    proof = evidence.proof()
    if isinstance(proof, MissingEvidence):
        return missing(required, proof)
    # `forge prove` writes a file only after success; a file that says otherwise is believed.
    if proof.get("passed", True) is not True:
        return MeasuredCondition(required, "not proven", ConditionVerdict.BROKEN)
    apart = proof.get("logits", {}).get("kl_nats")
    result = "proven" if apart is None else f"proven: {number(apart)} nats from the base on probes"
    numbers = {} if apart is None else {"kl_nats": apart}
    return MeasuredCondition(required, result, ConditionVerdict.HOLDS, numbers, value=apart)


def _each(condition: ConditionConfig, evidence: Evidence) -> dict[str, ConditionConfig]:
    """Return a condition on the replay once for each category, if it asks for each."""
    if condition.category != EACH or condition.kind not in rule.IN_REPLAY:
        return {}
    table = evidence.by_category(rule.asked(condition))
    if isinstance(table, MissingEvidence):
        return {}
    return {name: replace(condition, category=name) for name in table}


def _agreement(condition: ConditionConfig, evidence: Evidence) -> MeasuredCondition:
    required = "a server answers with what was trained: forge prove prove.server=start"
    proof = evidence.proof()
    if isinstance(proof, MissingEvidence):
        return missing(required, proof)
    result = proof.get("server") or {}
    apart, most = result.get("adapter_gap"), result.get("tolerance")
    if not (scores.number(apart) and scores.number(most)):
        return missing(
            required, MissingEvidence("no server was asked (forge prove prove.server=start)")
        )
    verdict = ConditionVerdict.HOLDS if apart <= most else ConditionVerdict.BROKEN
    measured = f"{number(apart)} nats a token from the training stack, at most {most:g}"
    return MeasuredCondition(required, measured, verdict, dict(result), value=apart)


def _audit(condition: ConditionConfig, evidence: Evidence) -> MeasuredCondition:
    required = "the loss mask was checked: some tokens trained, the rest masked"
    counts = evidence.audit or {}
    rows, tokens, trained = (counts.get(key) for key in ("rows", "tokens", "trained"))
    if not rows or not tokens or trained is None:
        return missing(
            required, MissingEvidence("the adapter's lineage has no audit (forge train)")
        )
    result = f"{trained} of {tokens} tokens trained in {rows} rows"
    verdict = ConditionVerdict.HOLDS if 0 < trained < tokens else ConditionVerdict.BROKEN
    if rows < condition.minimum and verdict is ConditionVerdict.HOLDS:
        verdict = ConditionVerdict.UNCLEAR
    share = trained / tokens
    return MeasuredCondition(
        required, result, verdict, dict(counts), share, 0.0, unit="share", bar="above"
    )


_KINDS: dict[ConditionKind, Callable[[ConditionConfig, Evidence], MeasuredCondition]] = {
    ConditionKind.pairs: paired.pairs,
    ConditionKind.mcnemar: paired.mcnemar,
    ConditionKind.mcnemar_two_sided: paired.mcnemar,
    ConditionKind.sign_flip: paired.sign_flip,
    ConditionKind.bootstrap: paired.bootstrap,
    ConditionKind.recipe: recipe.recipe,
    ConditionKind.no_regression: paired.no_regression,
    ConditionKind.rate: paired.rate,
    ConditionKind.proof: _proof,
    ConditionKind.agreement: _agreement,
    ConditionKind.beyond_noise: paired.beyond_noise,
    ConditionKind.audit: _audit,
}
