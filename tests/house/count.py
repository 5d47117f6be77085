"""Counts what the layout of a checkout comes to, so that two of them can be compared.

    python tests/house/count.py [CHECKOUT] [--no-trace] [--names]

CHECKOUT is the folder with `harness_forge` and `pyproject.toml`; the default is this one. It
reads files, and runs one small export of that checkout (with this Python's packages) to see
which files a row passes; `--no-trace` leaves that out. `--names` lists what was counted.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from house_words import RETIRED, uses

PACKAGE = "harness_forge"
SHORT = 60
KEYS = ("duplicates", "prompt_threshold", "max_bigram_repeat", "max_pairs_per_item")
"""Sections and keys of recipes, by their last word: who passes it on, and who reads it."""

Edges = Mapping[tuple[str, str], int]


class Checkout:
    """The modules of a checkout, by their dotted names."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = sorted(
            path for path in (root / PACKAGE).rglob("*.py") if "__pycache__" not in path.parts
        )
        self.trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in self.files}
        self.modules = {self.module(path): path for path in self.files}

    def module(self, path: Path) -> str:
        """Return the dotted name of a file."""
        parts = path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def imports(self, typing: bool = True) -> Iterator[tuple[Path, Path]]:
        """Yield each import of one of the package's files by another, wherever it stands.

        Args:
            typing: those too that only a type checker follows.
        """
        for path, tree in self.trees.items():
            for node in _nodes(tree, typing):
                for name in self._named(path, node):
                    found = self._file(name)
                    if found and found != path:
                        yield path, found

    def _named(self, path: Path, node: ast.AST) -> Iterable[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if not isinstance(node, ast.ImportFrom):
            return []
        base = node.module or ""
        if node.level:
            own = self.module(path).split(".")
            inside = own if path.name == "__init__.py" else own[:-1]
            base = ".".join([*inside[: len(inside) - node.level + 1], *filter(None, [base])])
        # A name may be a module of the folder, or something that its face offers.
        return [f"{base}.{alias.name}" for alias in node.names]

    def _file(self, name: str) -> Path | None:
        if not name.startswith(PACKAGE):
            return None
        return self.modules.get(name) or self.modules.get(name.rpartition(".")[0])

    def room(self, path: Path) -> str:
        """Return the folder under the package that a file is in, or its own name there."""
        return path.relative_to(self.root / PACKAGE).parts[0].removesuffix(".py")

    def folder(self, path: Path) -> str:
        """Return the folder that a file lies in."""
        return str(path.parent.relative_to(self.root))


def _nodes(node: ast.AST, typing: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        checks = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        if checks and not typing:
            for other in child.orelse:
                yield from _nodes(other, typing)
            continue
        yield child
        yield from _nodes(child, typing)


def main() -> None:
    """Read the command line, and print the counts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkout", type=Path, nargs="?", default=Path(__file__).parents[2])
    parser.add_argument("--no-trace", action="store_true", help="run no export")
    parser.add_argument("--names", action="store_true", help="list what was counted")
    given = parser.parse_args()
    checkout = Checkout(given.checkout.resolve())
    lines = [*_sizes(checkout), *_arrows(checkout), *_mentions(checkout)]
    if not given.no_trace:
        lines += _passed(checkout.root)
    for name, count, names in lines:
        print(f"{name:58}{count:>7}")
        if given.names:
            print("".join(f"    {one}\n" for one in names), end="")
    print(f"\n{'retired word':16}{'names':>7}{'in tests':>10}{'in texts':>10}{'in docs':>9}")
    for word in RETIRED:
        found = uses(checkout.root, word)
        print(f"{word:16}{found[0]:>7}{found[1]:>10}{found[2]:>10}{found[3]:>9}")


Line = tuple[str, int, Sequence[str]]


def _sizes(checkout: Checkout) -> Iterator[Line]:
    top = checkout.root / PACKAGE
    rooms = sorted({checkout.room(path) for path in checkout.files if path.parent != top})
    loose = [path.stem for path in checkout.files if path.parent == top and path.stem[0] != "_"]
    folders = sorted({checkout.folder(path) for path in checkout.files})
    yield "rooms (folders directly under harness_forge)", len(rooms), rooms
    yield "loose modules beside them", len(loose), loose
    yield "folders, those inside others too", len(folders), folders
    floors = _floors(checkout.root)
    yield "floors of the import contract", len(floors), [" | ".join(one) for one in floors]
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in checkout.files}
    short = [str(path.relative_to(top)) for path, size in sizes.items() if size < SHORT]
    yield "Python files", len(sizes), []
    yield f"of them under {SHORT} lines", len(short), short
    faces = [name for name in short if name.endswith("__init__.py")]
    yield "of these __init__.py", len(faces), []
    yield "lines of Python", sum(sizes.values()), []
    tests = list((checkout.root / "tests").rglob("*.py"))
    yield "lines of Python in tests", sum(len(p.read_text().splitlines()) for p in tests), []
    conf = list((checkout.root / "conf").rglob("*.yaml"))
    yield "files of conf", len(conf), []
    exports = [path for path in conf if path.parent.name == "export"]
    yield "of them in conf/export", len(exports), [path.stem for path in exports]
    recipes = sorted((checkout.root / "recipes").glob("*.yaml"))
    yield "lines of recipes", sum(len(p.read_text().splitlines()) for p in recipes), []


def _floors(root: Path) -> list[list[str]]:
    """Return the floors, the highest first, each with its rooms."""
    facts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = facts.get("tool", {}).get("importlinter", {}).get("contracts", [])
    layers = [one["layers"] for one in contracts if one["type"] == "layers"]
    # Some name rooms from the root of the package, some within `containers`.
    most = max(layers, key=len, default=[])
    rooms = [re.split(r"\s*[|:]\s*", layer) for layer in most]
    return [[room.strip("() ").removeprefix(f"{PACKAGE}.") for room in one] for one in rooms]


def _arrows(checkout: Checkout) -> Iterator[Line]:
    every, run = (_edges(checkout, checkout.room, typing) for typing in (True, False))
    folders = _edges(checkout, checkout.folder, True)
    yield "arrows between rooms, loose modules counted as rooms", len(every), _shown(every)
    yield "of them only for the type checker", len(set(every) - set(run)), []
    yield "imports that cross rooms", sum(every.values()), []
    apart = {edge: n for edge, n in folders.items() if not _within(*edge)}
    for name, edges in (("rooms", every), ("folders", folders), ("folders, parents aside", apart)):
        found = circles(edges)
        yield f"circles between {name}", len(found), [" ".join(one) for one in found]
        yield f"  {name} in them", sum(map(len, found)), []
    floor = {room: at for at, rooms in enumerate(_floors(checkout.root)) for room in rooms}
    upward = {edge: n for edge, n in every.items() if _known(edge, floor) and _up(edge, floor)}
    beside = {
        edge: n for edge, n in every.items() if _known(edge, floor) and not _differ(edge, floor)
    }
    rooms = sorted({room for edge in every for room in edge} - set(floor))
    yield "arrows upward by the floors", len(upward), _shown(upward)
    yield "arrows between rooms of one floor", len(beside), _shown(beside)
    yield "rooms and modules on no floor", len(rooms), rooms
    unknown = {edge: n for edge, n in every.items() if not _known(edge, floor)}
    yield "arrows that no floor judges", len(unknown), []


def _edges(checkout: Checkout, of, typing: bool) -> Edges:
    found: Counter[tuple[str, str]] = Counter()
    face = checkout.root / PACKAGE / "__init__.py"
    for path, other in checkout.imports(typing):
        if face not in (path, other) and of(path) != of(other):
            found[of(path), of(other)] += 1
    return found


def _known(edge: tuple[str, str], floor: Mapping[str, int]) -> bool:
    return edge[0] in floor and edge[1] in floor


def _up(edge: tuple[str, str], floor: Mapping[str, int]) -> bool:
    return floor[edge[1]] < floor[edge[0]]


def _differ(edge: tuple[str, str], floor: Mapping[str, int]) -> bool:
    return floor[edge[1]] != floor[edge[0]]


def _within(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _shown(edges: Edges) -> list[str]:
    return [f"{one} -> {other} ({count})" for (one, other), count in sorted(edges.items())]


def circles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the groups of nodes that reach each other, the largest first."""
    ahead: dict[str, set[str]] = defaultdict(set)
    for one, other in edges:
        ahead[one].add(other)
    reach = {node: _reached(node, ahead) for node in ahead}
    groups = {
        frozenset(n for n in reach[node] if node in reach.get(n, ()))
        for node in ahead
        if node in reach[node]
    }
    return sorted((sorted(group) for group in groups), key=len, reverse=True)


def _reached(start: str, ahead: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(ahead[start])
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += ahead.get(node, ())
    return seen


def _mentions(checkout: Checkout) -> Iterator[Line]:
    for key in KEYS:
        files = [path for path, tree in checkout.trees.items() if key in _names(tree)]
        yield f"files that name the setting {key}", len(files), _of(checkout, files)
    built = [path for path, tree in checkout.trees.items() if _builds_label(tree)]
    yield "files that build an adapter's <name>-<digest>", len(built), _of(checkout, built)
    told = {path: _names(tree) for path, tree in checkout.trees.items()}
    both = [p for p, names in told.items() if "digest" in names and _of_adapters(names)]
    yield "files that name an adapter or candidate and its digest", len(both), _of(checkout, both)
    for name in ("manifest.json", "ledger.jsonl", "lineage.json"):
        files = [path for path, tree in checkout.trees.items() if _spells(tree, name)]
        yield f"files that spell out {name}", len(files), _of(checkout, files)


def _of(checkout: Checkout, files: Iterable[Path]) -> list[str]:
    return [str(path.relative_to(checkout.root)) for path in files]


def _names(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        found |= {
            value
            for field in ("id", "attr", "arg", "name")
            if isinstance(value := getattr(node, field, None), str)
        }
    return found


def _of_adapters(names: set[str]) -> bool:
    return bool(names & {"adapter", "candidate", "Adapter", "Candidate", "champion"})


def _builds_label(tree: ast.AST) -> bool:
    """Whether a text is put together with the first twelve digits of a hash."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and any(map(_twelve, ast.walk(node))):
            return True
    return False


def _twelve(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Slice)
        and isinstance(node.slice.upper, ast.Constant)
        and node.slice.upper.value == 12
    )


def _spells(tree: ast.AST, name: str) -> bool:
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return any(text == name for text in texts)


def _passed(root: Path) -> Iterator[Line]:
    """Yield which files have code run for each row, between its reading and its line written."""
    with tempfile.TemporaryDirectory(prefix="count-") as folder:
        worker = Path(__file__).with_name("row_way.py")
        environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, str(worker), str(root)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"the traced export failed:\n{done.stdout}{done.stderr}")
        found = json.loads(done.stdout.splitlines()[-1])
    yield "files whose code runs while rows pass an export", len(found["active"]), found["active"]
    yield "files that a row passes, from reading to line", len(found["passed"]), found["passed"]
    calls = round(found["calls"])
    yield "calls of the package for one row", calls, []


if __name__ == "__main__":
    main()
