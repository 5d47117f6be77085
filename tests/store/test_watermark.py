"""The watermark moves with what an export may select, and with nothing else."""

from __future__ import annotations

import pytest
from store_records import FAILED, ITEM, RUN, TIP, attempt, retrieval

from harness_forge.core.records import Split


@pytest.fixture
def run_id(stig):
    run_id = stig.open_run(**RUN).run_id
    stig.upsert_items([ITEM])
    stig.assign_splits({ITEM.group_key: Split.TRAIN}, "salt")
    stig.record(run_id, ITEM, attempt(1))
    stig.record(run_id, ITEM, attempt(2, FAILED))
    return run_id


def write(store, statement):
    with store.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL search_path = stig")
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempts SET eval_passed = false WHERE attempt_num = 1",
        "UPDATE attempts SET tool_call = '{}' WHERE attempt_num = 1",
        "UPDATE turns SET response = '{}' WHERE iteration = 1",
        "DELETE FROM attempts WHERE attempt_num = 2",
        "UPDATE splits SET split = 'holdout'",
        "UPDATE items SET full_cycle = false",
        "UPDATE runs SET policy = 'model:x'",
        "UPDATE runs SET purpose = 'evaluate'",
    ],
)
def test_moves_when_a_row_changes(store, stig, run_id, statement):
    before = stig.watermark()
    write(store, statement)
    assert stig.watermark()["hash"] != before["hash"]


@pytest.mark.parametrize(
    "addition",
    [
        lambda stig, run: stig.record(run, ITEM, attempt(3)),
        lambda stig, run: stig.record(run, ITEM, attempt(3, tips=[TIP])),
        lambda stig, run: stig.assign_splits({"other": Split.TRAIN}, "salt"),
        lambda stig, run: stig.flag("attempts", 1, "known_defect", {}, "openscap"),
    ],
)
def test_moves_when_a_row_is_added(stig, run_id, addition):
    before = stig.watermark()
    addition(stig, run_id)
    assert stig.watermark()["hash"] != before["hash"]


def test_stays_when_an_evaluation_run_is_written(stig, run_id):
    stig.record(run_id, ITEM, attempt(3, tips=[TIP]))
    before = stig.watermark()
    judged = stig.open_run(**{**RUN, "purpose": "evaluate"}).run_id
    tip = stig.tips()[0]["id"]
    stig.record(judged, ITEM, attempt(tips=[TIP], retrievals=[retrieval(tip)]))
    stig.finish_run(judged, {"items": 1}, "complete")
    assert stig.watermark() == before


def test_stays_when_nothing_that_can_be_exported_changes(store, stig, run_id):
    before = stig.watermark()
    stig.record(run_id, ITEM, attempt(1, FAILED))
    stig.upsert_items([ITEM])
    write(store, "UPDATE attempts SET approach_prompt = approach_prompt")
    stig.finish_item(run_id, ITEM.item_id, "completed", 2, 1.0)
    stig.finish_run(run_id, {"items": 1}, "complete")
    assert stig.watermark() == before


def test_counts_rows(stig, run_id):
    assert stig.watermark()["rows"] == {
        "attempts": 2,
        "items": 1,
        "label_flags": 0,
        "runs": 1,
        "splits": 1,
        "tip_retrievals": 0,
        "tips": 0,
        "turns": 4,
        "work_items": 1,
    }


@pytest.mark.parametrize("table", ["attempts", "turns"])
def test_reads_the_hashes_of_many_rows_from_an_index_alone(store, stig, run_id, table):
    write(
        store,
        "INSERT INTO attempts (run_id, item_id, attempt_num, approach_prompt)"
        " SELECT run_id, item_id, 2 + g, repeat(g::text, 400)"
        " FROM work_items, generate_series(1, 2000) g",
    )
    write(
        store,
        "INSERT INTO turns (run_id, attempt_id, agent, content)"
        " SELECT run_id, id, 'worker', approach_prompt FROM attempts WHERE attempt_num > 2",
    )
    stig.finish_run(run_id, {}, "complete")
    with stig.connect_read_only() as connection:
        plan = connection.execute(
            f"EXPLAIN SELECT sum(row_hash) FROM {table}"
            " WHERE run_id IN (SELECT id FROM runs WHERE purpose = 'collect')"
        ).fetchall()
    assert f"Index Only Scan using {table}_run_hash" in str(plan)
