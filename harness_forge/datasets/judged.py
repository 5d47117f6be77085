"""Rows labelled by the scores of `forge judge`, for recipes that ask for it.

A judge's opinion is no verdict: such rows name `judge` as their evaluator, in every line's
source, ledger and manifest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness_forge.config.export import ExportConfig, ExportKind
from harness_forge.datasets.sql.rows import Row
from harness_forge.store.judge_scores import key_of

EVALUATOR = "judge"


def labelled(
    rows: Sequence[Row], skill: str, config: ExportConfig, scores: Mapping[str, float]
) -> list[Row]:
    """Return the rows with the judge's labels; those that it has none for have a reason.

    Args:
        scores: 0 to 1, by the key of the verdict; rows that were rejected before stay so.
    """
    return [
        row
        if row.reason is not None
        else _labelled(row, config, scores.get(key_of(skill, row.run_id, row.source)))
        for row in rows
    ]


def _labelled(row: Row, config: ExportConfig, score: float | None) -> Row:
    if score is None:
        return row._replace(reason="unscored").without_json()
    good, bad = score >= config.judged.good, score <= config.judged.bad
    row = row._replace(eval_passed=good, outcome_value=score, evaluator=EVALUATOR)
    if not good and not bad:
        return row._replace(reason="judged_between").without_json()
    if bad and config.kind is ExportKind.sft:
        return row._replace(reason="judged_bad").without_json()
    return row
