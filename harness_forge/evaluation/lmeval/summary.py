"""The report of a suite: means by part and by category, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness_forge.config.suite import SuiteConfig
from harness_forge.evaluation.lmeval.answers import ALL, ScoredAnswer, summed
from harness_forge.evaluation.lmeval.folder import Document, fingerprint

_Key = tuple[str, str]
OVERALL, EACH = "overall", "each"


def report(
    suite: SuiteConfig,
    split: str,
    documents: Sequence[Document],
    found: Mapping[str, Sequence[ScoredAnswer]],
) -> dict[str, Any]:
    """Return a suite's report: for each label the means of each part, and of each category.

    If one label has no verdict on an item, without a fault of the model, the item
    is left out of all and counted. `fingerprint` is that of the items.
    """
    asked = {(one.skill, one.item_id): one for one in documents}
    out = {_key(one) for given in found.values() for one in given if one.infrastructure}
    names = list(dict.fromkeys(one.category for one in documents if one.category))
    labels, categories = {}, {}
    for label, given in found.items():
        judged = [(asked[_key(one)], one.scores) for one in given if _key(one) not in out]
        labels[label] = summed([(one.part, scores) for one, scores in judged], suite.metrics)
        if names:
            categories[label] = _by_category(judged, suite.metrics)
            if suite.weights:
                labels[label][ALL] |= _weighted(suite, categories[label])
        if out:
            labels[label][ALL]["infrastructure"] = len(out)
    facts = {
        "suite": suite.name,
        "version": suite.version,
        "kind": suite.kind.value,
        "metrics": list(suite.metrics),
        "split": split,
        "fingerprint": fingerprint(documents),
        "labels": labels,
    }
    if names:
        facts |= {"categories": categories, "category_names": names}
    if suite.weights:
        facts["weights"] = dict(suite.weights)
    if suite.thresholds:
        facts["thresholds"] = dict(suite.thresholds)
        facts["below"] = {label: below(suite, facts, label) for label in found}
    return facts


def below(suite: SuiteConfig, facts: Mapping[str, Any], label: str) -> list[str]:
    """Return the categories, and `overall`, with a score below the suite's threshold."""
    metric, default = suite.metrics[0], suite.thresholds.get(EACH)
    scores = {
        name: facts["categories"][label].get(name, {}).get(metric)
        for name in facts.get("category_names", ())
    }
    bars = {name: suite.thresholds.get(name, default) for name in scores}
    scores[OVERALL] = facts["labels"][label][ALL].get(metric)
    bars[OVERALL] = suite.thresholds.get(OVERALL)
    return [
        name
        for name, bar in bars.items()
        if bar is not None and (scores[name] is None or scores[name] < bar)
    ]


def completed(documents: Sequence[Document], answers: Sequence[ScoredAnswer]) -> list[ScoredAnswer]:
    """Return the answers with `completed`: all items of the bead are right.

    Only the first item of a bead has it, so that its mean is over beads.
    """
    beads = {(one.skill, one.item_id): one.bead for one in documents}
    right: dict[str, bool] = {}
    for one in answers:
        if bead := beads[_key(one)]:
            right[bead] = right.get(bead, True) and one.scores.get("score") == 1.0
    marked = []
    for one in answers:
        bead = beads[_key(one)]
        facts = {"completed": float(right.pop(bead))} if bead in right else {}
        marked.append(replace(one, scores=facts | one.scores))
    return marked


def _key(answer: ScoredAnswer) -> _Key:
    return answer.skill, answer.item_id


def _by_category(judged, metrics: Sequence[str]) -> dict[str, Any]:
    means = summed([(one.category, scores) for one, scores in judged if one.category], metrics)
    del means[ALL]
    return means


def _weighted(suite: SuiteConfig, categories: Mapping[str, Any]) -> dict[str, float]:
    """Return each metric as the weighted mean of its categories, with its number of items.

    A mean of unequally weighted items is as precise as one of fewer items: Kish's
    effective sample size, (sum of w)^2 / sum of w^2 (Survey Sampling, 1965). A
    metric that a category lacks has no weighted mean.
    """
    found: dict[str, float] = {}
    for metric in suite.metrics:
        cells = [(weight, categories.get(name, {})) for name, weight in suite.weights.items()]
        if not all(metric in cell for _, cell in cells):
            continue
        total = sum(weight for weight, _ in cells)
        counts = [cell.get(f"{metric}_items", cell["items"]) for _, cell in cells]
        # Each item's weight is its category's weight divided by the category's number of items.
        squares = sum(w**2 / n for (w, _), n in zip(cells, counts, strict=True))
        found[metric] = round(sum(w * cell[metric] for w, cell in cells) / total, 6)
        if (effective := int(total**2 / squares + 1e-9)) < sum(counts):
            found[f"{metric}_items"] = effective
    return found
