"""A folder with a pytest suite, understood as a `command` skill: a function is an item.

Each function and method of a module that a test imports is taken out, and is to be written
again from its head and docstring; the suite judges. What stands there now is the gold answer.
"""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.errors import RunError
from harness_forge.rollouts.environments.command.items import files_below

_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test|conftest|setup)\.py$")
_HELPER = re.compile(r"(?:^|/)tests?/")
"""What lies there helps to judge, and is nobody's to write again."""
_SKIPS = re.compile(
    r"\b(?:skip|skipif|skipIf|skipUnless|skipTest|importorskip|xfail|expectedFailure)\b"
)
_LONG = 900
"""Characters of a gold answer from which 256 tokens may not hold it."""

_DISTRIBUTIONS = """
import importlib.metadata as metadata, json, sys
names = metadata.packages_distributions()
print(json.dumps({"version": sys.version.split()[0], "of": {k: v[0] for k, v in names.items()}}))
"""


@dataclass(frozen=True)
class Suite:
    """What was understood of a folder.

    Args:
        rows: the items' rows.
        tests, modules: files that test, and files whose functions are items.
        untested: modules that no test imports.
        skipping: files of tests of which some are skipped, or expected to fail.
        packages: Python packages that the files import; python: the Python that has them.
        unknown: imports of which it has no package.
    """

    rows: Sequence[Mapping[str, Any]]
    tests: Sequence[str]
    modules: Sequence[str]
    untested: Sequence[str]
    skipping: Sequence[str]
    packages: Sequence[str]
    python: str
    unknown: Sequence[str]
    source_folder: bool

    @property
    def long(self) -> int:
        """How many gold answers an answer of 256 tokens may not hold."""
        return sum(len(row["source"]) > _LONG for row in self.rows)


def understood(folder: Path) -> Suite:
    """Return what a folder holds.

    Raises:
        RunError: it has no tests, or no function of a module that they import.
    """
    texts = {
        path: data.decode("utf-8-sig", "replace")
        for path, (data, _) in files_below(folder, str(folder)).items()
        if path.endswith(".py")
    }
    trees = {path: tree for path, text in texts.items() if (tree := _parsed(text))}
    tests = [p for p in trees if _TEST.search(p) and not p.endswith(("conftest.py", "setup.py"))]
    if not tests:
        what = "holds no test that pytest would find (test_*.py)"
        raise RunError(str(folder), what, "docs/environments.md: items of another form")
    others = [path for path in trees if not _TEST.search(path) and not _HELPER.search(path)]
    passed_on = {
        path: _passed_on(trees[path], path) for path in others if path.endswith("__init__.py")
    }
    imported = {path: _followed(_seen(path, trees), passed_on) for path in tests}
    covering = {path: [test for test in tests if _covers(imported[test], path)] for path in others}
    rows = [
        row
        for path in others
        if covering[path]
        for row in _functions(path, texts[path], trees[path], covering[path])
    ]
    if not rows:
        what = "no function stands in a module that a test imports"
        raise RunError(str(folder), what, "docs/environments.md: items of another form")
    local = {part for path in trees for part in _dotted(path)[0].split(".")}
    asked = {name.split(".")[0] for path in trees for name in _imports(trees[path], path)}
    python, found = _python(folder)
    foreign = sorted(asked - local - set(sys.stdlib_module_names) - {"pytest"})
    return Suite(
        rows=rows,
        tests=tests,
        modules=sorted({row["path"] for row in rows}),
        untested=[path for path in others if not covering[path]],
        skipping=[path for path in tests if _SKIPS.search(texts[path])],
        packages=["pytest", *sorted({found[name] for name in foreign if name in found})],
        python=python,
        unknown=[name for name in foreign if name not in found],
        source_folder=(folder / "src").is_dir(),
    )


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _seen(test: str, trees: Mapping[str, ast.Module]) -> Iterator[str]:
    """Yield the names of what a test imports, and of what its fixtures' files do."""
    yield from _imports(trees[test], test)
    parts = test.split("/")[:-1]
    for end in range(len(parts) + 1):
        fixtures = "/".join([*parts[:end], "conftest.py"])
        if fixtures in trees:
            yield from _imports(trees[fixtures], fixtures)


