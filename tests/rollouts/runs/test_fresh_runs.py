"""`forge compare --fresh`: what is read of runs on items that no look had seen."""

from dataclasses import replace

import pytest
from asked_models import adapter

from harness_forge.cli.compare import render_fresh
from harness_forge.core.records import WorkItem
from harness_forge.evaluation import fresh_runs
from harness_forge.store.opening import opened_skill
from harness_forge.store.splits.holdout_ledger import HoldoutLedger


@pytest.fixture
def project(replays, coin):
    """Each batch has items of its own; an item's cluster is its family."""
    seed = [0]

    def survey(progress=None):
        names = [f"r{100 * seed[0] + n:02}" for n in range(60)]
        return [
            WorkItem(name, f"Rule {name}", "low", f"f{n % 3}", name, True, f"d{name}")
            for n, name in enumerate(names)
        ]

    def batch(number, name="mine"):
        seed[0] = number
        return replays(name)

    coin.survey = survey
    replays.batch = batch
    return replays


def read(project, name="mine"):
    return fresh_runs.read(project.config, name)


def test_batches_add_up_and_each_other_policy_has_a_line(project):
    project.batch(1)
    once = read(project)
    project.batch(2)
    twice = read(project)
    assert set(twice.evidence) == set(fresh_runs.OPPONENTS)
    base = twice.evidence["base"]
    assert (once.evidence["base"].batches, base.batches) == (1, 2)
    assert base.items > once.evidence["base"].items
    assert base.whole.e_value > once.evidence["base"].whole.e_value > 1
    assert base.only_first > base.only_second
    # The same families again: nothing new about others.
    assert base.once.clusters < base.whole.clusters
    assert (twice.seen, twice.waiting) == (0, "")
    assert "against" in render_fresh(twice)


def test_the_same_items_again_are_not_fresh(project):
    project.batch(1)
    before = read(project)
    adapter(project.home, "other", project.digest, 0.7)
    project.batch(1, "other")
    assert read(project).evidence == before.evidence
    other = read(project, "other")
    assert other.evidence == {}
    assert other.seen == before.evidence["base"].items
    assert "no whole batch of such items yet" in render_fresh(other)


def test_a_batch_that_is_not_whole_ends_the_reading(project, coin):
    project.batch(1)
    with opened_skill(project.config) as store:
        run = next(r["id"] for r in store.runs() if r["policy"].startswith("model:mine"))
        store.finish_run(run, {}, "interrupted")
    found = read(project)
    assert found.evidence == {}
    assert found.waiting == f"run {run} of skill coin is interrupted: forge replay goes on with it"
    assert found.waiting in render_fresh(found)


def test_an_adapter_without_runs_has_no_evidence(project):
    assert read(project).evidence == {}
    assert HoldoutLedger().all() == []


def test_a_level_that_is_stricter_asks_for_more(project):
    for number in range(1, 4):
        project.batch(number)
    found = read(project)
    p = found.evidence["base"].whole.p
    assert p < 1
    assert replace(found, alpha=p).better("base")
    assert not replace(found, alpha=p / 2).better("base")
