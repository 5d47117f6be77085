"""Simulated gates: policies whose true rates are known, judged by the default rule."""

from __future__ import annotations

import numpy as np

from harness_forge.config.promote import ConditionConfig, ConditionKind, Sided
from harness_forge.core.results import EvalResult
from harness_forge.evaluation.comparison import difference
from harness_forge.promotion.rules.conditions import find
from harness_forge.promotion.rules.evidence import Evidence
from harness_forge.promotion.rules.findings import ConditionVerdict
from harness_forge.registry.adapters.identity import AdapterIdentity

# Clusters of the 68 held-out new rules of the skill stig, by the form of their answers.
CLUSTERS = (16, 14, 7, 6, 5, 2, *[1] * 18)
FAMILIES = [
    *[5, 5, 6, 6, 7, 7, 7, 7, 12, 12, 12, 15, 16, 19, 21, 22],
    *[0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 9, 9, 9, 9],
    *[1, 1, 1, 1, 1, 1, 11],
    *[2, 2, 2, 2, 11, 11],
    *[3, 3, 3, 3, 3],
    *[10, 10],
    *[13, 4, 4, 4, 4, 14, 5, 5, 6, 6, 17, 2, 10, 18, 20, 8, 23, 24],
]
"""The family of each of these rules, cluster by cluster: forms span families."""
CANDIDATE = AdapterIdentity("skill-worker", "d" * 64)
RULE = {
    "enough_pairs": ConditionConfig(ConditionKind.pairs, minimum=60),
    "better": ConditionConfig(ConditionKind.mcnemar, sided=Sided.one),
    "better_by_cluster": ConditionConfig(ConditionKind.bootstrap),
    "better_cluster_by_cluster": ConditionConfig(ConditionKind.sign_flip, sided=Sided.one),
}
"""The conditions of the default rule that rest on a test."""


def outcomes(generator, rate: float, correlation: float) -> list[bool]:
    """Return passes of all items, cluster by cluster.

    A cluster's rate is drawn from a beta distribution whose intraclass
    correlation is `correlation`: 0 makes items independent, 1 equal.
    """
    found: list[bool] = []
    for size in CLUSTERS:
        own = rate
        if correlation:
            both = 1 / correlation - 1
            own = generator.beta(rate * both, (1 - rate) * both)
        found += list(generator.random(size) < own)
    return found


def gate(first: list[bool], second: list[bool], alpha: float) -> bool:
    """Return whether the rule's tests would promote the first over the second."""
    cluster = [n for n, size in enumerate(CLUSTERS) for _ in range(size)]
    pairs = [
        (_result(n, cluster[n], a), _result(n, cluster[n], b))
        for n, (a, b) in enumerate(zip(first, second, strict=True))
    ]
    replay = {
        "candidate": {"digest": CANDIDATE.digest},
        "comparisons": {"adapter_vs_base": {"new_rule": difference(pairs).as_dict()}},
    }
    evidence = Evidence(CANDIDATE, replay, None, None, None, alpha)
    return all(find(n, one, evidence).verdict is ConditionVerdict.HOLDS for n, one in RULE.items())


def generator(seed: int):
    """Return a generator that draws the same for a seed."""
    return np.random.default_rng(seed)


def _result(item: int, cluster: int, passed: bool) -> EvalResult:
    return EvalResult(
        skill="s", item_id=f"i{item}", title="", family="f", group_key=f"i{item}",
        cluster=f"c{cluster}", part="new_rule", passed=bool(passed), infrastructure=False,
        failure_mode=None, answer="", script=None,
    )  # fmt: skip
