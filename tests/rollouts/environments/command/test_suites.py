"""A folder of tests, understood: its functions are items, its tests judge."""

import re
import subprocess
import sys
import textwrap

import pytest

from harness_forge.core.errors import RunError
from harness_forge.rollouts.environments.command import suites, writing
from harness_forge.rollouts.environments.command.templates import TextTemplate, fields, indented

MODULE = '''"""Lamps."""
import json


def lit(lamp):
    """Return whether a lamp is lit.

    More words.
    """
    return lamp["on"]


@staticmethod
def dark(lamp): return not lit(lamp)


def count(lamps):
    total = sum(map(lit, lamps))
    return total


def empty():
    """Nothing to take out."""
'''


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "lamps"
    made.mkdir()
    (made / "lamps.py").write_text(MODULE)
    (made / "other.py").write_text("def unseen(x):\n    return x\n")
    (made / "test_lamps.py").write_text("from lamps import lit\nimport no_such_package\n")
    return made


def test_a_function_with_a_body_is_an_item(folder):
    suite = suites.understood(folder)
    assert [row["id"] for row in suite.rows] == ["lamps.lit", "lamps.count"]
    first, second = suite.rows
    assert first["title"] == "Return whether a lamp is lit."
    assert first["stub"].endswith('    """\n    raise NotImplementedError\n')
    assert second["stub"] == "def count(lamps):\n    raise NotImplementedError\n"
    for row in suite.rows:
        assert row["before"] + row["source"] + row["after"] == MODULE
        assert row["tests"] == "test_lamps.py"


def test_a_decorated_inner_function_is_no_part_of_the_stub(folder):
    (folder / "lamps.py").write_text(
        "from functools import wraps\n\n\ndef cached(fn):\n    @wraps(fn)\n"
        "    def inner():\n        return fn()\n    return inner\n"
    )
    (folder / "test_lamps.py").write_text("from lamps import cached\n")
    (row,) = suites.understood(folder).rows
    assert row["stub"] == "def cached(fn):\n    raise NotImplementedError\n"


CLASSES = '''class Lamp:
    """A lamp.

    It shines."""

    on = False

    def lit(self):
        """Return whether it is lit."""
        return self.on

    @property
    def watts(self):
        return 5 if self.on else 0

    @watts.setter
    def watts(self, value):
        self.on = bool(value)

    class Bulb:
        def glow(self):
            return "bright"
'''


def test_methods_are_items_too_with_the_heads_of_their_classes(folder):
    (folder / "lamps.py").write_text(CLASSES)
    rows = {row["name"]: row for row in suites.understood(folder).rows}
    assert list(rows) == ["Lamp.lit", "Lamp.watts", "Lamp.watts.setter", "Lamp.Bulb.glow"]
    lit = rows["Lamp.lit"]
    assert lit["id"] == "lamps.Lamp.lit"
    assert lit["head"].startswith(
        'class Lamp:\n    """A lamp.\n\n    It shines."""\n    def lit(self)'
    )
    assert lit["stub"].endswith('lit."""\n        raise NotImplementedError\n')
    assert rows["Lamp.watts"]["source"].startswith("    @property\n")
    assert rows["Lamp.Bulb.glow"]["head"].endswith("    class Bulb:\n        def glow(self):")
    for row in rows.values():
        assert row["before"] + indented(row["source"], row["margin"]) + row["after"] == CLASSES
        unindented = textwrap.dedent(row["source"])
        assert row["before"] + indented(unindented, row["margin"]) + row["after"] == CLASSES


def test_what_fixtures_import_is_tested_too(folder):
    (folder / "conftest.py").write_text("import other\n")
    assert [row["id"] for row in suites.understood(folder).rows] == [
        "lamps.lit",
        "lamps.count",
        "other.unseen",
    ]


def test_the_judge_takes_no_skipped_test_for_one_that_passed(folder, tmp_path):
    (folder / "test_lamps.py").write_text("import pytest\n\n\ndef test_it():\n    pytest.skip()\n")
    report = tmp_path / "report.xml"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "-c", "/dev/null", folder],
        check=True,
        capture_output=True,
    )
    wanted = re.search(r"grep -q '([^']+)'", writing._YAML)[1]
    assert 'errors="0" failures="0"' in report.read_text()
    assert wanted not in report.read_text()
    (folder / "test_lamps.py").write_text("def test_it():\n    pass\n")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "-c", "/dev/null", folder],
        check=True,
        capture_output=True,
    )
    assert wanted in report.read_text()


