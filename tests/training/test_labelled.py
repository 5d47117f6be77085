"""KTO's rows: what is refused, and their order."""

import json
from types import SimpleNamespace

import pytest
from tiny_rows import TOOLS, answer, asked, write

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import TrainError
from harness_forge.training import labelled
from harness_forge.training.answer_audit import audit_labelled

EOS = 99


def row(number, label, **more):
    found = {
        "item_id": f"rule_{number}",
        "prompt": asked(number),
        "tools": json.dumps(TOOLS),
        "completion": [answer(f"true {number}")],
        "label": label,
    }
    return found | more


def config(folder):
    kto = SimpleNamespace(**vars(ForgeConfig().kto) | {"dataset": str(folder)})
    return SimpleNamespace(kto=kto, seed=1)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "has no rows: there is nothing to train on"),
        ([row(1, True), row(2, True)], "all of its 2 answers are good"),
        ([row(1, False)], "its only answer is bad"),
        ([row(1, "yes")], "has no label, true or false; export with format=kto"),
        ([row(1, True, completion=[])], "has no completion"),
        ([row(1, True, prompt="text")], "has no prompt"),
        (["text"], "is not an object"),
    ],
)
def test_rows_that_teach_nothing_are_refused_before_anything_is_started(tmp_path, rows, told):
    with pytest.raises(TrainError, match=told):
        labelled.plan(config(write(tmp_path, rows)))


def test_the_order_mixes_items_and_hangs_on_the_seed_alone():
    rows = [row(number // 4, number % 2 == 0) for number in range(40)]
    orders = [[one["item_id"] for one in labelled.mixed(rows, seed)] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != [one["item_id"] for one in rows]
    alike = sum(a == b for a, b in zip(orders[0], orders[0][1:], strict=False))
    assert alike < len(rows) / 4


def rendered(answer, text):
    return {"completion": {"prompt": [1, 2], "answer": answer, "asked": "q", "answered": text}}


def test_the_audit_counts_both_sides_and_shows_one_of_each():
    rows = [rendered([7, EOS], "seven"), rendered([8, 8, EOS], "eight")]
    seen = audit_labelled(rows, [False, True], EOS)
    assert (seen.good, seen.bad, seen.tokens, seen.trained, seen.longest) == (1, 1, 9, 5, 5)
    assert (seen.good_text, seen.bad_text) == ("eight", "seven")


def test_an_answer_that_does_not_end_its_turn_is_refused():
    with pytest.raises(TrainError, match="label audit: row 2: its answer does not end"):
        audit_labelled([rendered([7, EOS], "a"), rendered([8], "b")], [True, False], EOS)
