"""A small world of ours: one-line functions, judged by a file of asserts in the sandbox."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from command_worlds import ROWS, SETTINGS

from harness_forge.config.compose.engine import compose
from harness_forge.rollouts.environments.command.environment import CommandEnvironment


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """The folder in which the trees of programs are kept: each is made once for all tests."""
    return tmp_path_factory.mktemp("programs")


@pytest.fixture
def home(tmp_path, programs):
    """A forge home with the sandbox's tools, which `forge env setup` unpacked in this clone."""
    tools = Path(__file__).parents[4] / ".forge/scap"
    if not (tools / "tools/tools.json").is_file():
        pytest.skip("the sandbox's tools are not unpacked: forge env setup")
    (tmp_path / "home/command").mkdir(parents=True)
    (tmp_path / "home/command/programs").symlink_to(programs)
    (tmp_path / "home/scap").symlink_to(tools)
    return tmp_path / "home"


@pytest.fixture
def shipped(home):
    """Opens the environment of a shipped skill, its items made with more options."""
    opened = []

    def open_shipped(skill, options):
        config = compose("target_a", [f"skill={skill}"]).skill.command
        config = replace(config, items_command=f"{config.items_command} {options}")
        opened.append(CommandEnvironment(skill, config, home))
        return opened[-1]

    yield open_shipped
    for one in opened:
        one.close()


@pytest.fixture
def settings():
    """The small world's settings, without items."""
    return SETTINGS


@pytest.fixture
def world(home, tmp_path):
    """Opens the environment with other settings or rows; closes what it opened."""
    opened = []

    def open_world(rows=ROWS, **changes):
        items = tmp_path / "items.jsonl"
        items.write_text("".join(json.dumps(row) + "\n" for row in rows))
        config = replace(SETTINGS, items=str(items))
        opened.append(CommandEnvironment("small", replace(config, **changes), home))
        return opened[-1]

    yield open_world
    for one in opened:
        one.close()
