"""Reads the answers of a run from the store, in the form that a judge is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from harness_forge.core.errors import EvalError
from harness_forge.evaluation.judges.questions import PromptAndAnswer
from harness_forge.evaluation.runs import SkillStores, find_run
from harness_forge.store.escaping import restored

SQL = """
SELECT t.id, coalesce(t.item_id, ''), coalesce(w.family, w.category, ''),
       coalesce(t.messages, request_of(t.attempt_id, t.shared)), t.response,
       CASE WHEN a.infrastructure THEN NULL ELSE a.eval_passed END,
       coalesce(a.attempt_num, 1) = 1, s.split
FROM turns t
LEFT JOIN attempts a ON a.id = t.attempt_id
LEFT JOIN work_items w ON w.run_id = t.run_id AND w.item_id = t.item_id
LEFT JOIN splits s ON s.group_key = w.group_key
WHERE t.run_id = %(run)s AND (t.decisive OR t.attempt_id IS NULL)
ORDER BY t.item_id, t.attempt_num, t.id
"""
"""Turns that decided an attempt, and captured ones without an attempt."""


@dataclass(frozen=True)
class JudgedRun:
    """A run and its answers.

    Args:
        run: its row.
        answers: each with a prompt and a text or a call.
        silent: number of turns with neither, which cannot be judged.
        held_out: the held-out items among those of the answers.
        split: of its items; 'mixed' for several, '' for none.
    """

    skill: str
    run: dict[str, Any]
    answers: Sequence[PromptAndAnswer]
    silent: int
    held_out: Sequence[str]
    split: str


def read(stores: SkillStores, word: str, limit: int = 0) -> JudgedRun:
    """Return the answers of the run that `word` names.

    Args:
        limit: at most this many answers, drawn by the hash of their item, so that
            two runs of the same items give the same items; 0 takes all.

    Raises:
        EvalError: there is no such run, or it has no answer.
    """
    skill, run = find_run(stores, word)
    with stores[skill].connect_read_only() as connection:
        rows = connection.execute(SQL, {"run": run["id"]}).fetchall()
    answers, silent, splits = [], 0, set()
    for number, item, family, messages, response, passed, first, split in rows:
        said = restored(response)
        splits.add(split or "")
        if not messages or not (said.get("content") or said.get("tool_calls")):
            silent += 1
            continue
        key = f"{skill}/{run['id']}/{number}"
        asked = restored(messages)
        answers.append(
            PromptAndAnswer(key, restored(item), restored(family), asked, said, passed, first)
        )
    if not answers:
        hint = "a judge reads turns with prompt and answer: `forge ingest` of logs keeps them"
        raise EvalError(run["id"], "has no answer that could be judged", hint)
    held = sorted({restored(row[1]) for row in rows if row[-1] == "holdout"})
    split = splits.pop() if len(splits) == 1 else "mixed"
    return JudgedRun(skill, run, _drawn(answers, limit), silent, held, split)


def _drawn(answers: Sequence[PromptAndAnswer], limit: int) -> list[PromptAndAnswer]:
    if not limit or len(answers) <= limit:
        return list(answers)
    by_hash = sorted(answers, key=lambda one: (sha256(one.item_id.encode()).digest(), one.key))
    chosen = {one.key for one in by_hash[:limit]}
    return [one for one in answers if one.key in chosen]
