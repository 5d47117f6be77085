"""A replay killed anywhere goes on: nothing asked twice counts twice, nothing is lost."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from asked_models import Parrot, adapter, base_model
from killing import count, killed

from harness_forge.config.policy import PolicyConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.store import StoreConfig
from harness_forge.evaluation import result_files
from harness_forge.evaluation.replay import LABELS, replay
from harness_forge.registry.models.folder import find_base_model
from harness_forge.rollouts import opening
from harness_forge.rollouts.runs import actor
from harness_forge.store.splits.holdout_ledger import HoldoutLedger


@pytest.fixture
def project(coin, store, tmp_path, monkeypatch):
    """Returns a function that replays on a store as it was before the first replay."""
    coin.size = 24
    coin.gold = lambda item, fallback=True: type(coin).gold(coin, item)
    monkeypatch.setattr(opening, "open_environment", lambda config: coin)

    def start(config, home):
        def say(messages):
            number = int(messages[-1]["content"].split()[1][1:])
            return "good" if (number % 3 if config.adapter else number % 10 == 0) else "bad"

        return Parrot(config, say)

    monkeypatch.setattr(actor, "_start_local", start)
    home = tmp_path / "home"
    config = ForgeConfig(
        forge_home=str(home),
        skill=SkillConfig(name="coin", host="Example 1"),
        store=StoreConfig(url=store.url),
        model=base_model(tmp_path / "small"),
    )
    opening.run(replace(config, policy=PolicyConfig()))
    adapter(home, "mine", find_base_model(config.model, home).digest)
    shutil.copytree(home, tmp_path / "before", symlinks=True)

    def go():
        return replay(config, tmp_path / "outputs/replay", "mine")

    def again():
        """Make everything as it was, so that the next replay is a first one."""
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "before", home, symlinks=True)
        for folder in (tmp_path / "outputs", Path("ledger")):
            shutil.rmtree(folder, ignore_errors=True)
        with store.skill("coin")._transaction() as connection:
            gone = "SELECT id FROM runs WHERE purpose = 'evaluate'"
            for table in ("turns", "attempts", "work_items"):
                connection.execute(f"DELETE FROM {table} WHERE run_id IN ({gone})")
            connection.execute("DELETE FROM runs WHERE purpose = 'evaluate'")

    go.again, go.home, go.out = again, home, tmp_path / "outputs"
    return go


def plain(done):
    """Return what a replay came to, without the ids of its runs."""
    facts = done.as_dict()
    for table in facts["policies"].values():
        for one in table.values():
            del one["run_id"]
    return facts


def kill(project, kills, seed):
    expected = plain(project())
    project.again()
    points, draw, stopped = count(project), random.Random(seed), 0
    for _ in range(kills):
        project.again()
        stopped += killed(project, points, draw)
        HoldoutLedger().all()  # parses
        summary = project.out / "replay.json"
        if summary.exists():
            json.loads(summary.read_text())
        assert plain(project()) == expected
        assert len(HoldoutLedger().all()) == len(LABELS)  # each policy looked once
        for label in LABELS:
            found = result_files.read(project.out / "replay" / f"{label}.jsonl")
            assert len(found) == expected["policies"][label]["all"]["items"]
    return stopped


def test_a_few_kills_lose_nothing(project):
    assert kill(project, 2, seed=3)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_kills_anywhere_lose_nothing(project):
    kills = 40
    stopped = kill(project, kills, seed=20261121)
    print(f"\nreplay: killed {stopped} of {kills} times")
    assert stopped > 0.7 * kills
