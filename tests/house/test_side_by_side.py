"""Runs of pytest beside each other: every test is one run's, and so is what belongs together."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

from side_by_side import LONGEST, ROOT, claimed


def item(folder, number, file=None):
    """Return a test; every fourth one needs a workset."""
    marks = {"workset"} if number == 3 else set()
    return SimpleNamespace(
        path=ROOT / (file or f"{folder}/test_{number}.py"),
        name=f"{folder}{number}",
        get_closest_marker=lambda name: name in marks,
    )


FOLDERS = ("cli", "core/chat", "store", "training")
ITEMS = [item(folder, number) for folder in FOLDERS for number in range(4)]


def test_two_runs_do_all_of_it_and_nothing_twice(tmp_path):
    runs = [claimed(ITEMS, tmp_path), claimed(ITEMS, tmp_path)]
    taken = [[], []]
    for turn in [0, 1, 1, 0, 1] * len(ITEMS):
        taken[turn] += [one for one in [next(runs[turn], None)] if one]
    assert Counter(one.name for one in [*taken[0], *taken[1]]) == Counter(x.name for x in ITEMS)
    assert all(taken)
    ordinary = [[one for one in run if one.name[-1] < "3"] for run in taken]
    # The fixtures of a whole session in tests/training/conftest.py are made by one run.
    assert not all(any(one.path.parent == ROOT / "training" for one in run) for run in ordinary)
    # Folders without any are shared out file by file.
    parents = [{one.path.parent.name for one in run} for run in ordinary]
    assert parents[0] & parents[1]


def test_the_longest_come_first_and_are_there(tmp_path):
    longest = [item(name, 0, file=name) for name in LONGEST]
    assert all((ROOT / name).is_file() for name in LONGEST)
    found = [one.path for one in claimed([*ITEMS, *reversed(longest)], tmp_path)]
    assert found[len(FOLDERS) :][: len(longest)] == [one.path for one in longest]


def test_those_of_worksets_are_one_runs_and_come_first(tmp_path):
    first = [one.name for one in claimed(ITEMS, tmp_path)]
    assert first[:4] == [f"{folder}3" for folder in FOLDERS]
    assert list(claimed(ITEMS, tmp_path)) == []


def test_pytest_itself_runs_what_it_claims(tmp_path):
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims/core.sketches.test_minhash.py").touch()
    files = ("core/sketches/test_minhash.py", "core/test_disjoint_sets.py")
    tests = [str(ROOT / name) for name in files]
    command = [sys.executable, "-m", "pytest", "-vv", *tests]
    environment = {"TEST_CLAIMS": str(tmp_path / "claims"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = {line.split("::")[0] for line in done.stdout.splitlines() if "PASSED" in line}
    assert ran == {"tests/core/test_disjoint_sets.py"}
    assert (Path(tmp_path) / "claims/core.test_disjoint_sets.py").exists()
