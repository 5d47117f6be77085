"""Judge the answer of a Harbor task: run in the task's verifier, by its test.

An answer is a folder with a file for each argument of the tool. Here its files are only read,
as data: the judge carries the answer out in its sandbox, on the item as it was, and
looks at what else changed. No reward is written where the fault is the machine's.

    python -m harness_forge.rollouts.harbor.judging prepare HOME [DATASTREAM PACKAGE]
    python -m harness_forge.rollouts.harbor.judging judge TESTS ANSWER LOGS HOME
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import ForgeError
from harness_forge.core.records import ToolCall
from harness_forge.rollouts.environments.environment import Environment
from harness_forge.rollouts.environments.sandbox import tools
from harness_forge.rollouts.environments.scap import packages
from harness_forge.rollouts.harbor import portable

MOST_BYTES = 1 << 20
"""Of one argument; a longer answer fails."""

REWARD = "reward.json"
NO_VERDICT = 3
"""The exit code where nothing could be judged."""


class NoAnswer(Exception):
    """The folder holds no answer; `args[0]` says why."""


def main(argv: list[str]) -> int:
    """Prepare the image, or judge."""
    try:
        if argv[:1] == ["prepare"]:
            return prepare(Path(argv[1]), *argv[2:])
        _, tests, answer, logs, home = argv
        return judge(Path(tests), Path(answer), Path(logs), Path(home))
    except ForgeError as error:
        print(error, file=sys.stderr)
        return NO_VERDICT


def prepare(home: Path, datastream: str = "", package: str = "") -> int:
    """Fetch the sandbox's tools, and the content if it is of a package."""
    if package:
        config = ScapConfig(datastream=datastream, package=package, profile="", platform="")
        packages.setup(config, home)
    else:
        tools.ensure(home)
    return 0


def judge(tests: Path, answer: Path, logs: Path, home: Path) -> int:
    """Judge what is in `answer` and write `reward.json`; `verdict.json` says more.

    Raises:
        ForgeError: the sandbox does not work here; there is no reward then.
    """
    facts = portable.read(tests)
    logs.mkdir(parents=True, exist_ok=True)
    (logs / REWARD).unlink(missing_ok=True)
    environment = portable.opened(facts, tests, home)
    try:
        found = verdict(environment, facts["item"], answer)
        found["evaluator_version"] = environment.evaluator_version
    finally:
        environment.close()
    found["exported_with"] = facts["evaluator_version"]
    _write(logs / "verdict.json", found)
    print(f"{facts['item']}: {found['failure_mode'] or 'passed'}: {found['summary']}")
    if found["infrastructure"]:
        return NO_VERDICT
    _write(logs / REWARD, {"reward": float(found["passed"]), "value": found["value"]})
    return 0


def verdict(environment: Environment, item: str, folder: Path) -> dict[str, Any]:
    """Return what the environment says of the answer in a folder."""
    try:
        arguments = read_answer(folder, offered(environment))
    except NoAnswer as error:
        failed = {"passed": False, "value": 0.0, "failure_mode": "no_answer"}
        return {**failed, "summary": error.args[0], "infrastructure": False, "signals": {}}
    name = environment.tools[0]["function"]["name"]
    outcome = environment.judge_call(item, ToolCall(name, arguments))
    names = ("passed", "value", "failure_mode", "summary", "infrastructure")
    return {name: getattr(outcome, name) for name in names} | {"signals": dict(outcome.signals)}


def offered(environment: Environment) -> dict[str, Mapping[str, Any]]:
    """Return the arguments that an answer is asked for, with their schemas.

    A rule's answer is the script alone: what would undo it is not judged.
    """
    tool = environment.tools[0]["function"]
    properties = tool["parameters"].get("properties", {})
    if environment.argument == "fix_script":
        return {environment.argument: properties[environment.argument]}
    return dict(properties)


def read_answer(folder: Path, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the arguments that lie in a folder: a text as it is, another type as JSON.

    The newline at the end that an editor writes is left away.

    Raises:
        NoAnswer: there is none, or one that is no plain file, too long, or no JSON.
    """
    found: dict[str, Any] = {}
    for name, schema in known.items():
        if (data := _plain_file(folder / name)) is None:
            continue
        try:
            text = data.decode("utf-8").removesuffix("\n")
            found[name] = text if schema.get("type", "string") == "string" else json.loads(text)
        except UnicodeDecodeError:
            raise NoAnswer(f"{name} is not UTF-8") from None
        except (ValueError, RecursionError):
            raise NoAnswer(f"{name} is no JSON") from None
    if not found:
        raise NoAnswer(f"there is no file {' or '.join(known)} in the answer's folder")
    return found


def _plain_file(path: Path) -> bytes | None:
    """Return a file's bytes; a link or a pipe is none, so that an answer quotes no other file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NoAnswer(f"{path.name} is no plain file: {error.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise NoAnswer(f"{path.name} is no plain file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(MOST_BYTES + 1)
    finally:
        os.close(handle)
    if len(data) > MOST_BYTES:
        raise NoAnswer(f"{path.name} is longer than {MOST_BYTES} bytes")
    return data


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(facts, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
