"""The questions that a suite asks a model, with what counts as right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.config.skill import EnvironmentKind, filling_command
from harness_forge.config.suite import SuiteConfig, SuiteKind
from harness_forge.core.errors import ConfigError, EvalError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.records import Split
from harness_forge.evaluation import suites
from harness_forge.evaluation.lmeval.folder import Document, fingerprint
from harness_forge.evaluation.suites import turns
from harness_forge.rollouts import opening
from harness_forge.rollouts.policies import prompts
from harness_forge.store.opening import opened_skill
from harness_forge.store.splits.assign import parts
from harness_forge.store.splits.looks import item_keys


@dataclass(frozen=True)
class Questions:
    """The questions about one skill, or of one suite of local files.

    Args:
        content_digest: of the content that the items and their targets come from.
        items: the work items that are looked at; () if there are none.
        keys: the same items by their content.
    """

    skill: str
    content_digest: str
    documents: Sequence[Document]
    items: Sequence[str] = ()
    keys: Sequence[str] = ()


def collect(config: ForgeConfig, suite: SuiteConfig, split: str) -> list[Questions]:
    """Return the questions of a suite: of each skill on a split, or of its local files.

    Raises:
        ConfigError: there is no such split, or no such category.
        EvalError: there is nothing to ask, or a file cannot be used.
    """
    _check_split(split)
    if suite.kind in suites.LOADERS:
        documents = suites.load(suite)
        return [Questions(suite.name, fingerprint(documents), documents)]
    if suite.kind is SuiteKind.worker:
        found = [_work_items(each, suite, Split(split)) for each in skills_of(config)]
    else:
        found = [_turns(each, suite, Split(split)) for each in skills_of(config)]
    if not any(found):
        raise EvalError(f"split={split}", *_nothing(config, suite))
    return [questions for questions in found if questions]


def of_split(suite: SuiteConfig) -> bool:
    """Return whether a suite's items are those of a split."""
    return suite.kind not in suites.LOADERS


def _check_split(split: str) -> None:
    known = (Split.TRAIN, Split.VALIDATION, Split.HOLDOUT)
    if split not in known:
        hint = f"{did_you_mean(split, known)}splits: {', '.join(known)}"
        raise ConfigError(f"split={split}", "there is no such split to ask on", hint)


def _nothing(config: ForgeConfig, suite: SuiteConfig) -> tuple[str, str]:
    if suite.kind is SuiteKind.worker:
        what = f"no work item of {config.skill.name} is in it"
        return what, f"`{filling_command(config.skill)}` brings work items in and divides them"
    what = f"no turn of the {suite.kind.value} of {config.skill.name} in it can be judged"
    return what, f"leave suite {suite.name} out, or choose a skill with runs that had one"


def _turns(config: ForgeConfig, suite: SuiteConfig, split: Split) -> Questions | None:
    with opened_skill(config) as store:
        items, splits = store.items(), store.splits()
        with store.connect_read_only() as connection:
            found = turns.collect(connection, suite, config.skill.name, split.value)
    held_out = parts(items, splits)
    documents = [
        replace(document, part=held_out.get(document.title, split.value)) for document in found
    ]
    looked = sorted({document.title for document in documents})
    keys = item_keys(item for item in items if item.item_id in looked)
    return Questions(config.skill.name, "", documents, looked, keys) if documents else None


def _work_items(config: ForgeConfig, suite: SuiteConfig, split: Split) -> Questions | None:
    with opened_skill(config) as store:
        items, splits = store.items(), store.splits()
    chosen = [i for i in items if i.full_cycle and splits.get(i.group_key) is split]
    if not chosen:
        return None
    held_out = parts(items, splits)
    environment = opening.open_environment(config)
    try:
        tools, content = environment.tools, environment.content_digest
        argument = environment.argument if prompts.takes_script(environment.argument) else ""
        names = _targets(config, environment)
    finally:
        environment.close()
    with opened_skill(config) as store, store.connect_read_only() as connection:
        passed = turns.passed_answers(connection, split.value, argument)
    documents = [
        Document(
            skill=config.skill.name,
            item_id=item.item_id,
            title=item.title,
            family=item.family,
            group_key=item.group_key,
            part=held_out.get(item.item_id, split.value),
            messages=prompts.worker_messages(item, config.skill.host, prompt=config.prompt),
            tools=tools,
            tool=tools[0]["function"]["name"],
            argument=argument,
            targets=names.get(item.item_id, ()),
            references=passed.get(item.item_id, ()),
        )
        for item in sorted(chosen, key=lambda item: item.item_id)[: suite.limit or None]
    ]
    looked = [document.item_id for document in documents]
    keys = item_keys(item for item in chosen if item.item_id in looked)
    return Questions(config.skill.name, content, documents, looked, keys)


def _targets(config: ForgeConfig, environment) -> dict[str, tuple[str, ...]]:
    if config.skill.environment is EnvironmentKind.scap:
        from harness_forge.rollouts.environments.scap.targets import targets

        return targets(environment.rules)
    return {}
