import errno
import json
import multiprocessing
import os
from dataclasses import replace

import pytest

from harness_forge.config.budget import BudgetConfig, Schedule
from harness_forge.core.errors import EvalError
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.looks import Look

ITEMS = ["r1", "r2", "r3"]
KEYS = ["k1", "k2", "k3"]
LOOK = Look("stig", "model:a-1", "digest", ITEMS, "content", "run-1")


def ledger(folder, budget=None, home=None):
    place = str(folder / "ledger" / "looks.jsonl")
    return HoldoutLedger(replace(budget or BudgetConfig(), ledger=place), home)


def look(run, **changes):
    return replace(LOOK, run_id=run, **changes)


def lines(looks):
    return looks.path.read_text().splitlines(keepends=True)


def test_each_candidate_spends_half_of_what_the_one_before_did(tmp_path):
    looks = ledger(tmp_path)
    spent = [looks.record(look(f"run-{n}")).alpha for n in range(5)]
    assert spent == [0.025, 0.0125, 0.00625, 0.003125, 0.0015625]
    assert sum(spent) < 0.05
    assert [known.number for known in looks.all()] == [1, 2, 3, 4, 5]


def test_the_same_run_again_is_the_same_look(tmp_path):
    first = ledger(tmp_path).record(LOOK)
    assert ledger(tmp_path).record(LOOK) == first
    assert len(ledger(tmp_path).all()) == 1
    assert (first.size, first.time[-6:]) == (3, "+00:00")


def test_baselines_are_written_down_and_spend_nothing(tmp_path):
    looks = ledger(tmp_path)
    base = looks.record(look("run-b", candidate=None, label="model:base"))
    assert (base.number, base.alpha) == (0, 0.0)
    assert looks.record(LOOK).number == 1


def test_a_candidate_that_is_scored_has_looked_and_its_test_is_the_same_look(tmp_path):
    looks = ledger(tmp_path)
    scored = looks.record(look("lm-eval-1", tested=False))
    assert (scored.number, scored.alpha, scored.candidate) == (1, 0.025, "digest")
    tested = looks.record(LOOK)
    assert (tested.number, tested.alpha, tested.same_as) == (1, 0.025, "lm-eval-1")
    assert looks.record(look("run-2", candidate="other")).number == 2


def test_whoever_scores_ten_has_spent_ten_looks(tmp_path):
    looks = ledger(tmp_path)
    for n in range(10):
        looks.record(look(f"lm-eval-{n}", candidate=f"c{n}", tested=False))
    assert looks.record(look("run-1", candidate="c7")).alpha == 0.05 / 2**8
    assert looks.record(look("run-2", candidate="c0")).alpha == 0.05 / 2


def test_a_second_test_of_a_scored_candidate_is_a_second_look(tmp_path):
    looks = ledger(tmp_path)
    looks.record(look("lm-eval-1", tested=False))
    looks.record(LOOK)
    assert looks.record(look("run-2")).number == 2


def test_another_suite_on_the_same_items_or_after_the_test_costs_nothing(tmp_path):
    looks = ledger(tmp_path)
    looks.record(LOOK)
    for run in ("lm-eval-1", "lm-eval-2"):
        assert looks.record(look(run, tested=False)).same_as == "run-1"
    # What the test used is used: the scorings after it give no second one.
    assert looks.record(look("run-2")).number == 2


def test_a_test_on_more_items_than_were_scored_is_a_look_of_its_own(tmp_path):
    looks = ledger(tmp_path)
    looks.record(look("lm-eval-1", tested=False, items=["r1"]))
    assert looks.record(LOOK).number == 2


