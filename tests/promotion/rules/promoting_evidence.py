"""A complete, winning set of evidence, and ways to spoil it."""

from harness_forge.promotion.rules.evidence import Evidence
from harness_forge.registry.adapters.identity import AdapterIdentity

CANDIDATE = AdapterIdentity("stig-worker", "a" * 64)
OTHER = AdapterIdentity("stig-worker", "b" * 64)


def pair(**changes):
    """Return the comparison of one part: 30 wins, 2 losses in 80 pairs."""
    facts = {
        "pairs": 80, "both": 10, "only_first": 30, "only_second": 2, "neither": 38,
        "difference": 0.35, "low": 0.2, "high": 0.5, "p_mcnemar": 2.5e-7,
        "p_mcnemar_greater": 1.25e-7, "p_clusters": 1e-4, "p_clusters_greater": 5e-5,
        "left_out": 0,
    }  # fmt: skip
    # The one-sided p of the side that won is half of the two-sided one.
    halves = {
        f"{key}_greater": changes[key] and changes[key] / 2
        for key in ("p_mcnemar", "p_clusters")
        if key in changes
    }
    return facts | halves | changes


def evidence(
    new_rule=None, new_family=None, rates=(0.95, 0.2), proven=True, versus=None, **changes
):
    """Return evidence on which the default rule promotes, but for what is changed.

    `new_rule` and `new_family` are against the base model; `versus` names a baseline and
    what it changes on new rules.
    """
    whose = {"candidate": {"name": CANDIDATE.name, "digest": CANDIDATE.digest}}
    table = {"new_rule": new_rule or pair(), "new_family": new_family or pair(pairs=16)}
    beaten = {
        name: {"new_rule": pair()} for name in ("few_shot", "nearest", "template", "extractive")
    }
    beaten |= {name: {"new_rule": found} for name, found in (versus or {}).items()}
    versus = {f"adapter_vs_{name}": found for name, found in ({"base": table} | beaten).items()}
    metrics = zip(("adapter", "base"), rates, strict=True)
    facts = {
        "candidate": CANDIDATE,
        "replay": whose | {"split": "holdout", "comparisons": versus},
        "evaluate": whose
        | {"suite": "tool_call"}
        | {"labels": {label: {"all": {"valid_call": rate}} for label, rate in metrics}},
        "prove": {"adapter": whose["candidate"], "logits": {"kl_nats": 0.2}, "passed": proven},
        "champion": None,
        "alpha": 0.025,
    }
    return Evidence(**facts | changes)
