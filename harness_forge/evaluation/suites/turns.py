"""Questions from the store: scripts that passed, and prompts of other roles.

An architect's verdict is compared with what then happened in its run, its pick of
two answers and an auditor's verdict with what the evaluator said, a reflector's answer
with the form that the harness reads and with the mistake that was made on purpose. Only
collect runs are read; a look at held-out items is recorded like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from harness_forge.config.suite import SuiteConfig, SuiteKind
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.evaluation.scoring import roles

# Teachers only: passes of models would change the set of items with every run.
_PASSED = """
SELECT item_id, CASE WHEN %(argument)s::text = '' THEN (tool_call -> 'arguments')::text
    ELSE tool_call -> 'arguments' ->> %(argument)s::text END AS answer
FROM attempt_examples
WHERE split = %(split)s AND eval_passed AND NOT infrastructure AND NOT flagged
    AND origin IN ('ours', 'content')
GROUP BY 1, 2 ORDER BY 1, 2
"""

# The first turn with this prompt for this item; an architect's plan is no verdict.
_ASKED = r"""
SELECT DISTINCT ON (item_id, t.messages::text)
    t.turn_id, t.item_id, t.family, t.group_key, t.messages, t.tools,
    coalesce(t.content, '') AS content, t.eval_passed, t.origin = 'mutated' AS of_teacher,
    -- The mistake is known: the same answer without it passes.
    t.origin = 'mutated' AND NOT t.eval_passed AND sound.item_id IS NOT NULL AS broken,
    coalesce(ended.last_pass > t.attempt_num, false) AS passed_later,
    coalesce(tried.tries, 0) AS tries, coalesce(tried.passes, 0) AS passes
FROM turn_examples t
LEFT JOIN (
    SELECT run_id, item_id, max(attempt_num) FILTER (WHERE eval_passed) AS last_pass
    FROM attempt_examples GROUP BY run_id, item_id
) AS ended USING (run_id, item_id)
LEFT JOIN (
    SELECT item_id, count(*) AS tries, count(*) FILTER (WHERE eval_passed) AS passes
    FROM attempt_examples WHERE origin = 'model' AND NOT infrastructure GROUP BY item_id
) AS tried USING (item_id)
LEFT JOIN (
    SELECT DISTINCT item_id, item_digest FROM attempt_examples
    WHERE origin = 'ours' AND eval_passed
) AS sound USING (item_id, item_digest)
WHERE t.agent = %(agent)s AND t.split = %(split)s AND NOT t.infrastructure AND NOT t.flagged
    AND (%(agent)s <> 'architect' OR t.content ~* '(^|\n)\W*verdict\W+(continue|pivot|escalate)\M'
        OR (t.origin = 'mutated' AND t.content ~* '(^|\n)\W*pick\W+[ab]\M'))
ORDER BY item_id, t.messages::text, t.turn_id
"""

_ON, _UP = ("CONTINUE", "PIVOT"), ("ESCALATE",)


def passed_answers(connection: Connection, split: str, argument: str) -> dict[str, list[str]]:
    """Return by item the answers of teachers that passed.

    Args:
        argument: of the call, a script; '' takes all arguments, as JSON.
    """
    found: dict[str, list[str]] = {}
    for item_id, answer in connection.execute(_PASSED, {"argument": argument, "split": split}):
        if answer:
            found.setdefault(item_id, []).append(answer)
    return found


def collect(connection: Connection, suite: SuiteConfig, skill: str, split: str) -> list[Document]:
    """Return the prompts of a role on a split as questions.

    A teacher's pick is right if the answer it left failed and the other passed. Of a verdict
    it is right to continue if a later attempt of the run passed, and right to give
    up if models tried `hopeless_after` times and never passed; other prompts are
    left out, because nothing shows what would have been right.
    """
    names = {"agent": suite.kind.value, "split": split}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_ASKED, names).fetchall()
    rows.sort(key=lambda row: (row["item_id"], row["turn_id"]))
    judged = [(row, check) for row in rows if (check := _check(suite, row))]
    return [_document(skill, row, check) for row, check in judged[: suite.limit or None]]


def _check(suite: SuiteConfig, row: dict[str, Any]) -> dict[str, Any] | None:
    if suite.kind is SuiteKind.reflector:
        known = roles.lesson(row["content"]) if row["broken"] else ""
        return {"kind": "reflection"} | ({"lesson": known} if known else {})
    if suite.kind is SuiteKind.auditor:
        return {"kind": "audit", "right": ["PASS" if row["eval_passed"] else "FAIL"]}
    if picked := row["of_teacher"] and roles.pick(row["content"]):
        return {"kind": "pick", "right": [picked]} if row["broken"] else None
    right: Sequence[str] = ()
    if row["passed_later"]:
        right = _ON
    elif row["tries"] >= suite.hopeless_after and not row["passes"]:
        right = _UP
    return {"kind": "verdict", "right": list(right)} if right else None


def _document(skill: str, row: dict[str, Any], check: dict[str, Any]) -> Document:
    return Document(
        skill=skill,
        item_id=f"{row['item_id']}@{row['turn_id']}",
        title=row["item_id"],
        family=row["family"],
        group_key=row["group_key"],
        part="",
        messages=row["messages"],
        tools=row["tools"] or [],
        check=check,
    )