def test_scorings_from_before_they_counted_count_once_a_candidate(tmp_path):
    looks = ledger(tmp_path)
    looks.path.parent.mkdir()
    old = [
        {"run_id": "lm-1", "candidate": "c1", "tested": False, "number": 0, "alpha": 0.0},
        {"run_id": "run-1", "candidate": "c1", "tested": True, "number": 1, "alpha": 0.025},
        {"run_id": "lm-2", "candidate": "c2", "tested": False, "number": 0, "alpha": 0.0},
    ]
    rest = {"skill": "stig", "label": "x", "items": ITEMS, "content_digest": "c"}
    looks.path.write_text("".join(json.dumps({**rest, **one}) + "\n" for one in old))
    assert looks.record(look("run-3", candidate="c3")).number == 3


def test_a_run_that_looked_keeps_its_level(tmp_path):
    looks = ledger(tmp_path)
    assert looks.level(LOOK).alpha == 0.025
    looks.record(LOOK)
    looks.record(look("run-2"))
    assert looks.level(LOOK).alpha == 0.025
    assert looks.level(look("run-3")).alpha == 0.00625


def test_new_items_and_other_skills_have_budgets_of_their_own(tmp_path):
    looks = ledger(tmp_path)
    looks.record(LOOK)
    assert looks.level(look("run-2", items=["r4"])).number == 1
    assert looks.level(look("run-2", items=["r3", "r4"])).number == 2  # one in common is enough
    assert looks.level(look("run-2", skill="ubuntu")).number == 1


def test_the_same_content_under_another_skill_or_name_shares_the_budget(tmp_path):
    looks = ledger(tmp_path)
    looks.record(replace(LOOK, keys=KEYS))
    other = look("run-2", skill="ubuntu", items=["a", "b"], keys=["k3", "k9"])
    assert looks.level(other).number == 2
    assert looks.level(replace(other, keys=["k9"])).number == 1


def test_an_even_schedule_ends(tmp_path):
    looks = ledger(tmp_path, BudgetConfig(schedule=Schedule.even, looks=2))
    assert [looks.record(look(f"run-{n}")).alpha for n in range(3)] == [0.025, 0.025, 0.0]


RAISED = (
    r"^budget.alpha: would give look 2 a level of 0.125; by the budget of the first look at these "
    r"items \(.*\) it has 0.0125\n.*put it back \(budget.alpha=0.05\): a budget is fixed before"
)


@pytest.mark.parametrize(
    ("budget", "error"),
    [
        (BudgetConfig(alpha=0.5), RAISED),
        (BudgetConfig(schedule=Schedule.listed, values=[0.01, 0.04]), r"^budget.schedule: would"),
        (BudgetConfig(schedule=Schedule.even, looks=2), r"^budget.schedule: would give look 2"),
    ],
)
def test_a_budget_that_gives_more_after_the_first_look_is_refused(tmp_path, budget, error):
    ledger(tmp_path).record(LOOK)
    for act in ("record", "level"):
        with pytest.raises(EvalError, match=error):
            getattr(ledger(tmp_path, budget), act)(look("run-2"))
    assert len(ledger(tmp_path).all()) == 1
    assert ledger(tmp_path, budget).record(LOOK).alpha == 0.025  # what was looked at stays


def test_a_budget_that_gives_less_is_taken(tmp_path):
    ledger(tmp_path).record(LOOK)
    low = ledger(tmp_path, BudgetConfig(alpha=0.03)).record(look("run-2"))
    assert low.alpha == pytest.approx(0.005)


def test_a_raised_budget_serves_items_that_nobody_looked_at(tmp_path):
    ledger(tmp_path).record(LOOK)
    wider = ledger(tmp_path, BudgetConfig(alpha=0.1))
    assert wider.record(look("run-2", items=["r9"])).alpha == 0.05


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
        ledger(tmp_path, budget)


def test_a_last_look_that_lacks_only_its_end_is_one(tmp_path):
    looks = ledger(tmp_path)
    looks.record(LOOK)
    looks.path.write_bytes(looks.path.read_bytes()[:-1])
    assert looks.level(look("run-2")).number == 2
    assert looks.record(look("run-2")).alpha == 0.0125
    assert [known.run_id for known in looks.all()] == ["run-1", "run-2"]


