"""Read a run's first tries from the store, as evaluators take them."""

from __future__ import annotations

from harness_forge.core.results import EvalResult
from harness_forge.store.escaping import restored
from harness_forge.store.splits.assign import parts

SQL = """
SELECT a.item_id, w.title, w.family, w.group_key, a.eval_passed, a.infrastructure,
       a.failure_mode, coalesce(a.response, ''),
       coalesce(a.tool_call -> 'arguments' ->> 'fix_script', a.tool_call ->> 'arguments'),
       a.prompt_tokens, a.completion_tokens, coalesce(i.cluster, '')
FROM attempts a JOIN work_items w USING (run_id, item_id) LEFT JOIN items i USING (item_id)
WHERE a.run_id = %s AND a.attempt_num = 1 AND w.outcome IS NOT NULL
ORDER BY a.item_id
"""


def first_tries(store, run_id: str) -> list[EvalResult]:
    """Return the first try of a run at each item, sorted by item."""
    splits = store.splits()
    part = {
        item.item_id: splits[item.group_key].value
        for item in store.items()
        if item.group_key in splits
    } | parts(store.items(), splits)
    with store.connect_read_only() as connection:
        rows = [restored(list(row)) for row in connection.execute(SQL, [run_id])]
    return [
        EvalResult(
            skill=store.name,
            item_id=item_id,
            title=title,
            family=family,
            group_key=group_key,
            part=part.get(item_id, ""),
            passed=passed,
            infrastructure=infrastructure,
            failure_mode=failure,
            answer=answer,
            script=script,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cluster=cluster,
        )
        for (
            item_id,
            title,
            family,
            group_key,
            passed,
            infrastructure,
            failure,
            answer,
            script,
            prompt_tokens,
            completion_tokens,
            cluster,
        ) in rows
    ]
