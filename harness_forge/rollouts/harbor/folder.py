"""One task folder of Harbor: instruction, settings, images, test, and solution if asked for."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.config.prompt import PromptConfig
from harness_forge.config.skill import EnvironmentKind, SkillConfig
from harness_forge.core.records import WorkItem
from harness_forge.core.version import __version__
from harness_forge.rollouts.environments.environment import Environment
from harness_forge.rollouts.environments.scap import root
from harness_forge.rollouts.harbor import images, judging, portable
from harness_forge.rollouts.policies.prompts import worker_messages

CANARY = (
    "harness-forge canary 5b1d6c0e-94f7-4b0a-8f5e-2c7a3d9e6b41: held-out item, not for training"
)
"""Stands in every file of a held-out task. `forge audit --canaries` finds it in a dataset."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


@dataclass(frozen=True)
class Shared:
    """What all tasks of an export have in common.

    Args:
        archive, mounts: a file and a folder beside the tasks; tasks have links to what is in them.
        packages: Python packages of the judge's commands, as `name==version`.
        solutions: whether the known answers are given away too.
    """

    skill: SkillConfig
    prompt: PromptConfig
    environment: Environment
    archive: Path
    mounts: Path
    image: str
    packages: Sequence[str]
    solutions: bool


def names(items: Sequence[WorkItem]) -> dict[str, str]:
    """Return the folder of each item: its id, or one made of it where that is no name of a folder.

    Two ids that differ in case alone are no two folders everywhere.
    """
    ids = [item.item_id for item in items]
    lower = Counter(name.lower() for name in ids)
    return {
        name: name if _is_plain(name) and lower[name.lower()] == 1 else _made(name) for name in ids
    }


def _is_plain(name: str) -> bool:
    return bool(_PLAIN.fullmatch(name)) and not name.endswith(".")


def _made(name: str) -> str:
    words = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:60] or "item"
    return f"{words}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def write(shared: Shared, item: WorkItem, split: str, folder: Path, *, held: bool) -> bool:
    """Write a task; return whether it has a solution.

    Raises:
        RunError: the item does not fit into a task.
    """
    for part in ("environment", "tests"):
        (folder / part).mkdir(parents=True)
    mark = CANARY if held else ""
    _text(folder / "task.toml", _settings(shared, item, split, mark), mark, "# ")
    _text(folder / "instruction.md", _instruction(shared, item), mark, "<!-- ", " -->")
    _agent(shared, folder / "environment", mark)
    _verifier(shared, item, folder / "tests", mark)
    answers = shared.environment.gold(item.item_id) if shared.solutions else []
    if answers:
        (folder / "solution").mkdir()
        solution = _solution(answers[0].arguments, judging.offered(shared.environment))
        _text(folder / "solution/solve.sh", solution, mark, "# ")
        (folder / "solution/solve.sh").chmod(0o755)
    return bool(answers)


def _text(path: Path, text: str, mark: str, start: str, end: str = "") -> None:
    """Write a text with the mark in its first line, or in its second where a program is named."""
    if mark:
        head, rest = text.split("\n", 1) if text.startswith("#!") else ("", text)
        text = "\n".join([*([head] if head else []), f"{start}{mark}{end}", rest])
    path.write_text(text, encoding="utf-8", errors="surrogatepass")


def _settings(shared: Shared, item: WorkItem, split: str, mark: str) -> str:
    environment = shared.environment
    facts = {
        "made_by": f"harness-forge {__version__}",
        "skill": environment.skill,
        "item": item.item_id,
        "family": item.family,
        "split": split,
        "evaluator": environment.evaluator,
        "evaluator_version": environment.evaluator_version,
        **({"canary": mark} if mark else {}),
    }
    tables: dict[str, Mapping[str, Any]] = {
        "metadata": facts,
        "agent": {"timeout_sec": 1800.0},
        "environment": {"build_timeout_sec": 1200.0, "cpus": 1, "memory_mb": 2048},
        "verifier": {"environment_mode": "separate", "timeout_sec": 600.0},
        "verifier.environment": {
            "network_mode": "no-network",
            "build_timeout_sec": 1800.0,
            "cpus": 2,
            "memory_mb": 4096,
        },
    }
    lines = ['schema_version = "1.4"', f"artifacts = {_toml([images.ANSWER])}"]
    for name, values in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
    return "\n".join([*lines, ""])


def _toml(value: Any) -> str:
    # A text of JSON is one of TOML, but for the character DEL.
    return json.dumps(value).replace("\x7f", "\\u007f")


def _instruction(shared: Shared, item: WorkItem) -> str:
    asked = worker_messages(item, shared.skill.host, prompt=shared.prompt)
    tool = shared.environment.tools[0]["function"]
    wanted = judging.offered(shared.environment)
    lines = [str(message["content"]) for message in asked]
    lines.append(
        f"## Your answer\n\nThere is no tool `{tool['name']}` here. Write what you would pass to "
        "it into files; nothing else is judged:"
    )
    lines.append("\n".join(f"- {_asked_for(name, one)}" for name, one in wanted.items()))
    if shared.skill.environment is EnvironmentKind.scap:
        lines.append(
            f"A copy of the host is in `{images.HOST}`, to look at. Your script is run on a fresh "
            "one, as root, with that host as `/` and without a network; then the rule is checked, "
            "and that nothing else got worse."
        )
    return "\n\n".join(lines) + "\n"


def _asked_for(name: str, schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "string")
    form = "text" if kind == "string" else f"JSON, {kind}"
    said = f": {schema['description']}" if schema.get("description") else ""
    return f"`{images.ANSWER}/{name}` ({form}){said}"


def _agent(shared: Shared, folder: Path, mark: str) -> None:
    scap = shared.skill.environment is EnvironmentKind.scap
    _text(folder / "Dockerfile", images.agent(shared.image, root=scap), mark, "# ")
    if scap:
        disk = root.disk(shared.skill.scap.platform)
        (folder / images.ROOT).write_bytes(gzip.compress(disk.archive, mtime=0))


def _verifier(shared: Shared, item: WorkItem, folder: Path, mark: str) -> None:
    portable.write(shared.skill, shared.environment, item.item_id, folder)
    parts = []
    if (
        shared.skill.environment is EnvironmentKind.scap
        and not (folder / portable.CONTENT).exists()
    ):
        parts = [shared.skill.scap.datastream, shared.skill.scap.package]
    docker = images.verifier(shared.image, parts, shared.packages)
    _text(folder / "Dockerfile", docker, mark, "# ")
    _text(folder / "docker-compose.yaml", images.COMPOSE, mark, "# ")
    _text(folder / "test.sh", images.TEST, mark, "# ")
    (folder / "test.sh").chmod(0o755)
    _link(str(shared.archive), str(folder / images.ARCHIVE))
    if shared.mounts.is_dir():
        shutil.copytree(shared.mounts, folder / portable.MOUNTS, copy_function=_link)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _solution(arguments: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    lines = ["#!/bin/bash", "set -e", f"mkdir -p {images.ANSWER}"]
    for name in wanted:
        if name in arguments:
            value = arguments[name]
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            data = base64.b64encode(f"{text}\n".encode("utf-8", "surrogatepass")).decode()
            lines.append(f"base64 -d > {images.ANSWER}/{name} <<< {data}")
    return "\n".join([*lines, ""])
