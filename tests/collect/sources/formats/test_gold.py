"""Gold rows: used only when somebody reviewed them as they stand."""

from datetime import date

import pytest
from reading_formats import attempts, left_out, words

from harness_forge.cli import main
from harness_forge.collect.gold import reviews, sets
from harness_forge.core.errors import SourceError

FILE = """\
# Ours, and this line stays.
system: You keep beads.
tools:
  - {name: bead_close, parameters: {type: object, properties: {id: {type: string}}}}
  - {name: bead_claim, parameters: {type: object, properties: {id: {type: string}}}}
rows:
  - id: close-1
    kind: closing
    prompt: Close hub-7.
    tools: [bead_close]
    calls: [{bead_close: {id: hub-7}}]
  - id: 2
    prompt: How many days has a leap year?
    answer: "366"
"""
DAY = date(2026, 11, 29)


@pytest.fixture
def gold(tmp_path):
    path = tmp_path / "beads.yaml"
    path.write_text(FILE)
    return path


def states(path):
    return [one.state if isinstance(one, sets.GoldRow) else one for one in sets.rows(path)]


def test_nothing_is_taken_in_before_a_review(gold):
    assert left_out(gold, "gold") == ["not_reviewed", "not_reviewed"]


def test_an_approved_row_is_an_attempt_that_passed_in_a_run_of_its_reviewer(gold):
    reviews.add(gold, ["close-1"], sets.APPROVED, "ana", DAY)
    [found] = attempts(gold, "gold")
    [turn] = found.attempt.turns
    assert [*map(words, turn.messages)] == ["system: You keep beads.", "user: Close hub-7."]
    assert words(turn.response) == 'assistant: bead_close({"id": "hub-7"})'
    assert [one["function"]["name"] for one in turn.tools] == ["bead_close"]
    assert (found.run, found.item.family, found.attempt.outcome.passed) == (
        "ana 2026-11-29",
        "closing",
        True,
    )


def test_a_review_adds_to_the_file_and_changes_nothing_above(gold):
    reviews.add(gold, ["close-1", "2"], sets.APPROVED, "ana", DAY)
    reviews.add(gold, ["2"], sets.REJECTED, "ben", DAY)
    assert gold.read_text().startswith(FILE + "reviews:\n")
    assert states(gold) == ["approved", "rejected"]
    assert left_out(gold, "gold") == ["review_rejected"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Close hub-7.", "Close hub-8."),
        ("{id: hub-7}", "{id: hub-8}"),
        ("You keep beads.", "You keep no beads."),
        ("properties: {id: {type: string}}}}\n  - {name: bead_claim", "}}\n  - {name: bead_claim"),
    ],
)
def test_what_changed_since_its_review_is_not_used(gold, old, new):
    reviews.add(gold, ["close-1"], sets.APPROVED, "ana", DAY)
    gold.write_text(gold.read_text().replace(old, new, 1))
    assert states(gold)[0] == sets.CHANGED
    assert "changed_since_review" in left_out(gold, "gold")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("prompt: Close", "promt: Close", "close-1: unknown key 'promt': did you mean prompt?"),
        ("[{bead_close", "[{bead_clos", "close-1: calls 'bead_clos', which is not offered"),
        ("tools: [bead_close]", "tools: [bead]", "close-1: the file offers no tool 'bead'"),
        ("id: close-1\n    kind", "kind", "the row has no id"),
        ("id: close-1", "id: 2", "two rows are called 2"),
        ('answer: "366"', "note: open", "2: has neither an answer nor calls"),
        ("[{bead_close: {id: hub-7}}]", "[bead_close]", "call 1 is not of the form TOOL"),
    ],
)
def test_a_faulty_row_is_named_with_its_fault(gold, old, new, why):
    gold.write_text(FILE.replace(old, new, 1))
    [fault] = [one for one in states(gold) if isinstance(one, tuple)]
    assert why in fault[1]


def test_a_review_says_who_and_when(gold):
    gold.write_text(FILE + "reviews: {close-1: {state: approved, by: ana}}\n")
    assert states(gold)[0] == (1, "close-1: its review does not say who and when: by and date")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rows: [", "is not valid YAML"),
        ("rows: []\nrows: []", "'rows' occurs twice"),
        ("lines: []", "is no gold set: it has no list of rows"),
        ("rows: []\nsistem: a", "unknown key 'sistem'"),
    ],
)
def test_a_file_that_is_no_gold_set_is_refused(tmp_path, text, why):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        list(sets.rows(path))
    assert why in str(caught.value)


def test_reviews_must_stand_last(gold):
    gold.write_text("reviews: {}\n" + FILE)
    with pytest.raises(SourceError, match="stands behind the reviews"):
        reviews.add(gold, ["close-1"], sets.APPROVED, "ana", DAY)
    assert gold.read_text() == "reviews: {}\n" + FILE


def test_the_verb_shows_reviews_and_asks_who(gold, capsys):
    assert main(["gold", "approve", str(gold), "close-1"]) == 2
    assert "who reviewed them?\n  hint: --by=NAME" in capsys.readouterr().err
    assert main(["gold", "approve", str(gold), "close-1", "--by=ana"]) == 0
    said = capsys.readouterr().out
    assert '-> bead_close {"id": "hub-7"}' in said
    assert "1 of 2 rows may be used: closing 1" in said
    assert main(["gold", "approve", str(gold), "close-9", "--by=ana"]) != 0
    assert "did you mean close-1?" in capsys.readouterr().err
