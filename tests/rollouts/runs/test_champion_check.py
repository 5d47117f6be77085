"""`forge champion check`: a champion that is worse on new items is taken down, and others stay."""

import json
from dataclasses import replace

import pytest
from asked_models import Parrot, adapter

from harness_forge.cli import champion_check
from harness_forge.core.records import WorkItem
from harness_forge.promotion.decide import _rollback_of
from harness_forge.promotion.recheck import recheck
from harness_forge.registry import champion, decisions
from harness_forge.rollouts.runs import actor


@pytest.fixture
def project(replays, coin, monkeypatch):
    """Each batch has items of its own, of 20 families; `.passes` says which the champion passes."""
    seed = [0]

    def survey(progress=None):
        numbers = [100 * seed[0] + n for n in range(60)]
        return [
            WorkItem(f"r{n:02}", f"Rule r{n:02}", "low", f"f{n % 20}", f"r{n:02}", True, f"d{n}")
            for n in numbers
        ]

    def start(config, home):
        def say(messages):
            number = int(messages[-1]["content"].split()[1][1:])
            good = replays.passes(config.adapter, number) if config.adapter else number % 3
            return "good" if good else "bad"

        return Parrot(config, say)

    def batch(number, name="mine"):
        seed[0] = number
        return replays(name)

    coin.survey = survey
    monkeypatch.setattr(actor, "_start_local", start)
    replays.batch, replays.passes = batch, lambda folder, number: number % 10 == 0
    return replays


def promoted(project, one, time="2026-01-01T00:00:00Z"):
    line = {"kind": "decision", "decision": "promoted", "time": time, "skill": "coin"}
    line |= {"role": "worker", "candidate": {"name": one.name, "digest": one.digest}}
    with decisions.opened(project.home) as book:
        book.append(line)
        champion.point(project.home, "coin.worker", stack(project, book.lines))


def stack(project, lines=None):
    lines = decisions.read(project.home) if lines is None else lines
    return champion.champion_stack(lines, "coin.worker")


@pytest.fixture
def mine(project):
    one = adapter(project.home, "mine", project.digest)
    promoted(project, one)
    return one


def test_a_first_champion_that_is_worse_than_the_base_model_is_taken_down(project, mine, capsys):
    for number in (1, 2, 3):
        project.batch(number)
    (left,) = recheck(project.config, dry=True)
    assert left.regressed.against == "base"
    assert not left.taken_down
    off = replace(project.config, promote=replace(project.config.promote, rollback=False))
    assert champion_check.check(off, [], dry=False) == 19
    assert "left as it is: forge rollback" in capsys.readouterr().out
    assert stack(project)[-1].candidate == mine.identity
    assert champion_check.check(project.config, ["coin.worker"], dry=False) == 19
    assert "taken down: it was the first, so the base model answers alone" in (
        capsys.readouterr().out
    )
    assert stack(project) == []
    assert not champion.pointer(project.home, "coin.worker").exists()
    line = decisions.read(project.home)[-1]
    assert line["why"].startswith("forge champion check: ")
    assert line["evidence"]["tests"][0]["p"] <= line["evidence"]["alpha"]
    # It is not promoted again by itself.
    assert _rollback_of(decisions.read(project.home), mine.identity) == line
    assert recheck(project.config) == []
    promoted(project, mine)
    assert stack(project)[-1].candidate == mine.identity


def test_the_champion_before_is_champion_again_and_is_compared_where_it_was_asked(project):
    old = adapter(project.home, "old", project.digest, 0.7)
    new = adapter(project.home, "mine", project.digest)
    for one in (old, new):
        promoted(project, one)
    project.passes = lambda folder, number: number % 3 if "old" in folder else number % 10 == 0
    for number in (1, 2, 3):
        project.batch(number)
        project.batch(number, "old")
    (done,) = recheck(project.config)
    assert {test.against for test in done.tests} == {"base", "champion before"}
    assert all(test.difference < 0 for test in done.tests)
    assert done.restored == old.identity
    assert [term.candidate for term in stack(project)] == [old.identity]


def test_one_that_is_as_good_stays(project, mine, capsys):
    project.passes = lambda folder, number: (number + 1) % 3
    for number in (1, 2):
        project.batch(number)
    assert champion_check.check(project.config, [], dry=False) == 0
    assert "not shown to be worse" in capsys.readouterr().out
    assert stack(project)[-1].candidate == mine.identity


def test_items_from_before_the_promotion_do_not_count(project, capsys):
    one = adapter(project.home, "mine", project.digest)
    for number in (1, 2, 3):
        project.batch(number)
    promoted(project, one, "2999-01-01T00:00:00Z")
    (done,) = recheck(project.config)
    assert done.tests == ()
    assert champion_check.check(project.config, [], dry=False) == 0
    assert "nothing to read yet" in capsys.readouterr().out


def test_each_test_has_a_third_of_the_budget_and_json_has_all(project, mine, capsys):
    project.batch(1)
    (done,) = recheck(project.config, dry=True)
    assert done.alpha == pytest.approx(0.05 / 3)
    (facts,) = [champion_check._facts(done)]
    assert json.loads(json.dumps(facts))["tests"][0]["against"] == "base"
