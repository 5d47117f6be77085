"""GRPO's rewards: a skill's environment judges what an adapter in training answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import TrainError
from harness_forge.core.records import Split, WorkItem
from harness_forge.registry.models import folder, tool_form
from harness_forge.rollouts.environments.environment import Environment
from harness_forge.rollouts.judging import judged
from harness_forge.rollouts.opening import open_environment
from harness_forge.rollouts.runs import catalogue
from harness_forge.store.opening import opened_skill
from harness_forge.training import rewarded
from harness_forge.training.jobs import TrainingResult
from harness_forge.training.making import Watching

_ANEW = "export again: forge export format=grpo"


def train_rewarded(config: ForgeConfig, **watching: Unpack[Watching]) -> TrainingResult | None:
    """Train an adapter further on its own answers, judged in the environment of the skill.

    Only items of the training split are asked. Every answer is kept with its verdict.

    Args, raises: as `training.making.make`.

    Raises:
        RunError: the skill has no environment.
        SandboxError: its sandbox or content is missing.
    """
    environment = open_environment(config)
    try:
        with opened_skill(config) as store:
            items = catalogue.refresh(environment, store, config.split)
            judge = EnvironmentJudge(config, environment, items, store.splits())
        return rewarded.train_judged(config, judge, **watching)
    finally:
        environment.close()


class EnvironmentJudge:
    """Judges answers in an environment; the interface is `training.reward_server.Judge`.

    Args:
        items: all items of the environment.
        splits: by group key.
    """

    def __init__(
        self,
        config: ForgeConfig,
        environment: Environment,
        items: Sequence[WorkItem],
        splits: Mapping[str, Split],
    ) -> None:
        self._config, self._environment = config, environment
        self._items = {item.item_id: item for item in items}
        self._splits = splits
        self.evaluator = environment.evaluator
        self.evaluator_version = environment.evaluator_version

    def check(self, rows: Sequence[Mapping[str, Any]], where: Path) -> None:
        """Refuse prompts of another skill, of another content, and of items not trained on.

        Raises:
            TrainError: names the first.
        """
        for row in rows:
            what, hint = self._fault(json.loads(row["reference"]))
            if what:
                raise TrainError(str(where), what, hint)

    def verdict(self, reference: str, text: str, finish: str) -> dict[str, Any]:
        """Return what an answer comes to, with its item."""
        item = json.loads(reference)["item_id"]
        message = {"role": "assistant", "content": text}
        found = judged(self._environment, item, message, finish, self._form)
        return {"item_id": item, **found}

    @cached_property
    def _form(self) -> str:
        base = self._config.model
        return tool_form.form_of(folder.folder_of(base, Path(self._config.forge_home)), base)

    def _fault(self, named: Mapping[str, Any]) -> tuple[str, str]:
        """Return why a prompt must not be asked, and what to do; two empty texts if it may be."""
        name, skill = named["item_id"], self._config.skill.name
        if named.get("skill") not in (None, skill):
            what = f"item {name} is of skill {named['skill']}, and {skill} judges here"
            return what, f"skill={named['skill']}, or a dataset of {skill}"
        item = self._items.get(name)
        if item is None:
            return f"item {name} is not among the items of {skill}", _ANEW
        if named.get("check_digest") not in (None, item.digest):
            return f"item {name} was exported with another check than it has now", _ANEW
        split = self._splits.get(item.group_key)
        if split is not Split.TRAIN:
            side = f"the {split.value}" if split else "no"
            what = f"item {name} is on {side} side, and only training items may be asked"
            return what, f"its split is that of the store at hand; {_ANEW}"
        if not item.full_cycle:
            left_out = item.facts.get("left_out", "no answer is known to pass")
            return f"item {name} cannot be judged here: {left_out}", "`forge env check` says more"
        return "", ""
