"""The base model against itself: what flips by itself, in a real store."""

import json
from dataclasses import replace

import pytest
from asked_models import Parrot, base_model

from harness_forge.config.policy import PolicyConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.store import StoreConfig
from harness_forge.evaluation.noise_floor import again
from harness_forge.rollouts import opening
from harness_forge.rollouts.runs import actor
from harness_forge.store.splits.holdout_ledger import HoldoutLedger


@pytest.fixture
def project(coin, store, tmp_path, monkeypatch):
    """Returns a function that asks twice; in batches of eight two items are answered otherwise."""
    coin.size = 60
    coin.gold = lambda item, fallback=True: type(coin).gold(coin, item)
    monkeypatch.setattr(opening, "open_environment", lambda config: coin)
    started = []

    def start(config, home):
        started.append(config.concurrency)

        def say(messages):
            number = int(messages[-1]["content"].split()[1][1:])
            good = number % 2 == 0
            return "good" if good != (config.concurrency == 8 and number < 30) else "bad"

        return Parrot(config, say)

    monkeypatch.setattr(actor, "_start_local", start)
    config = ForgeConfig(
        forge_home=str(tmp_path),
        skill=SkillConfig(name="coin", host="Example 1"),
        store=StoreConfig(url=store.url),
        model=base_model(tmp_path / "small"),
    )
    opening.run(replace(config, policy=PolicyConfig()))

    def go(split="validation"):
        return again(replace(config, run=replace(config.run, split=split)), tmp_path / "aa.json")

    go.out, go.started, go.home = tmp_path / "aa.json", started, tmp_path
    return go


def test_what_flips_by_itself_is_counted_and_named(project):
    floor = project("train")
    told = json.loads(project.out.read_text())
    assert told == floor.as_dict()
    both = floor.comparison.parts["all"]
    assert both.only_first > 0 and both.only_first + both.only_second == len(told["flips"])
    assert {len(set(runs)) for runs in told["runs"].values()} == {2}


def test_asked_again_it_asks_nobody(project):
    project()
    before = project.out.read_bytes()
    project()
    assert project.out.read_bytes() == before
    assert project.started == [32, 8]


def test_on_the_holdout_it_spends_nothing(project):
    project("holdout")
    looks = HoldoutLedger().all()
    assert len(looks) == 2 and not any(look.spends for look in looks)
