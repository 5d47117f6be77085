"""Read worked examples from the store: answers that passed in training, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from harness_forge.core.errors import RunError
from harness_forge.core.records import Split, ToolCall, WorkItem
from harness_forge.rollouts.policies.worked_examples import WorkedExample
from harness_forge.store.escaping import restored

# The newest passing answer of ours to each item of these splits, as exports take it.
SQL = """
SELECT DISTINCT ON (item_id)
       item_id, title, severity, family, group_key, tool_call, response,
       current_schema() || '.attempts:' || attempt_id,
       (SELECT facts FROM items WHERE items.item_id = attempt_examples.item_id)
FROM attempt_examples
WHERE policy = 'gold' AND origin = 'ours' AND split = ANY(%(splits)s) AND eval_passed
  AND NOT infrastructure AND NOT flagged AND tool_call IS NOT NULL
ORDER BY item_id, attempt_id DESC
"""


def read(store, needed: int, splits: Sequence[str] = (Split.TRAIN.value,)) -> list[WorkedExample]:
    """Return one example for each item, sorted by item id.

    Args:
        splits: the splits to take items from; never the holdout's.

    Raises:
        RunError: there are fewer than `needed`, or the holdout is asked for.
    """
    if Split.HOLDOUT in splits:
        what = "the holdout's answers are no examples"
        raise RunError("policy.example_splits", what, "take train, or train and validation")
    with store.connect_read_only() as connection:
        rows = connection.execute(SQL, {"splits": list(splits)})
        found = [_worked(restored(list(row))) for row in rows]
    if len(found) < needed:
        raise RunError(
            "worked examples",
            f"{len(found)} passing answers to training items in the store, {needed} needed",
            "make them with `forge run policy=gold`",
        )
    return found


def _worked(row: Sequence) -> WorkedExample:
    item_id, title, severity, family, group_key, call, response, source, facts = row
    return WorkedExample(
        item=WorkItem(item_id, title, severity, family, group_key, facts=facts or {}),
        tool_call=ToolCall(call["name"], call["arguments"]),
        response=response,
        source=source,
    )