def test_a_disk_that_takes_half_a_line_keeps_none_of_it(tmp_path, monkeypatch):
    looks = ledger(tmp_path)
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
    looks = ledger(tmp_path)
    looks.record(LOOK)
    with looks.path.open("ab") as file:
        file.write(b'{"skill": "stig", "run_id": "run-2", "lab')
    assert len(looks.all()) == 1
    looks.record(look("run-3"))
    assert [known.run_id for known in looks.all()] == ["run-1", "run-3"]
    assert all(json.loads(line) for line in lines(looks))


def test_a_damaged_line_stops_every_look(tmp_path):
    looks = ledger(tmp_path)
    looks.record(LOOK)
    looks.path.write_text("nonsense\n" + looks.path.read_text())
    for act in (looks.all, lambda: looks.record(look("run-2"))):
        with pytest.raises(EvalError, match=r"looks\.jsonl, line 1: is no look at a holdout"):
            act()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda kept: [kept[0], kept[2]], "line 2: does not follow the line before"),
        (lambda kept: kept[1:], "line 1: does not follow the line before"),
        (lambda kept: [kept[1], kept[0], kept[2]], "line 1: does not follow the line before"),
        (
            lambda kept: [kept[0], kept[1].replace("0.0125", "0.05"), kept[2]],
            "line 2: was changed after it was written",
        ),
        (
            lambda kept: [*kept, json.dumps({**json.loads(kept[0]), "hash": 7}) + "\n"],
            "line 4: was changed after it was written",
        ),
    ],
)
def test_an_edited_ledger_is_told_with_its_line(tmp_path, change, error):
    looks = ledger(tmp_path)
    for n in range(3):
        looks.record(look(f"run-{n}"))
    looks.path.write_text("".join(change(lines(looks))))
    before = looks.path.read_bytes()
    for act in (looks.all, lambda: looks.record(look("run-9"))):
        with pytest.raises(EvalError, match=rf"looks\.jsonl, {error}\n.*git checkout -- "):
            act()
    assert looks.path.read_bytes() == before


def test_lines_from_before_the_chain_are_read_and_chained_over(tmp_path):
    looks = ledger(tmp_path)
    looks.record(LOOK)
    plain = {k: v for k, v in json.loads(lines(looks)[0]).items() if k not in ("previous", "hash")}
    looks.path.write_text(json.dumps(plain) + "\n")
    assert looks.record(look("run-2")).number == 2
    assert len(looks.all()) == 2
    text = looks.path.read_text().replace("run-1", "run-7")
    looks.path.write_text(text)
    with pytest.raises(EvalError, match="line 2: does not follow the line before"):
        looks.all()


def test_the_ledger_in_forges_home_is_taken_over_once_and_stays(tmp_path):
    home = tmp_path / "home"
    old = ledger(home)
    old.record(LOOK)
    old.record(look("base", candidate=None))
    before, said = old.path.read_bytes(), []
    looks = ledger(tmp_path / "project", home=home)
    assert looks.level(look("run-2")).number == 2  # it counts before anything is written
    head = looks.state().head
    assert looks.record(look("run-2"), (), said.append).number == 2
    assert [known.run_id for known in looks.all()] == ["run-1", "base", "run-2"]
    assert looks.state().hashes[1].startswith(head)
    assert said == [f"{looks.path}: took over 2 looks from {old.path}, which stays as it is"]
    looks.record(look("run-3"), (), said.append)
    assert (len(said), old.path.read_bytes()) == (1, before)


def test_a_cut_takeover_goes_on(tmp_path):
    home = tmp_path / "home"
    for n in range(3):
        ledger(home).record(look(f"run-{n}"))
    looks = ledger(tmp_path / "project", home=home)
    looks.record(look("run-9"))
    looks.path.write_text("".join(lines(looks)[:1]))
    looks.record(look("run-9"))
    assert [known.run_id for known in looks.all()] == ["run-0", "run-1", "run-2", "run-9"]


