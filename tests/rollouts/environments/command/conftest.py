"""A small world of ours: one-line functions, judged by a file of asserts in the sandbox."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness_forge.config.command import CommandConfig, MutationConfig
from harness_forge.rollouts.environments.command.environment import CommandEnvironment

TOOL = {
    "name": "write",
    "description": "Write solution.py.",
    "parameters": {"type": "object", "properties": {"code": {"type": "string"}}},
}
ROWS = [
    {"id": f"{name}_{k}", "kind": name, "does": f"n {sign} {k}", "given": 9, "wanted": wanted}
    for name, sign, k, wanted in (
        ("add", "+", 2, 11),
        ("add", "+", 3, 12),
        ("times", "*", 2, 18),
        ("times", "*", 3, 27),
    )
]
SETTINGS = CommandConfig(
    family="{kind}",
    prompt="Write f(n), which returns {does}.",
    tool=TOOL,
    files={"test_it.py": "from solution import f\nassert f({given}) == {wanted}, 'wrong number'\n"},
    answer={"solution.py": "{code}"},
    judge="python3 test_it.py",
    gold={"code": "def f(n):\n    return {does}  # as it was asked for\n"},
    mutations={"one_more": MutationConfig(find="return", replace="return 1 +", why="one more")},
)


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