def _imports(tree: ast.Module, path: str) -> Iterator[str]:
    """Yield the names of what a file imports: modules, names in them, `package.*` for all."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (word for name in node.names for word in (name.name, f"{name.name}.*"))
        elif isinstance(node, ast.ImportFrom):
            module = _module(node, path)
            yield module
            yield from (f"{module}.{name.name}".lstrip(".") for name in node.names)


def _module(node: ast.ImportFrom, path: str) -> str:
    """Return the module that names are taken from; a relative one is said from the folder on."""
    if not node.level:
        return node.module or ""
    folders = path.split("/")[: -node.level]
    return ".".join([*folders, *([node.module] if node.module else [])])


def _passed_on(tree: ast.Module, path: str) -> dict[str, set[str]]:
    """Return what a package gives out that stands in its modules: name -> where that is."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = _module(node, path)
            for name in node.names:
                found[name.asname or name.name] = {module, f"{module}.{name.name}"}
    return found


def _followed(names: Iterable[str], passed_on: Mapping[str, Mapping[str, set[str]]]) -> set[str]:
    """Return the names, and those of where packages that only pass them on have them from."""
    packages = [(f"{one}.", given) for path, given in passed_on.items() for one in _dotted(path)]
    waiting, found = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for package, given in packages:
            if name == f"{package}*":
                waiting += [one for places in given.values() for one in places]
            elif name.startswith(package):
                waiting += given.get(name.removeprefix(package), given.get("*", ()))
    return found


def _dotted(path: str) -> list[str]:
    """Return the names by which a module may be imported, the longest first."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return [".".join(parts[start:]) for start in range(len(parts))]


def _covers(imported: set[str], path: str) -> bool:
    return any(name in imported for name in _dotted(path))


def _functions(
    path: str, text: str, tree: ast.Module, tests: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield a row for each function and method of a module that has more than a docstring."""
    lines = io.StringIO(text, newline="").readlines()  # as Python counts them
    module = _dotted(path)[0]
    for name, node, within in _defined(tree.body):
        said = ast.get_docstring(node)
        body = node.body[1:] if said is not None else node.body
        if not body or node.lineno == body[0].lineno:
            continue
        begins, first = _begins(body[0]), _begins(node) - 1
        head = "".join(lines[first : (node.body[0].end_lineno if said else begins - 1)])
        if not head.endswith("\n"):
            continue  # the docstring shares its line with a statement
        # Of a method the lines that open its classes, for it says little without them.
        around = "".join(line for one in within for line in lines[one.lineno - 1 : _opened(one)])
        yield {
            "id": f"{module}.{name}",
            "title": (said or name).splitlines()[0],
            "module": module,
            "name": name,
            "path": path,
            "head": f"{around}{head}".rstrip("\n"),
            "margin": _indent(lines[first]),
            "before": "".join(lines[:first]),
            "stub": f"{head}{_indent(lines[begins - 1])}raise NotImplementedError\n",
            "source": "".join(lines[first : node.end_lineno]),
            "after": "".join(lines[node.end_lineno :]),
            "tests": " ".join(tests),
        }


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _defined(
    body: Sequence[ast.stmt], within: Sequence[ast.ClassDef] = ()
) -> Iterator[tuple[str, _Function, Sequence[ast.ClassDef]]]:
    """Yield name, function and classes around it; of one that is said again the last."""
    prefix = "".join(f"{one.name}." for one in within)
    last = {
        _name(node): node for node in body if isinstance(node, _Function)
    }  # what is said before are overloads
    yield from ((f"{prefix}{name}", node, within) for name, node in last.items())
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _defined(node.body, (*within, node))


def _name(node: _Function) -> str:
    """Return a function's name; a property has up to three of one name."""
    for one in node.decorator_list:
        if isinstance(one, ast.Attribute) and one.attr in ("setter", "deleter"):
            return f"{node.name}.{one.attr}"
    return node.name


def _opened(node: ast.ClassDef) -> int:
    """Return the last line of a class's head, its docstring included."""
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        return first.end_lineno or first.lineno
    return max(node.lineno, _begins(first) - 1)


def _begins(node: ast.stmt) -> int:
    """Return a statement's first line, its decorators' included."""
    return min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _python(folder: Path) -> tuple[str, dict[str, str]]:
    """Return a Python that has pytest, '' for the one that runs forge, and its packages.

    Raises:
        RunError: none of those at hand has it.
    """
    for python in (folder / ".venv/bin/python", Path(sys.executable)):
        if not python.is_file():
            continue
        done = subprocess.run([python, "-c", _DISTRIBUTIONS], capture_output=True, text=True)
        found = json.loads(done.stdout)["of"] if done.returncode == 0 else {}
        if "pytest" in found:
            return "" if python == Path(sys.executable) else str(python.absolute()), found
    what = f"neither {folder}/.venv nor {sys.executable} has pytest"
    raise RunError(str(folder), what, f"{sys.executable} -m pip install pytest")
