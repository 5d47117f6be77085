"""The mask audit on hand-made rows: 1 to 9 are words, 99 ends a turn, 50 breaks a line."""

import pytest

from harness_forge.core.errors import TrainError
from harness_forge.training.token_audit import IGNORED, audit, check_lengths

EOS = 99


def row(prompt, answer):
    return {"pieces": [[False, prompt], [True, answer]]}


ROW = row([1, 2, 3], [7, 8, EOS, 50])
SHOWN = {"masked": "prompt", "trained": "answer"}
X = IGNORED


def prepared(ids, labels):
    return [{"ids": ids, "labels": labels}]


def look(rows):
    return audit([ROW], rows, EOS, SHOWN)


def test_counts_what_is_trained():
    seen = look(prepared([1, 2, 3, 7, 8, EOS, 50], [X, X, X, 7, 8, EOS, X]))
    assert (seen.rows, seen.tokens, seen.trained, seen.longest) == (1, 7, 3, 7)
    assert (seen.masked_text, seen.trained_text) == ("prompt", "answer")


@pytest.mark.parametrize(
    ("ids", "labels", "told"),
    [
        ([1, 2, 3, 7, 8, EOS, 50], [X] * 7, "all its labels are masked"),
        ([1, 2, 3, 7, 8, EOS, 50], [1, 2, 3, 7, 8, EOS, 50], "none of its labels is masked"),
        ([1, 2, 3, 7, 8, EOS, 50], [X, X, X, 7, 8, X, X], "its end-of-turn token is not trained"),
        ([1, 2, 3, 7, 8, EOS, 50], [X, X, 3, 7, 8, EOS, X], "its tokens or labels differ"),
        ([1, 2, 4, 7, 8, EOS, 50], [X, X, X, 7, 8, EOS, X], "its tokens or labels differ"),
        ([1, 2, 3, 7, 8, EOS, 50], [X, X, X, X, 8, EOS, X], "its tokens or labels differ"),
    ],
    ids=["all masked", "none masked", "no end", "prompt trained", "other prompt", "answer masked"],
)
def test_stops_at_a_row_that_trains_the_wrong_tokens(ids, labels, told):
    with pytest.raises(TrainError, match=told):
        look(prepared(ids, labels))


def test_a_dropped_row_is_missed():
    with pytest.raises(TrainError, match="has 2 rows, Axolotl prepared 1"):
        audit([ROW, ROW], prepared([1], [X]), EOS, SHOWN)


def test_a_row_that_stands_twice_does_not_stand_for_another():
    other = row([4, 5], [6, EOS])
    twice = prepared([1, 2, 3, 7, 8, EOS], [X, X, X, 7, 8, EOS]) * 2
    with pytest.raises(TrainError, match="differ"):
        audit([ROW, other], twice, EOS, SHOWN)


def test_a_template_without_end_of_turn_is_refused():
    endless = row([1], [7, 8])
    with pytest.raises(TrainError, match="does not end an answer with the model's end-of-turn"):
        audit([endless], prepared([1, 7, 8], [X, 7, 8]), EOS, SHOWN)


def test_a_long_row_is_refused_with_its_number_and_length():
    long = row([1] * 6, [7, EOS])
    with pytest.raises(TrainError) as caught:
        check_lengths([ROW, long], 7, "train.jsonl")
    assert str(caught.value) == (
        "train.jsonl: 1 of 2 rows exceed 7 tokens (row 2 has 8, the longest 8)\n"
        "  hint: train.sequence_length=8, if the model's context allows, or export without "
        "them: filters.row_too_long.enabled=true"
    )


def test_a_long_row_is_named_by_its_place_in_the_dataset():
    long = row([1] * 6, [7, EOS])
    with pytest.raises(TrainError, match=r"data: 1 of 2 rows exceed 7 tokens \(train.jsonl:12 has"):
        check_lengths([ROW, long], 7, "data", ["train.jsonl:3", "train.jsonl:12"])


def test_rows_that_just_fit_are_kept():
    check_lengths([ROW], 7, "train.jsonl")


TALK = {
    "pieces": [[False, [1, 2]], [True, [7, EOS, 50]], [False, [3, 8, EOS, 50, 4]], [True, [9, EOS]]]
}
"""Two answers to learn, and between them one (8) that is context."""
SAID = [1, 2, 7, EOS, 50, 3, 8, EOS, 50, 4, 9, EOS]


def test_every_marked_turn_of_a_conversation_is_learned_with_its_end_and_nothing_else():
    labels = [X, X, 7, EOS, X, X, X, X, X, X, 9, EOS]
    seen = audit([TALK], prepared(SAID, labels), EOS, SHOWN)
    assert (seen.rows, seen.turns, seen.trained) == (1, 2, 4)


@pytest.mark.parametrize(
    "labels",
    [
        [X, X, 7, EOS, X, X, 8, EOS, X, X, 9, EOS],
        [X, X, X, X, X, X, X, X, X, X, 9, EOS],
        [X, X, 7, X, X, X, X, X, X, X, 9, EOS],
        [X, X, 7, EOS, 50, X, X, X, X, X, 9, EOS],
    ],
    ids=["context learned", "turn left out", "its end left out", "line break learned"],
)
def test_stops_at_a_conversation_that_trains_other_turns(labels):
    with pytest.raises(TrainError, match="its tokens or labels differ"):
        audit([TALK], prepared(SAID, labels), EOS, SHOWN)
