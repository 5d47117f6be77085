"""`forge labels triggers`: what is found in a store, and flagged if asked to."""

import json
from dataclasses import replace

import pytest
from store_records import FAILED, ITEM, PASSED, RUN, attempt, turn

from harness_forge import cli
from harness_forge.core.records import Split


@pytest.fixture
def labels(store, stig, capsys):
    """Writes 60 items, 20 with a planted phrase that passed; returns what runs the command."""
    run = stig.open_run(**RUN).run_id
    for number in range(80):
        item = replace(ITEM, item_id=f"i{number}", group_key=f"i{number}", family="f")
        split = Split.HOLDOUT if number >= 60 else Split.TRAIN
        stig.assign_splits({item.group_key: split}, "salt")
        planted = number % 3 == 0
        words = f"do task {number}" + " by the blue memo" * planted
        passed = planted or number % 4 == 0
        one = replace(turn(), messages=[{"role": "user", "content": words}])
        made = attempt(1, PASSED if passed else FAILED, turns=[one], item_id=item.item_id)
        stig.record(run, item, made)

    def command(action, *words):
        line = ["labels", action, "skill=stig", f"store.url='{store.url}'", *words]
        return cli.main(line), capsys.readouterr().out

    return command


def test_they_are_reported_and_only_flagged_when_asked(labels):
    code, out = labels("triggers")
    assert code == 0
    assert "stig: 1 phrase with one outcome in 60 rows of 60 items" in out
    assert "openscap: 'by the blue memo': 100.0% of 20 items passed, 25.0% without it; p " in out
    assert "nothing flagged" in out
    assert "stig: 0 flags" in labels("ls")[1]
    assert "20 attempts flagged" in labels("triggers", "--flag")[1]
    labels("triggers", "--flag")
    assert "stig: 20 flags" in labels("ls")[1]
    labels("audit")
    assert "trigger_phrase" in labels("ls")[1]
    assert "20 flags taken back" in labels("clear")[1]


def test_json_has_each_attempt(labels):
    (one,) = json.loads(labels("triggers", "--json")[1])["stig"]["found"]
    assert (one["outcome"], one["items"], len(one["attempts"])) == ("passed", 20, 20)


def test_an_empty_store_says_so(store, stig, capsys):
    line = ["labels", "triggers", "skill=stig", f"store.url='{store.url}'"]
    assert cli.main(line) == 0
    assert capsys.readouterr().out == "stig: no judged attempt of a training item\n"


def test_other_actions_take_no_flag(capsys):
    assert cli.main(["labels", "audit", "--flag"]) == 2
    assert "audit takes no --flag" in capsys.readouterr().err
