"""Progress in a log: few whole lines, without the controls of a terminal."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness_forge.rollouts.runs import progress


@pytest.fixture
def log(monkeypatch, capsys):
    """What a log gets, with a clock that goes on by 50 seconds at every look of this module."""
    clock = iter(range(0, 10_000, 50))
    # Not time.monotonic itself: threads of other tests look at it too.
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    return lambda: capsys.readouterr().err.splitlines()


def test_a_log_gets_a_line_every_two_minutes_and_one_at_the_end(log):
    shown = progress.RunProgress("stig gold", 8)
    for passed in range(1, 9):
        shown.advance(f"{passed} passed")
    shown.close()
    assert log() == [
        "stig gold: 3 of 8 items, 3 passed, 4 min left",
        "stig gold: 6 of 8 items, 6 passed, 100 s left",
        "stig gold: 8 of 8 items in 8 min, 8 passed",
    ]


def test_what_was_finished_before_counts_and_does_not_speed_up_the_rest(log):
    shown = progress.RunProgress("stig gold", 10, done=4)
    for _ in range(3):
        shown.advance()
    shown.close()
    assert log() == [
        "stig gold: 7 of 10 items, 2 min left",
        "stig gold: 7 of 10 items in 3 min",
    ]


def test_a_count_of_few_is_one_line(log):
    show = progress.counter("survey stig")
    for done in range(3):
        show(done, 2)
    assert log() == ["survey stig: 2 of 2 items in 2 min"]
