"""Answers that a run has already: the same question gets the same answer.

A replay asks base model and adapter about the same items, with the same words and
the same limits, as the suite of a worker does. What was asked once is scored twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness_forge.config.policy import PolicyKind
from harness_forge.config.run import Purpose
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.config.suite import SuiteConfig, SuiteKind
from harness_forge.evaluation.lmeval.asking import RecordedRuns
from harness_forge.evaluation.lmeval.folder import Document, Given
from harness_forge.evaluation.lmeval.tuned_model import TunedAdapter
from harness_forge.evaluation.questions import Questions
from harness_forge.registry.models.folder import BaseModel
from harness_forge.store.escaping import restored
from harness_forge.store.opening import opened_skill

_ANSWERS = """
SELECT t.item_id, coalesce(t.messages, request_of(t.attempt_id, t.shared)),
       t.tools, t.response, t.finish_reason
FROM turns t JOIN work_items w USING (run_id, item_id)
WHERE t.run_id = %s AND t.agent = 'worker' AND t.attempt_num = 1 AND w.outcome IS NOT NULL
"""


def find(
    config: ForgeConfig,
    suite: SuiteConfig,
    questions: Sequence[Questions],
    base: BaseModel,
    one: TunedAdapter | None,
) -> RecordedRuns | None:
    """Return a model's answers to all of a suite's questions; None if runs lack any of them.

    Of every skill the newest complete run counts that asked the same model, with
    the same adapter, greedily, with the same limit, and the same words item by item.

    Args:
        one: the adapter; None for the base model.
    """
    if suite.kind is not SuiteKind.worker or not suite.recorded:
        return None
    wanted = {
        "kind": PolicyKind.model.value,
        "endpoint": None,
        "chat_template": None,
        "temperature": 0.0,
        "samples": 1,
        "max_tokens": suite.max_tokens,
        "model_digest": base.digest,
        "adapter_digest": one.digest if one else None,
    }
    runs, answers = {}, {}
    by_name = {each.skill.name: each for each in skills_of(config)}
    for each in questions:
        found = _of_skill(by_name[each.skill], wanted, each.documents)
        if found is None:
            return None
        runs[each.skill], given = found
        answers |= given
    return RecordedRuns(runs, answers)


def _of_skill(
    config: ForgeConfig, wanted: Mapping[str, Any], documents: Sequence[Document]
) -> tuple[str, Given] | None:
    with opened_skill(config) as store:
        for run_id in _runs(store, wanted, config.seed):
            with store.connect_read_only() as connection:
                rows = connection.execute(_ANSWERS, [run_id]).fetchall()
            given = _given(documents, [restored(list(row)) for row in rows])
            if len(given) == len(documents):
                return run_id, given
    return None


def _runs(store, wanted: Mapping[str, Any], seed: int) -> Iterator[str]:
    """Yield the complete runs that asked in the same way, newest first.

    The second asking of a noise floor has another seed, and other batches.
    """
    for run in store.runs():
        policy = run["config"].get("policy")
        complete = run["status"] == "complete" and run["purpose"] == Purpose.evaluate.value
        if not complete or not isinstance(policy, Mapping) or run["config"].get("seed") != seed:
            continue
        same = all(name in policy and policy[name] == value for name, value in wanted.items())
        if same and not policy.get("shots"):
            yield run["id"]


def _given(documents: Sequence[Document], rows: Sequence[Sequence[Any]]) -> Given:
    """Return the answers of items that were asked with the very words of their documents."""
    by_item = {row[0]: row[1:] for row in rows}
    found = {}
    for document in documents:
        messages, tools, response, reason = by_item.get(document.item_id, (None,) * 4)
        asked = _text(messages or ()), _text(tools or ())
        text = (response or {}).get("content")
        same = asked == (_text(document.messages), _text(document.tools))
        if same and isinstance(text, str) and not response.get("tool_calls"):
            found[document.skill, document.item_id] = text, reason or "stop"
    return found


def _text(value: Sequence[Any]) -> str:
    """Return JSON in the order of its keys: a template prints them in it."""
    return json.dumps(list(value))
