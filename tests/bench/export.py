"""How fast an export is, beside other ways to make the same lines.

    python tests/bench/export.py 1000 10000 100000

Attempts are generated into an embedded PostgreSQL of its own. Each way runs in
a process of its own, timed from its first question to the store, best of three
(once from 100,000 rows on). Memory is the most that it and its children held
together; their own is that without pages of files, which the system lends and
takes back as it needs. Prints a table for docs/benchmarks.md. `--keep FOLDER`
keeps the store for the next time.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from attempts import SKILL, fill
from subjects import SUBJECTS

from harness_forge.store.database import Store, open_store

_NEEDS = {
    "datasets": ("datasets", "datasketch"),
    "datasets, forge's filters": ("datasets",),
    "pandas": ("pandas",),
}
_OFTEN = 100_000
"""Rows from which once is enough."""


class Measure(NamedTuple):
    """What one way came to: seconds, peak bytes of all its processes, rows.

    Args:
        own: the peak without mapped files, in bytes.
        processor: seconds of processor time of all its processes.
        server: the same of the server while it ran.
    """

    seconds: float
    peak: int
    own: int
    rows: int
    processor: float
    server: float


def main() -> None:
    """Measure the sizes asked for and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", nargs="*", default=list(SUBJECTS))
    asked = parser.parse_args()
    print(f"{machine()}\n")
    for size in asked.sizes:
        home = (asked.keep or Path(tempfile.mkdtemp(prefix="forge-bench-"))) / str(size)
        try:
            with open_store(None, home) as store:
                if SKILL not in store.skills():
                    fill(store, size)
                print(table(size, store, asked.only), flush=True)
        finally:
            if not asked.keep:
                shutil.rmtree(home.parent, ignore_errors=True)


def machine() -> str:
    """Return what the numbers were measured on."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return (
        f"{cores} cores, {platform.machine()}, Python {platform.python_version()}, load {load:.1f}"
    )


def table(size: int, store: Store, names: list[str]) -> str:
    """Return a row for each way: seconds, times COPY, processor time a row, memory."""
    lines = [
        f"{size:,} attempts",
        "",
        "| way | seconds | times COPY | CPU µs a row | of the server | peak MB | own MB | lines |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    base = None
    for name in names:
        missing = [one for one in _NEEDS.get(name, ()) if not importlib.util.find_spec(one)]
        if missing:
            lines.append(f"| {name} | {', '.join(missing)} not installed | | | | | | |")
            continue
        found = best(name, store.url, 1 if size >= _OFTEN else 3)
        base = base or found.seconds
        lines.append(
            f"| {name} | {found.seconds:.2f} | {found.seconds / base:.1f} "
            f"| {found.processor / size * 1e6:.0f} | {found.server / size * 1e6:.0f} "
            f"| {found.peak / 1e6:.0f} | {found.own / 1e6:.0f} | {found.rows} |"
        )
    return "\n".join([*lines, ""])


def best(name: str, url: str, times: int) -> Measure:
    """Return the quickest of several times."""
    return min(measured(name, url) for _ in range(times))


def measured(name: str, url: str) -> Measure:
    """Run one way once."""
    with tempfile.TemporaryDirectory(prefix="forge-bench-") as scratch:
        script, before = str(Path(__file__).with_name("subjects.py")), served(url)
        process = subprocess.Popen(
            [sys.executable, script, name, url, f"{scratch}/out"], stdout=subprocess.PIPE, text=True
        )
        peak = own = 0
        while process.poll() is None:
            everything, mapped = held(process.pid)
            peak, own = max(peak, everything), max(own, everything - mapped)
            time.sleep(0.05)
        said, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{name} failed")
        rows, seconds, processor = said.split()[-3:]
        time.sleep(0.2)  # until the server has buried its process
        spent = served(url) - before
        return Measure(float(seconds), peak, own, int(rows), float(processor), spent)


def served(url: str) -> float:
    """Return the processor time of the server's processes that have ended, in seconds."""
    place = parse_qs(urlsplit(url).query)["host"][0]
    pid = Path(place, "postmaster.pid").read_text().split()[0]
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[13]) + int(numbers[14])) / os.sysconf("SC_CLK_TCK")


def held(pid: int) -> tuple[int, int]:
    """Return the bytes that a process and its children hold, shared ones shared out.

    The second number is how many of them are pages of files.
    """
    total = mapped = 0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "Pss":
                total += int(value.split()[0]) * 1024
            elif name == "Pss_File":
                mapped += int(value.split()[0]) * 1024
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                more = held(child)
                total, mapped = total + more[0], mapped + more[1]
    except (FileNotFoundError, ProcessLookupError):
        pass  # it has ended
    return total, mapped


if __name__ == "__main__":
    main()
