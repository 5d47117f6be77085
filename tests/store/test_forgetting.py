"""What is forgotten is gone from every table, and a tombstone says how much and why."""

from contextlib import closing
from dataclasses import replace
from hashlib import sha256

import pytest
from store_records import ITEM, RUN, attempt

from harness_forge.core.errors import StoreError
from harness_forge.core.records import Tip
from harness_forge.store.forgetting.forget import ForgetTarget, forget, known
from harness_forge.store.forgetting.tombstones import TombstoneKind

OTHER = replace(ITEM, item_id="auditd_keep_logs", group_key="auditd_keep_logs")
TABLES = ("runs", "work_items", "attempts", "turns", "tips", "label_flags")


@pytest.fixture
def runs(stig):
    """Two runs with two items each; each attempt has two turns, the first run's one a tip."""
    ids = []
    for seed in (1, 2):
        run = stig.open_run(**{**RUN, "config": {"seed": seed}}).run_id
        for item in (ITEM, OTHER):
            tips = [Tip("look first", "recovery")] if seed == 1 and item is ITEM else []
            made = stig.record(run, item, replace(attempt(tips=tips), item_id=item.item_id))
            stig.flag("attempts", made, "doubted", {}, "me")
        stig.finish_run(run, {}, "complete")
        ids.append(run)
    return ids


@pytest.fixture
def rows(query):
    return lambda: {name: query(f"SELECT count(*) FROM {name}")[0][0] for name in TABLES}


def test_a_run_goes_from_every_table_and_nothing_else_does(store, runs, rows):
    before = rows()
    gone = forget(store.url, store.skills(), ForgetTarget(TombstoneKind.run, runs[0]), "poisoned")
    assert [one.counts for one in gone] == [
        {"runs": 1, "attempts": 2, "turns": 4, "tips": 1, "work_items": 2}
    ]
    left = rows()
    assert {name: before[name] - left[name] for name in TABLES} == {
        "runs": 1, "work_items": 2, "attempts": 2, "turns": 4, "tips": 1, "label_flags": 2
    }  # fmt: skip


def test_an_item_goes_out_of_every_run(store, runs, query):
    forget(
        store.url,
        store.skills(),
        ForgetTarget(TombstoneKind.item, ITEM.item_id, "stig"),
        "asked for",
    )
    assert query("SELECT count(*), count(DISTINCT run_id) FROM attempts") == [(2, 2)]
    assert query("SELECT item_id FROM work_items GROUP BY 1") == [(OTHER.item_id,)]
    assert query("SELECT count(*) FROM items WHERE item_id = %s", ITEM.item_id) == [(0,)]


def test_a_tombstone_has_counts_reason_and_hashes_and_no_id(store, runs, query):
    ids = [row[0] for row in query("SELECT id FROM attempts WHERE run_id = %s", runs[0])]
    gone = forget(store.url, store.skills(), ForgetTarget(TombstoneKind.run, runs[0]), "poisoned")[
        0
    ]
    (one,) = known(store.url)
    assert gone.ids["attempts"] == set(ids)
    assert (one.kind, one.name, one.why) == ("run", "", "poisoned")
    assert one.sha256 == sha256(runs[0].encode()).hexdigest()
    assert one.counts["turns"] == 4
    assert len(one.ids_sha256) == 64
    text = query("SELECT value::text FROM skill_settings WHERE key LIKE 'forgotten/%'")[0][0]
    assert runs[0] not in text


def test_a_dry_run_counts_and_deletes_nothing(store, runs, rows):
    before = rows()
    gone = forget(
        store.url, store.skills(), ForgetTarget(TombstoneKind.run, runs[1]), "", dry_run=True
    )
    assert gone[0].counts["attempts"] == 2
    assert (rows(), known(store.url)) == (before, [])


def test_nothing_goes_when_what_must_come_before_fails(store, runs, rows):
    before = rows()

    def full(gone):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        forget(
            store.url, store.skills(), ForgetTarget(TombstoneKind.run, runs[0]), "poisoned", full
        )
    assert (rows(), known(store.url)) == (before, [])


def test_a_run_that_is_being_written_is_refused(store, stig, rows):
    run = stig.open_run(**RUN).run_id
    stig.record(run, ITEM, attempt())
    with pytest.raises(StoreError, match=f"{run} is being written by another process"):
        forget(store.url, store.skills(), ForgetTarget(TombstoneKind.run, run), "poisoned")
    assert rows()["runs"] == 1


def test_a_forgotten_run_can_be_run_again(store, stig, runs):
    forget(store.url, store.skills(), ForgetTarget(TombstoneKind.run, runs[0]), "poisoned")
    again = stig.open_run(**{**RUN, "config": {"seed": 1}})
    assert (again.complete, again.done) == (False, frozenset())


def test_captures_go_with_the_run_that_they_name(store, stig, query):
    with closing(stig.intake("proxy")) as intake, intake.transaction():
        for name in ("a", "b"):
            row = {"id": name, "started_at": "2026-11-01", "run_id": f"run-{name}", "kind": "chat"}
            row |= {"item_id": "x", "attempt_num": 1, "status": 200, "whole": True}
            intake.insert("captures", {**row, "raw_request": f"secret of {name}"})
    gone = forget(store.url, store.skills(), ForgetTarget(TombstoneKind.run, "run-a"), "asked for")
    assert gone[0].counts == {"captures": 1}
    assert query("SELECT raw_request FROM captures") == [("secret of b",)]