def test_runs_that_the_ledger_does_not_know_count_and_are_told(tmp_path):
    known = [
        look(f"run-{n}", candidate=f"c{n}", time=f"2026-01-0{n}T00:00:00+00:00", source="the store")
        for n in (1, 2)
    ]
    looks, said = ledger(tmp_path), []
    assert looks.level(look("run-3"), known).number == 3
    assert looks.record(look("run-3"), known, said.append).alpha == 0.05 / 2**3
    assert [(one.number, one.alpha) for one in looks.all()] == [
        (1, 0.025), (2, 0.0125), (3, 0.00625),
    ]  # fmt: skip
    assert said == [
        f"{looks.path}: lacked 2 looks that the store knows of: run-1, run-2; now in it, and "
        "counted. If it was cut, put it back from git"
    ]


@pytest.mark.parametrize("first", ["scored", "tested"])
def test_a_scoring_and_a_test_that_are_put_back_are_one_look(tmp_path, first):
    decided = {"number": 1, "alpha": 0.025, "source": "the ledger of decisions"}
    scoring, test = look("lm-eval-1", tested=False), look("run-1")
    there, back = (scoring, test) if first == "scored" else (test, scoring)
    looks = ledger(tmp_path)
    looks.record(there)
    assert looks.record(look("run-9", candidate="other"), [replace(back, **decided)]).number == 2
    assert [one.same_as for one in looks.all()] == ["", there.run_id, ""]


def test_tests_that_are_put_back_are_looks_of_their_own(tmp_path):
    decided = {"number": 1, "alpha": 0.025, "source": "the ledger of decisions"}
    looks = ledger(tmp_path)
    looks.record(look("lm-eval-1", tested=False))
    known = [look(f"run-{n}", **decided) for n in (1, 2)]
    assert looks.record(look("run-9", candidate="other"), known).number == 3


def test_a_test_of_another_level_than_the_scoring_is_one_more_look(tmp_path):
    looks = ledger(tmp_path)
    looks.record(look("lm-eval-1", tested=False))
    known = [look("run-1", number=2, alpha=0.0125, source="the ledger of decisions")]
    assert looks.record(look("run-9", candidate="other"), known).number == 3


def test_a_raised_budget_does_not_reach_runs_that_are_put_back(tmp_path):
    ledger(tmp_path).record(LOOK)
    known = [look("run-2", time="2026-01-02T00:00:00+00:00", source="the store")]
    with pytest.raises(EvalError, match=r"^budget.alpha: would give look 3"):
        ledger(tmp_path, BudgetConfig(alpha=0.5)).record(look("run-3"), known)
    assert [one.alpha for one in ledger(tmp_path).all()] == [0.025, 0.0125]


def test_a_deleted_ledger_is_not_filled_up_under_a_raised_budget(tmp_path):
    known = [look("run-1", time="2026-01-02T00:00:00+00:00", source="the store")]
    with pytest.raises(EvalError, match=r"^budget.alpha: would give look 2 .* it has 0.0125"):
        ledger(tmp_path, BudgetConfig(alpha=0.5)).record(look("run-2"), known)


def test_a_ledger_that_cannot_be_written_stops_the_look(tmp_path):
    (tmp_path / "ledger").write_text("a file stands where the folder should")
    with pytest.raises(EvalError, match="cannot be written"):
        ledger(tmp_path).record(LOOK)


def _several(home, name):
    for n in range(20):
        ledger(home).record(look(f"{name}-{n}"))


def test_processes_that_look_at_once_get_numbers_of_their_own(tmp_path):
    workers = [
        multiprocessing.get_context("spawn").Process(target=_several, args=(tmp_path, name))
        for name in "ab"
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [known.number for known in ledger(tmp_path).all()] == list(range(1, 41))
