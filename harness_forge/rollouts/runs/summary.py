"""The counts of a run, read from the store: the same however often it was resumed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from harness_forge.store.prices import run_cost

_ATTEMPTS = """
SELECT a.item_id, a.attempt_num, a.eval_passed, a.failure_mode, a.infrastructure, a.origin,
       a.prompt_tokens + a.completion_tokens
FROM attempts a
JOIN work_items w USING (run_id, item_id)
WHERE a.run_id = %s AND w.outcome IS NOT NULL
ORDER BY a.item_id, a.attempt_num
"""


def summarize(store, run_id: str) -> dict[str, Any]:
    """Return the counts of a run's finished items.

    Returns:
        items; passed (in any attempt); first_try; infrastructure (attempts
        without a verdict); outcomes and passed_by_origin, counts by name;
        tokens_per_attempt, prompt and answer, only if a model was asked; usd,
        of the attempts whose cost is known by the stored prices, and usd_unknown,
        how many have none, only if one has.
    """
    with store.connect_read_only() as connection:
        rows = connection.execute(_ATTEMPTS, [run_id]).fetchall()
        _, unknown, known = run_cost(connection, run_id)
    passed, first = set(), set()
    outcomes, origins, infrastructure = Counter(), Counter(), 0
    tokens = []
    for item, number, ok, failure, no_verdict, origin, spent in rows:
        outcomes["passed" if ok else failure] += 1
        infrastructure += bool(no_verdict)
        tokens += [] if spent is None else [spent]
        if ok:
            passed.add(item)
            origins[origin] += 1
            first.update([item] if number == 1 else [])
    return {
        "items": len({row[0] for row in rows}),
        "passed": len(passed),
        "first_try": len(first),
        "infrastructure": infrastructure,
        "outcomes": dict(sorted(outcomes.items())),
        "passed_by_origin": dict(sorted(origins.items())),
        **({"tokens_per_attempt": round(sum(tokens) / len(tokens), 1)} if tokens else {}),
        **({} if known is None else {"usd": known, "usd_unknown": unknown}),
    }
