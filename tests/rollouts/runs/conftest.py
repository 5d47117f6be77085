"""A small world of ours: an item passes when the script says `good`."""

import threading

import pytest

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.store import StoreConfig
from harness_forge.core.records import Answer, Origin, Outcome, WorkItem

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
            Answer(Origin.OURS, "w", {"fix_script": "bad" if item_id == "r07" else "good"}),
            Answer(Origin.CONTENT, "content", {"fix_script": "good, long"}),
        ]

    def mutated(self, item_id, limit=3):
        return [
            Answer(Origin.MUTATED, f"m{n}", {"fix_script": f"bad {n}"}, "why") for n in range(2)
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
