"""What a model is asked on a split, and what its answers are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness_forge import worlds
from harness_forge.errors import ConfigError, EvalError
from harness_forge.evaluators.lmeval.folder import Document
from harness_forge.policies import prompts
from harness_forge.records import Split
from harness_forge.schema import EnvironmentKind, ForgeConfig, skills_of
from harness_forge.splits.assign import parts

_ARGUMENT = "fix_script"


@dataclass(frozen=True)
class Questions:
    """What is asked of one skill.

    Args:
        content_digest: of the content that the items and their targets come from.
    """

    skill: str
    content_digest: str
    documents: Sequence[Document]


def collect(config: ForgeConfig, split: str) -> list[Questions]:
    """Return what is asked on a split: the items that a run would attempt, skill by skill.

    Raises:
        ConfigError: there is no such split.
        EvalError: no work item is in it.
    """
    known = (Split.TRAIN, Split.VALIDATION, Split.HOLDOUT)
    if split not in known:
        hint = f"splits: {', '.join(known)}"
        raise ConfigError(f"split={split}", "there is no such split to ask on", hint)
    found = [_questions(each, Split(split)) for each in skills_of(config)]
    if not any(found):
        raise EvalError(
            f"split={split}",
            f"no work item of {config.skill.name} is in it",
            "`forge run policy=gold` surveys and divides the work items",
        )
    return [questions for questions in found if questions]


def _questions(config: ForgeConfig, split: Split) -> Questions | None:
    with worlds.opened_skill(config) as store:
        items, splits = store.items(), store.splits()
    chosen = [i for i in items if i.full_cycle and splits.get(i.group_key) is split]
    if not chosen:
        return None
    held_out = parts(items, splits)
    environment = worlds.open_environment(config)
    try:
        tools, content = environment.tools, environment.content_digest
        names = _targets(config, environment)
    finally:
        environment.close()
    documents = [
        Document(
            skill=config.skill.name,
            item_id=item.item_id,
            title=item.title,
            family=item.family,
            group_key=item.group_key,
            part=held_out.get(item.item_id, split.value),
            messages=prompts.worker_messages(item, config.skill.host),
            tools=tools,
            tool=tools[0]["function"]["name"],
            argument=_ARGUMENT,
            targets=names.get(item.item_id, ()),
        )
        for item in sorted(chosen, key=lambda item: item.item_id)[: config.suite.limit or None]
    ]
    return Questions(config.skill.name, content, documents)


def _targets(config: ForgeConfig, environment) -> dict[str, tuple[str, ...]]:
    if config.skill.environment is EnvironmentKind.scap:
        from harness_forge.environments.scap.targets import targets

        return targets(environment.rules)
    raise AssertionError(config.skill.environment)
