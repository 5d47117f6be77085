"""Asks one model twice by a suite, to see how far its scores move without any change.

Temperature 0 is not deterministic: the other requests of a batch change the order
of sums, and a last digit may change a token. A gain no larger than this shows
nothing (an A/A test).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness_forge.config.suite import SuiteConfig
from harness_forge.evaluation.lmeval import summary
from harness_forge.evaluation.lmeval.answers import ScoredAnswer
from harness_forge.evaluation.lmeval.folder import Document

FIRST, AGAIN, CHANGE = "first", "again", "change"
"""Labels of such a report: the two runs, and the mean change, item by item."""


def report(
    suite: SuiteConfig,
    split: str,
    documents: Sequence[Document],
    found: Mapping[str, Sequence[ScoredAnswer]],
) -> dict[str, Any]:
    """Return a suite's report with the labels first, again and change.

    For a score that is 0 or 1 the change is the share of items that flip, so two
    flips that cancel out in the mean still count as two. `flips` names the items
    with a changed decisive score, `other_words` counts answers with any
    difference in their text.
    """
    pairs = list(zip(found[FIRST], found[AGAIN], strict=True))
    changes = [_change(*pair) for pair in pairs]
    # A change has no threshold.
    facts = summary.report(
        replace(suite, thresholds={}), split, documents, dict(found) | {CHANGE: changes}
    )
    decisive = suite.metrics[0]
    facts["flips"] = [one.item_id for one in changes if one.scores.get(decisive)]
    facts["other_words"] = sum(one.answer != other.answer for one, other in pairs)
    return facts


def _change(one: ScoredAnswer, other: ScoredAnswer) -> ScoredAnswer:
    both = one.scores.keys() & other.scores.keys()
    moved = {name: abs(one.scores[name] - other.scores[name]) for name in sorted(both)}
    # An item without a verdict is left out of both runs.
    return replace(one, scores=moved, infrastructure=one.infrastructure or other.infrastructure)
