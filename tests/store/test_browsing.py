"""Pages of runs and attempts: each row once, in order, whatever is asked for."""

import pytest
from store_records import FAILED, ITEM, PASSED, RUN, attempt, turn

from harness_forge.core.records import Outcome
from harness_forge.store.browsing import attempt as one_attempt
from harness_forge.store.browsing import attempts, runs

NO_VERDICT = Outcome(False, 0.0, 0.0, "no_verdict", "", "", "", infrastructure=True)


@pytest.fixture
def filled(stig):
    """Two runs of one item with 40 attempts each: every 4th passes, the 7th has no verdict."""
    names = []
    for seed in (1, 2):
        run = stig.open_run(**{**RUN, "config": {"seed": seed}})
        for number in range(1, 41):
            outcome = NO_VERDICT if number == 7 else FAILED if number % 4 else PASSED
            turns = [turn("auditor" if number == 20 else "worker")]
            stig.record(run.run_id, ITEM, attempt(number, outcome, turns=turns))
        stig.finish_run(run.run_id, {}, "complete")
        names.append(run.run_id)
    return stig, names


def walked(stig, **asked):
    """Return the attempts of every page, one page after the other."""
    found, below, pages = [], None, 0
    while True:
        with stig.connect_read_only() as connection:
            page = attempts.page(connection, below=below, **asked)
        found += page.rows
        pages += 1
        assert pages < 100
        if page.below is None:
            return found, pages
        below = page.below


@pytest.mark.parametrize(
    ("asked", "many"),
    [
        ({}, 80),
        ({"outcome": "passed"}, 20),
        ({"outcome": "failed"}, 58),
        ({"outcome": "no_verdict"}, 2),
        ({"role": "auditor"}, 2),
        ({"role": "auditor", "outcome": "passed"}, 2),
        ({"role": "auditor", "outcome": "failed"}, 0),
        ({"role": "nobody"}, 0),
    ],
)
def test_pages_have_every_attempt_that_fits_once_newest_first(filled, asked, many):
    found, _ = walked(filled[0], size=7, **asked)
    ids = [row["id"] for row in found]
    assert len(ids) == many
    assert ids == sorted(set(ids), reverse=True)
    if "outcome" in asked:
        assert {row["verdict"] for row in found} <= {asked["outcome"]}


def test_a_run_has_its_own_attempts(filled):
    stig, [first, _] = filled
    found, pages = walked(stig, size=10, run=first)
    assert {row["run_id"] for row in found} == {first}
    assert (len(found), pages) == (40, 4)
    assert walked(stig, run="nosuch") == ([], 1)


def test_a_search_without_time_left_says_so_and_loses_nothing(filled, monkeypatch):
    monkeypatch.setattr(attempts, "_SPANS", (3, 3))
    found, pages = walked(filled[0], size=50, outcome="passed", time_s=0.0)
    assert (len(found), pages > 10) == (20, True)
    with filled[0].connect_read_only() as connection:
        page = attempts.page(connection, size=50, outcome="passed", time_s=0.0)
    assert page.searched
    assert len(page.rows) == 1


@pytest.mark.parametrize("below", [1, 10**18, 2**63 - 1])
def test_a_page_may_begin_below_any_number(filled, below):
    with filled[0].connect_read_only() as connection:
        page = attempts.page(connection, below=below, size=5)
    assert len(page.rows) == (0 if below == 1 else 5)


def test_roles_are_those_of_turns(filled):
    with filled[0].connect_read_only() as connection:
        assert attempts.roles(connection) == ["auditor", "worker"]


def test_an_empty_skill_has_empty_pages(stig):
    with stig.connect_read_only() as connection:
        assert attempts.page(connection) == attempts.AttemptsPage([], None)
        assert attempts.roles(connection) == []
        assert runs.page(connection) == ([], None)
        assert runs.overview(connection) == runs.SkillOverview(0, 0, False, "")
        assert one_attempt.attempt(connection, 1) is None


def test_runs_are_paged_newest_first_with_their_attempts(filled):
    stig, names = filled
    with stig.connect_read_only() as connection:
        [newest], after = runs.page(connection, size=1)
        [oldest], end = runs.page(connection, after, size=1)
        with pytest.raises(LookupError):
            runs.page(connection, "nosuch")
        assert runs.overview(connection) == runs.SkillOverview(2, 80, False, names[1])
    assert [newest["id"], oldest["id"], end] == [*reversed(names), None]
    assert newest["attempts"] == 40


def test_a_failed_attempt_is_compared_with_the_nearest_passing_one_of_its_run(filled):
    stig, [_, second] = filled
    found, _ = walked(stig, run=second)
    by_number = {row["attempt_num"]: row["id"] for row in found}
    with stig.connect_read_only() as connection:
        whole = one_attempt.attempt(connection, by_number[9])
        assert one_attempt.counterpart(connection, whole.facts) == by_number[8]
        passing = one_attempt.attempt(connection, by_number[8])
        assert one_attempt.counterpart(connection, passing.facts) == by_number[9]
    assert len(whole.siblings) == 20
    assert [turn["agent"] for turn in whole.turns] == ["worker"]
