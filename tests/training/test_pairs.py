"""Which pairs are taken, what is said of bad ones, and that their tokens are the trainer's."""

import json
import sys
from collections import Counter

import pytest

from harness_forge.core.errors import TrainError
from harness_forge.training import launch, pairs
from harness_forge.training.answer_audit import audit_pairs

USER = {"role": "user", "content": "Rule: a"}
GOOD = {"role": "assistant", "content": "yes"}
BAD = {"role": "assistant", "content": "no"}
PAIR = {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]}


def write(folder, rows):
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([], "is not an object"),
        ({"messages": [USER, GOOD]}, "is an example, not a preference pair"),
        ({"prompt": [USER], "chosen": [GOOD]}, "has no rejected"),
        ({**PAIR, "rejected": [USER]}, "rejected: ends with the user"),
        ({**PAIR, "rejected": [GOOD]}, "prefers an answer to itself"),
    ],
)
def test_a_wrong_pair_is_named(row, told, tmp_path):
    with pytest.raises(TrainError, match=f"train.jsonl:2: {told}"):
        pairs.read(write(tmp_path, [PAIR, row]))


def test_an_empty_split_is_refused(tmp_path):
    with pytest.raises(TrainError, match="has no rows"):
        pairs.read(write(tmp_path, []))


def test_a_pair_may_hold_any_line_separator(tmp_path):
    row = {**PAIR, "chosen": [{"role": "assistant", "content": "yes\u2028and\x85so"}]}
    (tmp_path / "train.jsonl").write_text(
        json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    pairs.read(tmp_path)
    assert pairs.draw(tmp_path / "train.jsonl", None, 0) == [row]


@pytest.fixture
def many(tmp_path):
    """Ten items, the first with ten pairs, the others with two."""
    counts = {f"item{number}": 10 if number == 0 else 2 for number in range(10)}
    rows = [
        {**PAIR, "item_id": item, "number": number}
        for item, count in counts.items()
        for number in range(count)
    ]
    return write(tmp_path, rows) / "train.jsonl"


def test_each_item_gives_its_first_pair_before_any_gives_a_second(many):
    drawn = pairs.draw(many, 10, seed=1)
    assert len({row["item_id"] for row in drawn}) == 10
    assert {row["number"] for row in drawn} == {0}


def test_no_item_outweighs_the_others_while_they_have_pairs_left(many):
    drawn = pairs.draw(many, 20, seed=1)
    assert set(Counter(row["item_id"] for row in drawn).values()) == {2}


def test_the_draw_depends_on_the_seed_alone(many):
    draws = [[row["item_id"] for row in pairs.draw(many, 4, seed)] for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_without_a_limit_all_are_taken_in_their_order(many):
    assert len(pairs.draw(many, None, seed=1)) == 28
    assert [row["number"] for row in pairs.draw(many, 28, seed=1)][:3] == [0, 1, 2]


EOS = 99


def rendered(chosen, rejected):
    rows = {"chosen": chosen, "rejected": rejected}
    return {
        side: {"prompt": [1, 2], "answer": ids, "asked": "q", "answered": side}
        for side, ids in rows.items()
    }


def test_the_audit_counts_answers_and_rows():
    seen = audit_pairs([rendered([7, EOS], [8, 8, EOS])], EOS)
    assert (seen.pairs, seen.tokens, seen.trained, seen.longest) == (1, 9, 5, 5)
    assert (seen.chosen_text, seen.rejected_text) == ("chosen", "rejected")


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        (rendered([7], [8, EOS]), "pair 1: its chosen answer does not end"),
        (rendered([7, EOS], [8]), "pair 1: its rejected answer does not end"),
        (rendered([7, EOS], [7, EOS]), "become the same tokens"),
    ],
)
def test_the_audit_stops_at_a_pair_that_teaches_nothing_or_the_wrong_thing(pair, told):
    with pytest.raises(TrainError, match=told):
        audit_pairs([pair], EOS)


@pytest.fixture
def check_tokens(monkeypatch):
    monkeypatch.syspath_prepend(launch.PLUGINS)
    monkeypatch.delitem(sys.modules, "forge_pairs", raising=False)
    from forge_pairs import check_tokens

    return check_tokens


SEEN = [
    {"prompt_ids": [1, 2], "chosen_ids": [3], "rejected_ids": [4]},
    {"prompt_ids": [5], "chosen_ids": [6], "rejected_ids": [7, 8]},
]


def test_the_trainers_own_tokens_may_come_in_any_order(check_tokens, tmp_path):
    write(tmp_path, SEEN)
    check_tokens(SEEN[::-1], tmp_path / "train.jsonl")


def test_a_token_that_serving_would_not_see_stops_the_training(check_tokens, tmp_path):
    write(tmp_path, SEEN)
    other = [SEEN[0], {**SEEN[1], "chosen_ids": [6, 9]}]
    with pytest.raises(ValueError, match="1 of 2 rows have other tokens than serving renders"):
        check_tokens(other, tmp_path / "train.jsonl")


def test_a_pair_that_the_trainer_dropped_stops_it(check_tokens, tmp_path):
    write(tmp_path, SEEN)
    with pytest.raises(ValueError, match=r"0 of 1 rows .* 1 of 2 are missing"):
        check_tokens(SEEN[:1], tmp_path / "train.jsonl")
