"""Settings of a promotion: the named conditions that a candidate has to meet, and its version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class ConditionKind(Enum):
    """What a condition measures; `promotion.rules.conditions` holds one function for each."""

    pairs = "pairs"
    mcnemar = "mcnemar"
    mcnemar_two_sided = "mcnemar_two_sided"
    sign_flip = "sign_flip"
    bootstrap = "bootstrap"
    recipe = "recipe"
    no_regression = "no_regression"
    rate = "rate"
    metric = "metric"
    score = "score"
    gain = "gain"
    proof = "proof"
    agreement = "agreement"
    beyond_noise = "beyond_noise"
    audit = "audit"
    all = "all"
    any = "any"


class Opponent(Enum):
    """Whom the candidate is compared with."""

    base = "base"
    few_shot = "few_shot"
    nearest = "nearest"
    template = "template"
    extractive = "extractive"
    champion = "champion"


class Strength(Enum):
    """What has to clear the bar: the number as measured, or its interval."""

    measured = "measured"
    interval = "interval"


class Sided(Enum):
    """What a test looks for: that the candidate is better, or that the two differ."""

    one = "one"
    two = "two"


class Bump(Enum):
    """Which part of a version counts up; auto reads it off the measurements."""

    auto = "auto"
    patch = "patch"
    minor = "minor"
    major = "major"


@dataclass(frozen=True)
class ConditionConfig:
    """One condition; which of the keys it reads depends on its kind.

    Args:
        kind: pairs (at least `minimum` items judged for both), mcnemar (exact,
            p < `alpha`; mcnemar_two_sided is mcnemar with sided two), sign_flip (of
            whole clusters of items with answers of one form, exact, p < `alpha`),
            recipe (all adapters of `train.replicates` together, at least `minimum`
            of them: their mean is better over clusters and over seeds, p < `alpha`),
            bootstrap (lower end of the interval of the difference above
            `margin`), no_regression (difference not below -`margin`), rate
            (first-try success in replay at least `threshold`), metric (of a
            suite: not below the opponent's by more than `margin`), score (of a
            suite: at least `threshold`), gain (of a suite: above the opponent's
            by more than `margin`), proof (`forge prove` passed), agreement (it was
            asked of a server too, which answered alike), beyond_noise (it passes
            more items beyond those it loses than the base model does against
            itself; of a suite: its gain is above what the scores move by
            themselves), audit (the loss mask was checked), all or any (of the
            conditions in `of`).
        against: base, few_shot, nearest, template, extractive or champion. One against the
            champion is not needed while there is none.
        part: items it is about: new_rule, new_family or all.
        suite: the suite that a metric is of; empty takes the one evaluated, each
            takes every one.
        category: of the suite, or of the items replayed (their family); empty
            takes all of them together, each takes every one.
        metric: as evaluate.json names it; empty takes the suite's first.
        margin: in shares of 1; see `kind`.
        threshold: in shares of 1; of rate and score.
        evidence: of rate, metric, score and gain: measured takes the number as it
            is, interval asks that the whole 95% interval clears the bar.
        alpha: error probability; null takes what the look schedule gives this look.
        sided: of mcnemar and sign_flip: one asks whether the candidate is better, two
            whether they differ.
        minimum: pairs; of recipe, adapters; of rate, metric, score and gain, items.
        of: conditions inside all or any, by name, with the keys of a condition.
        enabled: false leaves the condition out.
    """

    kind: ConditionKind = ConditionKind.pairs
    against: Opponent = Opponent.base
    part: str = "new_rule"
    suite: str = ""
    category: str = ""
    metric: str = ""
    margin: float = 0.0
    threshold: float | None = None
    evidence: Strength = Strength.measured
    alpha: float | None = None
    sided: Sided = Sided.two
    minimum: int = 0
    of: dict[str, Any] = field(default_factory=dict)
    enabled: bool = True


def asks_suites(conditions: Mapping[str, ConditionConfig | Mapping[str, Any]]) -> bool:
    """Return whether a condition that counts is on a suite, groups in groups included."""
    # Composition does not parse the conditions inside a group.
    found = [one if isinstance(one, Mapping) else vars(one) for one in conditions.values()]
    return any(
        is_on_suite(one) or asks_suites(one.get("of") or {})
        for one in found
        if one.get("enabled", True)
    )


def is_on_suite(condition: Mapping[str, Any]) -> bool:
    """Return whether a condition is on a suite: noise without a suite is the replay's."""
    kind = condition.get("kind")
    kind = getattr(kind, "name", kind)
    return kind in ("metric", "score", "gain") or (
        kind == "beyond_noise" and bool(condition.get("suite"))
    )


@dataclass(frozen=True)
class VersionConfig:
    """How a champion is numbered and named: name-major.minor.patch-base:size.

    Args:
        name: first segment; empty takes the adapter's name.
        base: letter and generation of the base model, such as q3; empty reads it
            off the model's name.
        size: of the base model, such as 14b; empty reads it off the model's name.
        bump: auto, or the part that counts up whatever was measured: major says
            that training was overhauled, which no file shows.
        minor_at: gain over the champion before, on any suite, category or part,
            from which a version is a minor one.
        passes: score from which a suite or category counts as passed.
    """

    name: str = ""
    base: str = ""
    size: str = ""
    bump: Bump = Bump.auto
    minor_at: float = 0.05
    passes: float = 0.8


@dataclass(frozen=True)
class PromoteConfig:
    """The rule by which a candidate becomes champion.

    Args:
        name: of the rule, for the ledger.
        conditions: by name; all must hold.
        version: how a champion is numbered and named.
        approval: what the rule would promote waits until a person says yes
            (`forge approve`, or `forge ui ui.write=true`).
        judge_alone: a model's opinions may promote by themselves, also if
            outcomes decided by a program are available.
        mlflow: URI of an MLflow store with a model registry that copies the
            champions, such as sqlite:///.forge/mlflow.db; empty copies nothing.
            It decides nothing, and its faults are only reported.
        rollback: `forge champion check` takes down a champion that is shown to be worse on
            what came since its promotion; false only says so.
    """

    name: str = "default"
    conditions: dict[str, ConditionConfig] = field(default_factory=dict)
    version: VersionConfig = field(default_factory=VersionConfig)
    approval: bool = False
    judge_alone: bool = False
    mlflow: str = ""
    rollback: bool = True