PACKAGE = {
    "src/kit/__init__.py": "from .words import *\nfrom kit.sums import add as plus\n",
    "src/kit/words.py": (
        "\ufefffrom typing import overload\nSEP = '\x0c\u2028'\n\n"
        "@overload\ndef twice(x: int) -> int:\n    ...\n\n"
        "def twice(x):\n    return x + x\n"
    ),
    "src/kit/sums.py": "def add(a, b):\n    return a + b\n",
    "src/kit/alone.py": "def unseen(x):\n    return x\n",
    "tests/helpers.py": "def near(a, b):\n    return abs(a - b) < 1\n",
    "tests/test_words.py": "from kit import twice\nfrom .helpers import near\n",
    "tests/test_sums.py": "import kit\n",
    "env/pyvenv.cfg": "",
    "env/lib/test_x.py": "import kit.alone\n",
}


def test_a_package_that_passes_its_functions_on(tmp_path):
    for path, text in PACKAGE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    suite = suites.understood(tmp_path)
    assert {row["id"]: row["tests"] for row in suite.rows} == {
        "src.kit.sums.add": "tests/test_sums.py",
        "src.kit.words.twice": "tests/test_sums.py tests/test_words.py",
    }
    assert suite.rows[1]["source"] == "def twice(x):\n    return x + x\n"
    assert suite.rows[1]["head"] == "def twice(x):"
    assert "src/kit/alone.py" in suite.untested
    assert suite.unknown == []


def test_what_it_does_not_know_is_said(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    suite = suites.understood(folder)
    paths = writing.write(suite, "lamps", folder)
    lines = writing.account(suite, "lamps", paths)
    assert lines[0] == "conf/skill/lamps.yaml and items/lamps.jsonl"
    assert "    whether these matter, which no test imports: other.py" in lines
    assert "    where these imports come from: no_such_package" in lines
    with pytest.raises(RunError, match=r"conf/skill/lamps.yaml: is there already"):
        writing.write(suite, "lamps", folder)


def test_skipped_tests_are_said_to_leave_items_out(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = "tests that are skipped or expected to fail, in test_lamps.py"
    suite = suites.understood(folder)
    assert said not in "".join(writing.account(suite, "l", ("a", "b")))
    with (folder / "test_lamps.py").open("a") as file:
        file.write("import pytest\n@pytest.mark.xfail\ndef test_x(): ...\n")
    assert said in "".join(writing.account(suites.understood(folder), "l", ("a", "b")))


def test_a_folder_without_tests_is_refused(tmp_path):
    (tmp_path / "a.py").write_text("def f():\n    return 1\n")
    with pytest.raises(RunError) as error:
        suites.understood(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: holds no test that pytest would find (test_*.py)\n"
        "  hint: docs/environments.md: items of another form"
    )


def test_tests_that_import_no_function_are_refused(tmp_path):
    (tmp_path / "test_a.py").write_text("def test_a():\n    assert 1\n")
    with pytest.raises(RunError, match="no function stands in a module that a test imports"):
        suites.understood(tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "forge env new: which folder?"),
        (["nowhere"], "forge env new: no such folder: nowhere"),
        (["."], "no name of a skill"),
    ],
)
def test_the_verb_says_what_it_wants(tmp_path, words, said):
    place = tmp_path / "1 folder"
    place.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "harness_forge.cli", "env", "new", *words],
        cwd=place,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert said in done.stderr


def test_an_answer_is_moved_to_where_it_belongs():
    place = TextTemplate("answer.a.py", "{before}{code|indent:margin}\n")
    scope = {"before": "class A:\n", "margin": "    "}
    for code in ("def f():\n    return 1", "  def f():\n      return 1"):
        rendered = place.render({**scope, "code": code}, "line 1")
        assert rendered == "class A:\n    def f():\n        return 1\n"
    as_it_is = '    def f():\n        return """a\nb"""'
    assert place.render({**scope, "code": as_it_is}, "line 1") == f"class A:\n{as_it_is}\n"
    assert place.render({**scope, "code": ""}, "line 1") == "class A:\n\n"
    assert fields("{before}{code|indent:item.margin}") == {"before", "code", "item", "item.margin"}
    with pytest.raises(RunError, match="has no field 'margin'"):
        place.render({"before": "", "code": "x"}, "line 1")
