import errno
import json
import multiprocessing
import os
from dataclasses import replace

import pytest

from harness_forge.config.budget import BudgetConfig, Schedule
from harness_forge.core.errors import EvalError
from harness_forge.store.splits.holdout_ledger import HoldoutLedger, Look

ITEMS = ["r1", "r2", "r3"]
LOOK = Look("stig", "model:a-1", "digest", ITEMS, "content", "run-1")


def look(run, **changes):
    return replace(LOOK, run_id=run, **changes)


def test_each_candidate_spends_half_of_what_the_one_before_did(tmp_path):
    looks = HoldoutLedger(tmp_path)
    spent = [looks.record(look(f"run-{n}")).alpha for n in range(5)]
    assert spent == [0.025, 0.0125, 0.00625, 0.003125, 0.0015625]
    assert sum(spent) < 0.05
    assert [known.number for known in looks.all()] == [1, 2, 3, 4, 5]


def test_the_same_run_again_is_the_same_look(tmp_path):
    first = HoldoutLedger(tmp_path).record(LOOK)
    assert HoldoutLedger(tmp_path).record(LOOK) == first
    assert len(HoldoutLedger(tmp_path).all()) == 1
    assert (first.size, first.time[-6:]) == (3, "+00:00")


def test_baselines_are_written_down_and_spend_nothing(tmp_path):
    looks = HoldoutLedger(tmp_path)
    base = looks.record(look("run-b", candidate=None, label="model:base"))
    assert (base.number, base.alpha) == (0, 0.0)
    assert looks.record(LOOK).number == 1


def test_a_look_that_nothing_is_tested_on_spends_nothing(tmp_path):
    looks = HoldoutLedger(tmp_path)
    scored = looks.record(look("lm-eval-1", tested=False))
    assert (scored.number, scored.alpha, scored.candidate) == (0, 0.0, "digest")
    assert looks.record(LOOK).alpha == 0.025


def test_a_run_that_looked_keeps_its_level(tmp_path):
    looks = HoldoutLedger(tmp_path)
    assert looks.level("stig", ITEMS).alpha == 0.025
    looks.record(LOOK)
    looks.record(look("run-2"))
    assert looks.level("stig", ITEMS, "run-1").alpha == 0.025
    assert looks.level("stig", ITEMS, "run-3").alpha == 0.00625


def test_new_items_and_other_skills_have_budgets_of_their_own(tmp_path):
    looks = HoldoutLedger(tmp_path)
    looks.record(LOOK)
    assert looks.level("stig", ["r4"]).number == 1
    assert looks.level("stig", ["r3", "r4"]).number == 2  # one item in common is enough
    assert looks.level("ubuntu", ITEMS).number == 1


def test_an_even_schedule_ends(tmp_path):
    looks = HoldoutLedger(tmp_path, BudgetConfig(schedule=Schedule.even, looks=2))
    assert [looks.record(look(f"run-{n}")).alpha for n in range(3)] == [0.025, 0.025, 0.0]


def test_another_schedule_midway_spends_no_more_than_is_left(tmp_path):
    HoldoutLedger(tmp_path).record(LOOK)
    listed = BudgetConfig(schedule=Schedule.listed, values=[0.01, 0.04])
    assert HoldoutLedger(tmp_path, listed).record(look("run-2")).alpha == pytest.approx(0.025)


@pytest.mark.parametrize(
    "budget",
    [
        BudgetConfig(schedule=Schedule.listed, values=[0.04, 0.04]),
        BudgetConfig(schedule=Schedule.listed),
        BudgetConfig(schedule=Schedule.even, looks=0),
        BudgetConfig(alpha=0),
    ],
)
def test_a_budget_that_is_none_is_refused(tmp_path, budget):
    with pytest.raises(EvalError, match=r"^budget\."):
        HoldoutLedger(tmp_path, budget)


def test_a_last_look_that_lacks_only_its_end_is_one(tmp_path):
    looks = HoldoutLedger(tmp_path)
    looks.record(LOOK)
    looks.path.write_bytes(looks.path.read_bytes()[:-1])
    assert looks.level("stig", ITEMS).number == 2
    assert looks.record(look("run-2")).alpha == 0.0125
    assert [known.run_id for known in looks.all()] == ["run-1", "run-2"]


def test_a_disk_that_takes_half_a_line_keeps_none_of_it(tmp_path, monkeypatch):
    looks = HoldoutLedger(tmp_path)
    looks.record(LOOK)
    before = looks.path.read_bytes()

    def half(handle, data, real=os.write):
        if len(data) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data[:100])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(EvalError, match="cannot be written: No space left on device"):
        looks.record(look("run-2"))
    assert looks.path.read_bytes() == before


def test_a_torn_last_line_is_no_look_and_is_cut_away(tmp_path):
    looks = HoldoutLedger(tmp_path)
    looks.record(LOOK)
    with looks.path.open("ab") as file:
        file.write(b'{"skill": "stig", "run_id": "run-2", "lab')
    assert len(looks.all()) == 1
    looks.record(look("run-3"))
    assert [known.run_id for known in looks.all()] == ["run-1", "run-3"]
    assert all(json.loads(line) for line in looks.path.read_text().splitlines())


def test_a_damaged_line_stops_every_look(tmp_path):
    looks = HoldoutLedger(tmp_path)
    looks.record(LOOK)
    looks.path.write_text("nonsense\n" + looks.path.read_text())
    for act in (looks.all, lambda: looks.record(look("run-2"))):
        with pytest.raises(EvalError, match=r"looks\.jsonl, line 1: is no look at a holdout"):
            act()


def test_a_ledger_that_cannot_be_written_stops_the_look(tmp_path):
    (tmp_path / "ledger").write_text("a file stands where the folder should")
    with pytest.raises(EvalError, match="cannot be written"):
        HoldoutLedger(tmp_path).record(LOOK)


def _several(home, name):
    for n in range(20):
        HoldoutLedger(home).record(look(f"{name}-{n}"))


def test_processes_that_look_at_once_get_numbers_of_their_own(tmp_path):
    workers = [
        multiprocessing.get_context("spawn").Process(target=_several, args=(tmp_path, name))
        for name in "ab"
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [known.number for known in HoldoutLedger(tmp_path).all()] == list(range(1, 41))
