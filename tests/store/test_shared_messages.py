"""A long conversation is stored once, and every turn has its whole request all the same."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from store_records import ITEM, RUN, attempt, turn

from harness_forge.store.browsing import attempt as browsing
from harness_forge.store.entries import AttemptEntry
from harness_forge.store.forgetting.forget import ForgetTarget, forget
from harness_forge.store.forgetting.tombstones import TombstoneKind
from harness_forge.store.json_texts import JsonTexts
from harness_forge.store.shared_messages import shared_messages

TURNS = 40
SAID = [
    {"role": "user", "content": "Mend the parser. \x00 ␛ ü"},
    *(
        {"content": f"step {at}: {'word ' * 200}", "role": ("assistant", "tool")[at % 2]}
        for at in range(2 * TURNS)
    ),
]


def conversation(requests) -> list:
    return [replace(turn(), messages=messages, response=SAID[1]) for messages in requests]


def growing() -> list:
    return conversation([SAID[: 1 + 2 * at] for at in range(TURNS)])


def anew(messages):
    return json.loads(json.dumps(messages))


@pytest.fixture
def run_id(stig):
    return stig.open_run(**RUN).run_id


@pytest.fixture(params=["record", "intake"])
def written(request, stig, run_id, query):
    """Writes turns as an attempt, and returns its id and what the view shows of each turn."""

    def write(turns, number=1):
        one = attempt(number, turns=turns)
        if request.param == "record":
            attempt_id = stig.record(run_id, ITEM, one)
        else:
            with stig.intake("file") as intake:
                (attempt_id,) = intake.write([AttemptEntry(run_id, ITEM, one)], {})
        shown = query(
            "SELECT messages::text FROM turn_examples WHERE attempt_id = %s ORDER BY iteration",
            attempt_id,
        )
        return attempt_id, [text for (text,) in shown]

    return write


def inline(messages) -> str:
    return JsonTexts().of_list(messages)


def places(query, attempt_id) -> list[list[tuple[int, int]]]:
    found = query("SELECT shared FROM turns WHERE attempt_id = %s ORDER BY iteration", attempt_id)
    return [[(one.lower, one.upper) for one in shared or ()] for (shared,) in found]


def test_each_message_is_kept_once_and_each_request_is_whole(written, query):
    turns = growing()
    attempt_id, shown = written(turns)
    assert shown == [inline(one.messages) for one in turns]
    assert query("SELECT count(*) FROM shared_messages") == [(2 * TURNS - 1,)]
    assert query("SELECT count(*) FROM turns WHERE messages IS NOT NULL") == [(0,)]
    assert places(query, attempt_id) == [[(0, 1 + 2 * at)] for at in range(TURNS)]


def test_the_decisive_turn_shows_it_too(written, query):
    turns = growing()
    written(turns)
    assert query("SELECT messages::text FROM attempt_examples") == [(inline(turns[-1].messages),)]


def test_objects_of_their_own_are_found_by_what_they_say(written, query):
    turns = [replace(one, messages=anew(one.messages)) for one in growing()]
    attempt_id, shown = written(turns)
    assert shown == [inline(one.messages) for one in turns]
    assert places(query, attempt_id)[-1] == [(0, 2 * TURNS - 1)]


def test_a_history_that_was_rewritten_forked_or_turned_round_is_kept_in_its_order(written):
    summary = {"role": "user", "content": "Summary: all is well."}
    turns = conversation(
        [
            SAID[:30],
            [SAID[0], summary, *SAID[28:30]],
            SAID[:30][::-1],
            [*SAID[:5], SAID[3], SAID[3]],
            [],
            SAID[:30],
        ]
    )
    _, shown = written(turns)
    assert shown == [inline(one.messages) for one in turns]


def test_what_only_looks_equal_keeps_its_own_bytes(written):
    one, other = (
        {"role": "user", "content": "x" * 9000, "weight": value, "tool_call_id": None}
        for value in (1, 1.0)
    )
    true = {**one, "weight": True}
    turns = conversation([[one], [other], [true], [one, other], [other, true], [true, one]])
    _, shown = written(turns)
    assert shown == [inline(one.messages) for one in turns]


def test_where_it_spares_next_to_nothing_a_turn_has_its_own_request(written, query):
    written([turn(), turn("reflector", "it was easy")])
    assert query("SELECT count(*) FROM shared_messages") == [(0,)]
    assert query("SELECT count(*) FROM turns WHERE messages IS NULL") == [(0,)]


def test_stored_twice_it_is_there_once(stig, run_id, query):
    for _ in range(2):
        stig.record(run_id, ITEM, attempt(turns=growing()))
    assert query("SELECT count(*) FROM turns") == [(TURNS,)]
    assert query("SELECT count(*) FROM shared_messages") == [(2 * TURNS - 1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE shared_messages SET message = '{}' WHERE place = 3",
        "DELETE FROM shared_messages WHERE place = 3",
        "UPDATE turns SET shared = '{\"[0,1)\"}' WHERE iteration = 3",
    ],
)
def test_the_watermark_sees_a_message_that_was_changed(store, stig, run_id, statement):
    stig.record(run_id, ITEM, attempt(turns=growing()))
    before = stig.watermark()
    assert before["rows"]["shared_messages"] == 2 * TURNS - 1
    with store.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL search_path = stig")
        connection.exec_driver_sql(statement)
    assert stig.watermark()["hash"] != before["hash"]


def test_what_is_forgotten_leaves_no_message(store, stig, run_id, query):
    stig.record(run_id, ITEM, attempt(turns=growing()))
    stig.finish_run(run_id, {}, "complete")
    forget(store.url, store.skills(), ForgetTarget(TombstoneKind.run, run_id), "asked for")
    assert query("SELECT count(*) FROM shared_messages") == [(0,)]


def test_a_turn_of_an_older_schema_keeps_its_request(written, query):
    _, shown = written([turn()])
    assert shown == ['[{"role":"user","content":"fix it"}]']
    assert query("SELECT shared FROM turns") == [(None,)]


def test_places_take_room_for_what_is_new_alone():
    """A thousand requests of a growing conversation are a thousand spans."""
    said = [{"role": "user", "content": f"word {at}"} for at in range(1000)]
    turns = conversation([said[:at] for at in range(1, 1001)])
    found = shared_messages(attempt(turns=turns), JsonTexts())
    assert len(found.texts) == 1000
    assert sum(map(len, found.spans)) == 1000


def test_a_page_of_an_attempt_reads_each_message_once(written, stig):
    turns = [*growing(), turn("reflector", "it was long")]
    attempt_id, _ = written(turns)
    with stig.connect_read_only() as connection:
        shown = browsing.attempt(connection, attempt_id).turns
    assert [one["messages"] for one in shown] == [one.messages for one in turns]
    assert shown[5]["messages"][3] is shown[TURNS - 1]["messages"][3]
    assert "shared" not in shown[0]
