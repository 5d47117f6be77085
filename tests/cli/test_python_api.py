"""The functions that `import harness_forge` gives, and the page that shows them."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import harness_forge

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ONLY_HERE = {"ForgeConfig", "ForgeError", "opened_skill"}
"""Names of types, and of what verbs use through others."""


def imported_by_the_verbs():
    return {
        text
        for path in (ROOT / "harness_forge" / "cli").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
        for name in node.names
        for module in [node.module.removeprefix("harness_forge.")]
        for text in (f"{module}:{name.name}", f"{module}.{name.name}")
    }


@pytest.mark.parametrize("name", sorted(set(harness_forge.API) - ONLY_HERE))
def test_the_command_line_uses_the_same_function(name):
    module, _, attribute = harness_forge.API[name].partition(":")
    used = imported_by_the_verbs()
    assert f"{module}:{attribute or name}" in used or module in used


@pytest.mark.parametrize("name", harness_forge.API)
def test_a_name_is_there_documented_and_known_to_type_checkers(name):
    assert harness_forge.__getattr__(name).__doc__
    assert name in dir(harness_forge)
    assert name in harness_forge.__all__
    assert f" as {name}\n" in Path(harness_forge.__file__).read_text(encoding="utf-8")


def test_the_import_alone_loads_no_library():
    heavy = "hydra", "sqlalchemy", "numpy", "psycopg"
    code = f"import sys, harness_forge; print([one for one in {heavy} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'exprt'"):
        getattr(harness_forge, "exprt")  # noqa: B009


def test_the_pages_example_makes_an_audited_dataset(tmp_path):
    made = subprocess.run(
        [sys.executable, "-c", BLOCKS[0]], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert made.returncode == 0, made.stderr
    counts, outcome = made.stdout.splitlines()
    taken, kept = map(int, counts.split()[:2])
    assert taken == 60
    assert 0 < kept <= 40, "only what passed is kept"
    assert outcome == "True"


def test_the_loops_example_calls_what_there_is():
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(BLOCKS[1]))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "forge"
    }
    assert called >= {"compose", "run", "export", "train", "prove", "replay", "decide"}
    assert called <= set(harness_forge.API)
