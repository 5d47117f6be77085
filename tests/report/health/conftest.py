"""A store with weeks of attempts, and `forge health` on it."""

from __future__ import annotations

import json

import pytest

from harness_forge.cli import main

FILL = """
SET search_path = {skill};
INSERT INTO runs (id, skill, started_at, policy, purpose, status)
    SELECT 'run' || d, '{skill}', now() - d * interval '1 day', 'model:m', '{purpose}', 'complete'
    FROM generate_series(0, {days} - 1) d;
INSERT INTO work_items (run_id, item_id, title, family, group_key)
    SELECT 'run' || d, 'item' || i, 't', 'family' || i % 4, 'group' || i
    FROM generate_series(0, {days} - 1) d, generate_series(0, {items} - 1) i;
INSERT INTO attempts (run_id, item_id, attempt_num, eval_passed, outcome_value, model, adapter,
                      origin, prompt_tokens, completion_tokens, wall_time_s, created_at)
    SELECT 'run' || d, 'item' || i, 1, p, p::int, $model${model}$model$, '', 'model', 100, 20, 2,
           now() - d * interval '1 day'
    FROM generate_series(0, {days} - 1) d, generate_series(0, {items} - 1) i,
         LATERAL (SELECT (i * 7 + d * 3) % 10 < CASE WHEN d < 7 THEN {recent} ELSE {before} END
                  AS p) q
    WHERE NOT d = ANY ('{missing}');
"""


@pytest.fixture
def fill(store):
    """Write attempts to a skill: of each ten, `before` pass, and `recent` in the last week."""

    def write(skill, *, before=8, recent=8, days=30, items=20, missing="{}", model="m-1",
              purpose="collect"):  # fmt: skip
        store.upgrade(skill)
        made = {"before": before, "recent": recent, "days": days, "items": items}
        text = FILL.format(skill=skill, missing=missing, model=model, purpose=purpose, **made)
        with store.engine.begin() as connection:
            connection.connection.driver_connection.execute(text)
            connection.exec_driver_sql("RESET search_path")
        return store.skill(skill)

    return write


@pytest.fixture
def health(store, tmp_path, capsys):
    """Run `forge health --json`; returns its exit code and its value."""

    def run(*words):
        code = main(
            ["health", "--json", *words, f"store.url='{store.url}'", f"forge_home={tmp_path}",
             f"data_dir={tmp_path}", "health.disk.free_gb=0", "health.disk.free_percent=0"]
        )  # fmt: skip
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else said.err

    return run
