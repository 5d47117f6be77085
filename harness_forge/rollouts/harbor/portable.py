"""A skill's settings for one item, written so that another machine judges it alike.

Nothing in them answers the item: no gold answer, no mutations, and of a row only the
fields that say where an answer is written. What the judge itself needs is there, so they
belong to the verifier and not to the agent.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from harness_forge.config.command import CommandConfig, CommandLimits
from harness_forge.config.scap import ScapConfig
from harness_forge.config.skill import EnvironmentKind, SkillConfig
from harness_forge.core.errors import RunError
from harness_forge.core.numbers import size
from harness_forge.rollouts.environments.command.environment import CommandEnvironment
from harness_forge.rollouts.environments.command.items import Item
from harness_forge.rollouts.environments.command.programs import packages_of_worksets
from harness_forge.rollouts.environments.command.templates import fields
from harness_forge.rollouts.environments.environment import Environment
from harness_forge.rollouts.environments.scap.environment import ScapEnvironment

SETTINGS, ITEM, FILES, CONTENT = "skill.json", "item.jsonl", "files", "content.xml"
MOUNTS = "mounts"
MOST_BYTES = 32 << 20
"""Of an item's files: each task has a copy, in an image that is built for it."""

_OWN = "forge"
"""The field of a written row that holds its rendered texts; others keep their names."""


def write(skill: SkillConfig, environment: Environment, item_id: str, folder: Path) -> None:
    """Write what `read` needs to judge one item.

    Raises:
        RunError: the item's files are too large for a task.
    """
    facts: dict[str, Any] = {"skill": skill.name, "environment": skill.environment.value}
    facts |= {"item": item_id, "evaluator_version": environment.evaluator_version}
    if skill.environment is EnvironmentKind.command:
        item = environment.items[item_id]
        facts["settings"] = asdict(_of_command(skill.command, item, folder))
    else:
        facts["settings"] = asdict(_of_scap(skill.scap, folder))
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """Return what `write` wrote: skill, environment, item, evaluator_version, settings."""
    return json.loads((folder / SETTINGS).read_text(encoding="utf-8"))


def opened(facts: Mapping[str, Any], folder: Path, home: Path) -> Environment:
    """Open the environment of what `read` returned.

    Raises:
        SandboxError: the sandbox's tools are missing.
    """
    settings = dict(facts["settings"])
    if facts["environment"] == EnvironmentKind.command.value:
        settings["limits"] = CommandLimits(**settings["limits"])
        config = CommandConfig(**settings)
        config = replace(
            config,
            items=str(folder / config.items),
            folder=str(folder / config.folder).replace("{", "{{").replace("}", "}}"),
            mounts={name: str(folder / place) for name, place in config.mounts.items()},
        )
        return CommandEnvironment(facts["skill"], config, home)
    config = scap_of(settings, folder)
    return ScapEnvironment(facts["skill"], config, home)


def scap_of(settings: Mapping[str, Any], folder: Path) -> ScapConfig:
    """Return the settings of a `scap` task; content of its own lies in `folder`."""
    own = folder / settings["datastream"]
    datastream = str(own) if own.is_file() else settings["datastream"]
    return ScapConfig(**{**settings, "datastream": datastream})


def _of_scap(config: ScapConfig, folder: Path) -> ScapConfig:
    own = Path(config.datastream)
    if own.is_file():
        shutil.copyfile(own, folder / CONTENT)
    datastream = CONTENT if own.is_file() else config.datastream
    # What is expected of all rules says nothing of one.
    return replace(config, datastream=datastream, expect={}, only="", without=[])


def _properties(config: CommandConfig) -> Mapping[str, Any]:
    parameters = (config.tool or {}).get("parameters") or {}
    return parameters.get("properties") or {}


def _of_command(config: CommandConfig, item: Item, folder: Path) -> CommandConfig:
    _write_files(item, folder / FILES)
    texts = ("id", "title", "family", "system", "prompt")
    own = {name: getattr(item, name) for name in texts}
    wanted = {field for pair in config.answer.items() for text in pair for field in fields(text)}
    # What a call says comes before a field of the same name: such a field may be the known answer.
    places = {field for path, _ in config.answer.items() for field in fields(path)}
    wanted -= set(_properties(config)) - places
    row = {name: item.row[name] for name in sorted(wanted & item.row.keys())}
    line = json.dumps({**row, _OWN: own}, ensure_ascii=False)
    (folder / ITEM).write_text(line + "\n", encoding="utf-8")
    return replace(
        config,
        items=ITEM,
        items_command="",
        folder=FILES,
        files={},
        families={},
        cluster="",
        gold={},
        mutations={},
        python="",
        mounts={name: f"{MOUNTS}/{name}" for name in (*config.mounts, *config.worksets)},
        worksets={},
        **{name: f"{{{_OWN}.{name}}}" for name in texts},
    )


def mounted(config: CommandConfig, home: Path) -> dict[str, Path]:
    """Return the folders that a skill's commands see besides the programs, by name."""
    folders = {name: Path(folder) for name, folder in config.mounts.items()}
    return folders | packages_of_worksets(config, home)


def _write_files(item: Item, folder: Path) -> None:
    folder.mkdir()
    total = sum(len(data) for data, _ in item.files.values())
    if total > MOST_BYTES:
        raise RunError(
            f"item {item.id}",
            f"has {size(total)} of files, and a task folder takes {size(MOST_BYTES)}",
            "mount what items share (skill.command.mounts), or leave it out with run.items",
        )
    for path, (data, executable) in item.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(0o755 if executable else 0o644)
