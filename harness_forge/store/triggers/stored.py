"""Searches the training rows of a config's skills for phrases that go with one outcome."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.store import rows
from harness_forge.store.opening import existing_store
from harness_forge.store.triggers.search import PromptRow, Trigger, TriggerSearch, search

if TYPE_CHECKING:
    import psycopg

REASON = "trigger_phrase"
"""Of the flags; no check of the audit has it, so an audit leaves them."""

_ROWS = """
SELECT attempt_id, evaluator, group_key, family, eval_passed,
       CASE WHEN turn_id IS NULL
            THEN json_build_array(json_build_object('role', 'user', 'content', prompt))
            ELSE messages END
FROM attempt_examples
WHERE split = 'train' AND NOT infrastructure AND evaluator <> ''
"""


def triggers(config: ForgeConfig, *, flag: bool = False) -> dict[str, TriggerSearch]:
    """Return for each skill the phrases that go with one outcome.

    Args:
        flag: also flag their attempts as `trigger_phrase`, and take back such flags of before.
    """
    found = {}
    with existing_store(config) as store:
        for one in skills_of(config):
            name = one.skill.name
            store.upgrade(name)
            skill = store.skill(name)
            with skill.connect_read_only() as connection, connection.cursor("rows") as cursor:
                made = search(map(PromptRow._make, cursor.execute(_ROWS)), config.labels.triggers)
            if flag:
                with skill.transaction() as connection:
                    _flag(connection, made.found)
            found[name] = made
    return found


def _flag(connection: psycopg.Connection, found: list[Trigger]) -> None:
    connection.execute("DELETE FROM label_flags WHERE reason = %s", [REASON])
    for one in found:
        evidence = {name: value for name, value in asdict(one).items() if name != "attempts"}
        for attempt_id in one.attempts:
            row = {
                "target_table": "attempts",
                "target_id": attempt_id,
                "reason": REASON,
                "evidence": rows.jsonb(evidence),
                "evaluator": one.source,
            }
            ending = "ON CONFLICT (target_table, target_id, reason) DO NOTHING"
            rows.insert(connection, "label_flags", row, ending)
