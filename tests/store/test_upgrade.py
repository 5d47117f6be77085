"""Schemas: made from nothing, upgraded once, refused when too old or too new."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from harness_forge.core.errors import StoreError
from harness_forge.store.database import Store
from harness_forge.store.migrations import FILES, HEAD


def set_step(store, step):
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE stig.alembic_version SET version_num = '{step}'")


def test_makes_a_schema_and_then_has_nothing_to_do(store):
    assert store.upgrade("stig") == [
        "0001_tables",
        "0002_views",
        "0003_captures",
        "0004_draws",
        "0005_clusters",
        "0006_runs_of_turns",
        "0007_costs",
        "0008_pages",
        "0009_exact_prices",
        "0010_shared_messages",
        "0011_captured_parts",
    ]
    assert store.upgrade("stig") == []
    assert store.skills() == ["stig"]


def test_skills_have_schemas_of_their_own(store):
    store.upgrade("stig")
    store.upgrade("ubuntu")
    assert store.skills() == ["stig", "ubuntu"]
    with store.engine.connect() as connection:
        leaked = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.exec_driver_sql(leaked).scalar() == 0


def test_head_names_the_newest_step():
    assert list(FILES) == [f"{step:04}" for step in range(1, 12)]
    assert HEAD == "0011"


def test_two_processes_may_upgrade_at_once(store):
    with Store(store.url) as other, ThreadPoolExecutor(2) as pool:
        steps = list(pool.map(lambda each: each.upgrade("stig"), [store, other]))
    assert sorted(map(len, steps)) == [0, 11]


def test_a_missing_schema_is_told(store):
    said = "holds no skill 'stig'\n  hint: `forge run` or `forge ingest` fills one"
    with pytest.raises(StoreError, match=said):
        store.skill("stig")


def test_an_old_schema_is_told_and_can_be_upgraded(store):
    store.upgrade("stig")
    with store.engine.begin() as connection:
        for view in ("attempt_examples", "turn_examples", "tip_examples"):
            connection.exec_driver_sql(f"DROP VIEW stig.{view}")
        for view in ("run_costs", "attempt_costs", "turn_costs"):
            connection.exec_driver_sql(f"DROP VIEW stig.{view}")
        connection.exec_driver_sql("DROP FUNCTION stig.usd_of; DROP TABLE stig.prices")
        connection.exec_driver_sql(
            "ALTER TABLE stig.turns DROP COLUMN cached_tokens, DROP COLUMN reasoning_tokens"
        )
        connection.exec_driver_sql("DROP TABLE stig.captures, stig.outcomes, stig.draws")
        connection.exec_driver_sql("ALTER TABLE stig.items DROP COLUMN cluster")
        for index in ("attempts_run", "attempts_no_verdict", "turns_agent"):
            connection.exec_driver_sql(f"DROP INDEX stig.{index}")
        connection.exec_driver_sql("DROP FUNCTION stig.request_of; DROP TABLE stig.shared_messages")
        connection.exec_driver_sql("ALTER TABLE stig.turns DROP COLUMN shared")
        functions = "stig.captured_request, stig.captured_places"
        connection.exec_driver_sql(f"DROP FUNCTION {functions}; DROP TABLE stig.captured_parts")
    set_step(store, "0001")
    with pytest.raises(StoreError, match=r"at step 0001.*\n  hint: run `forge store upgrade"):
        store.skill("stig")
    assert store.upgrade("stig") == [file.stem for file in list(FILES.values())[1:]]
    store.skill("stig")


@pytest.mark.parametrize("action", [Store.skill, Store.upgrade])
def test_a_newer_schema_is_refused(store, action):
    store.upgrade("stig")
    set_step(store, "9999")
    with pytest.raises(StoreError, match="at step 9999, which is newer than this forge"):
        action(store, "stig")


def test_a_step_that_fails_leaves_nothing(store):
    with store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA stig; CREATE TABLE stig.splits (x int)")
    with pytest.raises(StoreError, match="already exists"):
        store.upgrade("stig")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE stig.splits")
    assert len(store.upgrade("stig")) == 11


@pytest.mark.parametrize("name", ["public", "pg_x", "a-b", "", 'x"; DROP', "Stig"])
def test_names_that_cannot_be_a_schema_are_refused(store, name):
    with pytest.raises(StoreError, match="cannot name a schema"):
        store.upgrade(name)


def test_a_name_that_sql_reserves_is_a_name_like_any_other(store):
    store.upgrade("select")
    assert store.skill("select").items() == []
    with store.engine.begin() as connection:
        connection.exec_driver_sql('DROP SCHEMA "select" CASCADE')
