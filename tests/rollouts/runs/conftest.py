"""A small world of ours: an item passes when the script says `good`."""

import threading
from dataclasses import replace

import pytest
from asked_models import Parrot, adapter, base_model

from harness_forge.config.policy import PolicyConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.store import StoreConfig
from harness_forge.core.records import Origin, Outcome, TeacherAnswer, WorkItem
from harness_forge.evaluation.replay import replay
from harness_forge.registry.models.folder import find_base_model
from harness_forge.rollouts import opening
from harness_forge.rollouts.runs import actor

TOOL = {
    "type": "function",
    "function": {
        "name": "apply_fix",
        "parameters": {
            "type": "object",
            "properties": {"fix_script": {"type": "string"}},
            "required": ["fix_script"],
        },
    },
}


class Coin:
    """An environment without a sandbox: what runs are, not what a scanner is, is tested here.

    `fault`, when set, is raised at the nth attempt.
    """

    skill, evaluator, evaluator_version, content_digest = "coin", "coin", "1", "abc"
    tools = (TOOL,)
    argument = "fix_script"

    def __init__(self, size=24):
        self.size, self.attempts, self.fault, self.at = size, 0, None, 0
        self._lock = threading.Lock()

    def survey(self, progress=None):
        return [
            WorkItem(f"r{n:02}", f"Rule {n}", "low", f"f{n % 3}", f"r{n:02}", n != 5, "d")
            for n in range(self.size)
        ]

    def shortfall(self, items):
        return []

    def judge_call(self, item_id, call):
        return self.attempt(item_id, call.arguments["fix_script"])

    def attempt(self, item_id, script):
        with self._lock:
            self.attempts += 1
            if self.fault is not None and self.attempts >= self.at:
                raise self.fault
        passed = "good" in script
        return Outcome(
            passed, float(passed), 1.0, None if passed else "target_fails", "x", "coin", "1"
        )

    def gold(self, item_id, fallback=True):
        return [
            TeacherAnswer(Origin.OURS, "w", {"fix_script": "bad" if item_id == "r07" else "good"}),
            TeacherAnswer(Origin.CONTENT, "content", {"fix_script": "good, long"}),
        ]

    def mutated(self, item_id, limit=3):
        return [
            TeacherAnswer(Origin.MUTATED, f"m{n}", {"fix_script": f"bad {n}"}, "why")
            for n in range(min(2, limit))
        ]

    def close(self):
        pass


@pytest.fixture
def coin():
    return Coin()


@pytest.fixture
def skill(store):
    store.upgrade("coin")
    return store.skill("coin")


@pytest.fixture
def config(store, tmp_path):
    store.upgrade("stig")
    return ForgeConfig(
        skill=SkillConfig(name="stig", host="h"),
        store=StoreConfig(url=store.url),
        forge_home=str(tmp_path),
    )


@pytest.fixture
def replays(coin, store, tmp_path, monkeypatch):
    """Returns a function that replays; `.started` are the models that were asked."""
    coin.size = 60
    coin.gold = lambda item, fallback=True: type(coin).gold(coin, "" if item == "r07" else item)
    monkeypatch.setattr(opening, "open_environment", lambda config: _named(coin, config.skill.name))
    started = []

    def start(config, home):
        started.append(config)

        def say(messages):
            # The adapter passes two rules of three, the base model one of ten.
            number = int(messages[-1]["content"].split()[1][1:])
            return "good" if (number % 3 if config.adapter else number % 10 == 0) else "bad"

        return Parrot(config, say)

    monkeypatch.setattr(actor, "_start_local", start)
    base = base_model(tmp_path / "small")
    config = ForgeConfig(
        forge_home=str(tmp_path),
        skill=SkillConfig(name="coin", host="Example 1"),
        store=StoreConfig(url=store.url),
        model=base,
    )
    opening.run(replace(config, policy=PolicyConfig()))
    digest = find_base_model(base, tmp_path).digest
    adapter(tmp_path, "mine", digest)

    def go(name="mine", settings=config, **run):
        settings = replace(settings, run=replace(settings.run, **run))
        return replay(settings, tmp_path / "outputs/replay", name)

    go.home, go.started, go.config, go.digest = tmp_path, started, config, digest
    go.out = tmp_path / "outputs/replay"
    return go


def _named(coin, skill):
    coin.skill = skill
    return coin
