"""The views that exporters select from: what they show, hide and say of themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from store_records import FAILED, ITEM, RUN, TIP, attempt, retrieval, turn

from harness_forge.core.records import Split

VIEWS = ["attempt_examples", "tip_examples", "turn_examples"]
DOCUMENT = Path(__file__).parents[2] / "docs" / "store.md"


@pytest.fixture
def written(stig):
    """A passed first try, a failed second one that saw the first one's tip."""
    run_id = stig.open_run(**RUN).run_id
    first = stig.record(run_id, ITEM, attempt(1, tips=[TIP]))
    drawn = retrieval(stig.tips()[0]["id"])
    second = stig.record(run_id, ITEM, attempt(2, FAILED, retrievals=[drawn]))
    stig.upsert_items([ITEM])
    return first, second


def test_a_row_per_attempt_with_its_worker_turn(stig, written, query):
    assert query(
        "SELECT attempt_id, eval_passed, messages->0->>'content', response->>'content', family,"
        " full_cycle, split, policy, origin, flagged FROM attempt_examples ORDER BY attempt_num"
    ) == [
        (written[0], True, "fix it", "done", "sshd", True, None, "gold", "ours", False),
        (written[1], False, "fix it", "done", "sshd", True, None, "gold", "ours", False),
    ]


def test_an_attempt_without_a_worker_turn_is_still_shown(stig, written, query):
    run_id = stig.open_run(**RUN, fresh=True).run_id
    stig.record(run_id, ITEM, attempt(turns=[turn("architect")]))
    assert query("SELECT turn_id, tools FROM attempt_examples WHERE run_id = %s", run_id) == [
        (None, None)
    ]


def test_a_row_per_turn_with_the_attempts_outcome(stig, written, query):
    assert query("SELECT attempt_num, agent, eval_passed FROM turn_examples ORDER BY turn_id") == [
        (1, "worker", True),
        (1, "reflector", True),
        (2, "worker", False),
        (2, "reflector", False),
    ]


def test_a_row_per_considered_tip_with_what_became_of_it(stig, written, query):
    stig.assign_splits({ITEM.group_key: Split.TRAIN}, "salt")
    assert query(
        "SELECT tip, source_attempt_id, attempt_id, included, eval_passed, source_split, split"
        " FROM tip_examples"
    ) == [(TIP.text, written[0], written[1], True, False, "train", "train")]


@pytest.mark.parametrize("view", VIEWS)
def test_evaluation_runs_are_not_shown(stig, written, query, view):
    before = query(f"SELECT count(*) FROM {view}")
    run_id = stig.open_run(**{**RUN, "purpose": "evaluate"}).run_id
    drawn = retrieval(stig.tips()[0]["id"])
    stig.record(run_id, ITEM, attempt(retrievals=[drawn]))
    assert before != [(0,)]
    assert query(f"SELECT count(*) FROM {view}") == before


def test_flags_are_shown_once_with_every_reason(stig, written, query):
    stig.flag("attempts", written[0], "known_defect", {"rule": 1}, "openscap")
    stig.flag("attempts", written[0], "known_defect", {"rule": 1}, "openscap")
    [(worker,)] = query("SELECT turn_id FROM attempt_examples WHERE attempt_id = %s", written[0])
    stig.flag("turns", worker, "cut", {}, "openscap")
    flagged = "SELECT flagged, flag_reasons FROM"
    assert query(f"{flagged} attempt_examples ORDER BY attempt_num") == [
        (True, ["cut", "known_defect"]),
        (False, []),
    ]
    assert query(f"{flagged} turn_examples WHERE attempt_num = 1 ORDER BY turn_id") == [
        (True, ["cut", "known_defect"]),
        (True, ["known_defect"]),
    ]
    stig.flag("tips", stig.tips()[0]["id"], "leaks", {}, "")
    assert query(f"{flagged} tip_examples") == [(True, ["leaks"])]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_and_column_says_what_it_is(stig, query, view):
    found = query(
        "SELECT attname, col_description(attrelid, attnum), obj_description(attrelid)"
        " FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
        view,
    )
    assert len(found) > 20
    assert [name for name, column, whole in found if not column or not whole] == []


@pytest.mark.parametrize("view", VIEWS)
def test_the_document_lists_the_columns_with_the_same_words(stig, query, view):
    section = DOCUMENT.read_text().split(f"### `{view}`")[1].split("\n#")[0]
    listed = re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
    assert listed == query(
        "SELECT attname::text, col_description(attrelid, attnum)"
        " FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        view,
    )
