"""Several runs of pytest share the tests: each takes the next files that no other has begun.

With TEST_CLAIMS=FOLDER in the environment, an empty folder that they all see. A file of tests
is one run's. So is a folder with fixtures of a whole session, so that what they make is made
once. All tests of worksets are one run's, and come first: two programs as large as Axolotl and
vLLM may be more than there is memory for. Then comes what takes long, so that all end together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
LONGEST = (
    "config/compose/test_plain.py",
    "config/compose/test_files.py",
    "config/starter/test_init_folder.py",
    "promotion/rules/test_gate_errors.py",
    "core/sketches/test_cluster_memory.py",
    "datasets/filters/test_filter_bad_input.py",
    "datasets/formats/test_endings.py",
    "core/chat/test_hostile_streams.py",
)
"""Of `make test-fast`, by processor time."""

_SHARED = re.compile(r"scope=.(?:session|package)")


def group_of(item: Any) -> tuple[int, int, str]:
    """Return where the group of a test stands in the order, and its name."""
    if item.get_closest_marker("workset"):
        return 0, 0, "worksets"
    name = item.path.relative_to(ROOT).as_posix()
    if name in LONGEST:
        return 1, LONGEST.index(name), name
    if shares_fixtures(item.path.parent):
        return 2, 0, item.path.parent.relative_to(ROOT).as_posix()
    return 3, 0, name


@cache
def shares_fixtures(folder: Path) -> bool:
    """Say whether a folder of tests, or one above it, has fixtures of a whole session."""
    if folder == ROOT:
        return False
    own = folder / "conftest.py"
    return bool(own.exists() and _SHARED.search(own.read_text())) or shares_fixtures(folder.parent)


def claimed(items: Sequence[Any], claims: Path) -> Iterator[Any]:
    """Yield the items of the groups that this run is the first to claim."""
    for (_, _, name), group in groupby(sorted(items, key=group_of), key=group_of):
        try:
            (claims / name.replace("/", ".")).touch(exist_ok=False)
        except FileExistsError:
            continue
        yield from group


def pytest_runtestloop(session) -> bool | None:
    """Run the tests that this run claims, instead of all."""
    folder = os.environ.get("TEST_CLAIMS")
    if not folder or session.config.option.collectonly or session.testsfailed:
        return None
    # One ahead: a fixture ends with its last test, which the test after it tells.
    items = claimed(session.items, Path(folder))
    item = next(items, None)
    while item is not None:
        following = next(items, None)
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        for stop, kind in ((session.shouldfail, session.Failed),
                           (session.shouldstop, session.Interrupted)):  # fmt: skip
            if stop:
                raise kind(stop)
        item = following
    return True
