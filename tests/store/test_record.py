"""Writing attempts: whole, once, and what gemma-forge's SQL finds of them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from store_records import FAILED, ITEM, PASSED, RUN, TIP, attempt, retrieval, turn

from harness_forge.core.errors import StoreError
from harness_forge.core.records import Split
from harness_forge.store.escaping import restored

F1 = """\
-- Worker SFT example
SELECT
    a.approach_prompt AS prompt,    -- the Worker's input context
    a.tool_call AS response,         -- the Worker's tool invocation
    a.eval_passed AS reward          -- ground-truth outcome
FROM stig.attempts a
WHERE a.eval_passed = true
  AND a.approach_prompt IS NOT NULL
  AND a.tool_call IS NOT NULL;
"""


@pytest.fixture
def run_id(stig):
    return stig.open_run(**RUN).run_id


def test_the_query_of_the_gemma_forge_document_returns_rows(stig, run_id, query):
    stig.record(run_id, ITEM, attempt(1))
    stig.record(run_id, ITEM, attempt(2, FAILED))
    call = {"name": "apply_fix", "arguments": {"fix_script": "echo 1"}}
    assert query(F1) == [("fix it", call, True)]


def test_an_attempt_is_written_once(stig, run_id, query):
    first = stig.record(run_id, ITEM, attempt())
    assert stig.record(run_id, ITEM, attempt(outcome=FAILED)) == first
    assert query("SELECT count(*), bool_and(eval_passed) FROM attempts") == [(1, True)]
    assert query("SELECT count(*) FROM turns") == [(2,)]


def test_keys_of_tools_and_messages_keep_their_order(stig, run_id, query):
    """A template prints them in their order: sorted keys would be another prompt."""
    schema = {"type": "object", "properties": {"z": {"type": "string"}, "a": {}}, "required": ["z"]}
    tool = {"type": "function", "function": {"parameters": schema, "name": "apply_fix"}}
    stig.record(run_id, ITEM, attempt(turns=[replace(turn(), tools=[tool])]))
    ((tools,),) = query("SELECT tools FROM turns")
    assert json.dumps(tools) == json.dumps([tool])


def test_turns_are_whole_and_joined_to_their_attempt(stig, run_id, query):
    long = "x" * 1_000_000
    number = stig.record(run_id, ITEM, attempt(turns=[turn(content=long), turn("reflector")]))
    found = query(
        "SELECT attempt_id, agent, iteration, decisive, length(response->>'content'),"
        " json_array_length(tools) > 0 FROM turns ORDER BY iteration"
    )
    assert found == [
        (number, "worker", 0, True, 1_000_000, True),
        (number, "reflector", 1, False, 4, True),
    ]


def test_messages_tools_and_response_keep_the_order_of_their_keys(stig, run_id, query):
    words = {"zz": 1, "a": {"yy": 1, "b": 2}}
    odd = replace(turn(), messages=[words], tools=[words], response=words)
    stig.record(run_id, ITEM, attempt(turns=[odd]))
    [found] = query("SELECT messages::text, tools::text, response::text FROM turns")
    assert found == ('[{"zz":1,"a":{"yy":1,"b":2}}]',) * 2 + ('{"zz":1,"a":{"yy":1,"b":2}}',)


def test_tips_and_retrievals_know_their_attempt(stig, run_id, query):
    source = stig.record(run_id, ITEM, attempt(tips=[TIP]))
    [tip] = stig.tips()
    assert (tip["text"], tip["source_attempt_id"], tip["source_rule_id"]) == (
        TIP.text,
        source,
        ITEM.item_id,
    )
    user = stig.record(run_id, ITEM, attempt(2, retrievals=[retrieval(tip["id"])]))
    found = query("SELECT attempt_id, included, probability, outcome_value FROM tip_retrievals")
    assert found == [(user, True, 0.5, 1.0)]


def test_an_attempt_with_an_unknown_tip_leaves_nothing_behind(stig, run_id, query):
    with pytest.raises(StoreError):
        stig.record(run_id, ITEM, attempt(retrievals=[retrieval(77)]))
    assert query("SELECT count(*) FROM attempts") == [(0,)]
    assert query("SELECT count(*) FROM work_items") == [(0,)]


def test_text_that_postgresql_rejects_comes_back_whole(stig, run_id, query):
    wild = "a\x00b\ud800c\u241b0000"
    stig.record(run_id, ITEM, attempt(prompt=wild, turns=[turn(content=wild)]))
    [(prompt, response, content)] = query(
        "SELECT a.approach_prompt, t.response, t.content FROM attempts a"
        " JOIN turns t ON t.attempt_id = a.id"
    )
    assert prompt == "a\u241b0000b\u241bd800c\u241b241b0000"
    assert restored(prompt) == restored(content) == restored(response)["content"] == wild


def test_many_threads_write_at_once(stig, run_id, query):
    items = [replace(ITEM, item_id=f"rule_{number}") for number in range(40)]

    def write(item):
        return stig.record(run_id, item, attempt(item_id=item.item_id))

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(write, items))) == 40
    assert query("SELECT count(*), count(DISTINCT attempt_id) FROM turns") == [(80, 40)]


def test_two_threads_with_the_same_attempt_write_it_once(stig, run_id, query):
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: stig.record(run_id, ITEM, attempt()), range(8)))
    assert len(ids) == 1
    assert query("SELECT count(*) FROM turns") == [(2,)]


def test_items_come_back_as_they_were(stig):
    stig.upsert_items([ITEM])
    changed = replace(ITEM, full_cycle=None, facts={})
    other = replace(ITEM, item_id="a_rule")
    stig.upsert_items([changed, other])
    assert stig.items() == [other, changed]


def test_a_split_once_assigned_stays(stig):
    stig.assign_splits({"g": Split.TRAIN}, "salt")
    stig.assign_splits({"g": Split.HOLDOUT, "h": Split.VALIDATION}, "other")
    assert stig.splits() == {"g": Split.TRAIN, "h": Split.VALIDATION}


def test_tips_of_later_and_of_evaluation_runs_are_not_candidates(stig, run_id):
    stig.record(run_id, ITEM, attempt(tips=[TIP]))
    judged = stig.open_run(**{**RUN, "purpose": "evaluate"}).run_id
    stig.record(judged, ITEM, attempt(outcome=PASSED, tips=[TIP]))
    later = stig.open_run(**RUN, fresh=True).run_id
    stig.record(later, ITEM, attempt(tips=[TIP]))
    assert [tip["source_run_id"] for tip in stig.tips()] == [run_id, later]
    assert [tip["source_run_id"] for tip in stig.tips(before_run=later)] == [run_id]
    assert stig.tips(before_run=run_id) == []


def test_users_sql_cannot_write(stig):
    with stig.connect_read_only() as connection, pytest.raises(Exception, match="read-only"):
        connection.execute("DELETE FROM attempts")
