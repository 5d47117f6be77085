r"""The same run with a model that can: STIG rules, an adapter of ours, OpenSCAP as the judge.

The worker is asked in the words that the adapter was trained on, and each fix
runs on a disposable root. Where a loop has promoted its adapter, with vLLM's
workset installed:

    forge serve serve.port=8050 &
    forge proxy proxy=gemma_forge skill=gemma_stig \
        'proxy.patterns.gemma_stig.item="(?:\bRule: |\(\S+_rule_)(\w+)"' \
        'proxy.patterns.gemma_stig.role="You are the (\w+) of"' &
    python tests/collect/capture/stig_driver.py http://127.0.0.1:30000/v1 stig-champion \
        runs/run-20261121-081100.jsonl RULE …
    forge proxy join runs/run-20261121-081100.jsonl skill=gemma_stig
    forge export role=worker skill=gemma_stig
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from gemma_driver import PREFIX, Driver

from harness_forge.config.compose.engine import compose
from harness_forge.rollouts import opening as worlds
from harness_forge.rollouts.policies import prompts


class StigDriver(Driver):
    """One run over rules of the `stig` skill, one greedy try each.

    Args:
        world: judges fixes; the rules are its own.
        host: as the skill calls it.
    """

    temperature = 0.0
    # It was taught one call and no words after it: asked freely it makes the call again.
    closing: Mapping = {"tool_choice": "none", "max_tokens": 32}

    def __init__(self, url, model, log, world, host):
        super().__init__(url, model, log, self.passes, attempts=1, limit=256)
        self.world, self.host, self.tool = world, host, world.tools[0]
        self.items = {f"{PREFIX}{item.item_id}": item for item in world.survey()}

    def system(self, agent):
        told = prompts.worker_messages(next(iter(self.items.values())), self.host)[0]["content"]
        return told.replace("the worker of", f"the {agent} of")

    def task(self, rule, title, plan, attempt):
        return prompts.worker_messages(self.items[rule], self.host)[1]["content"]

    def passes(self, rule, script):
        """Run a fix and say whether the rule passes and nothing else got worse."""
        outcome = self.world.attempt(rule.removeprefix(PREFIX), script) if script else None
        passed = bool(outcome and outcome.passed)
        print(rule.removeprefix(PREFIX), "passed" if passed else "failed", flush=True)
        return passed


if __name__ == "__main__":
    place, name, file, *rules = sys.argv[1:]
    config = compose(None, ["skill=stig"])
    with closing(worlds.open_environment(config)) as opened:
        driver = StigDriver(place, name, Path(file), opened, config.skill.host)
        driver.all([(PREFIX + rule, driver.items[PREFIX + rule].title) for rule in rules])
