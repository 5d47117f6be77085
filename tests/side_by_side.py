"""Several runs of pytest share the tests: each takes the next folder that no other has begun.

With TEST_CLAIMS=FOLDER in the environment, an empty folder that they all see. A folder of tests
is one run's, so that what its fixtures make is made once. All tests of worksets are one run's,
and come first: two programs as large as Axolotl and vLLM may be more than there is memory for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent


def group_of(item: Any) -> tuple[int, str]:
    """Return where the group of a test stands in the order, and its name."""
    if item.get_closest_marker("workset"):
        return 0, "worksets"
    return 1, item.path.parent.relative_to(ROOT).as_posix()


def claimed(items: Sequence[Any], claims: Path) -> Iterator[Any]:
    """Yield the items of the groups that this run is the first to claim."""
    for (_, name), group in groupby(sorted(items, key=group_of), key=group_of):
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
