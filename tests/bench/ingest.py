"""How fast records come in, beside what parsing them and copying their rows take alone.

    python tests/bench/ingest.py 10 60

Chats of several turns with tools are generated, so many megabytes of JSON lines. Each way runs
in a process of its own; its processor time is that of the whole process, imports included, and
the server's apart: it works on another core. Prints a table for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from attempts import TOOLS, words
from export import machine, served

from harness_forge.store.database import Store, open_store

SKILL = "bench"
MAPPING = (
    *("source=trajectories", "skill=recorded", f"skill.name={SKILL}"),
    *("source.mapping.item='{task}'", "source.mapping.messages='{messages}'"),
    *("source.mapping.outcome='{reward}'", "source.mapping.run='trial-{trial}'"),
)
ITEMS = 5000


class Measure(NamedTuple):
    """What one way came to: processor seconds of its process and the server's, peak bytes."""

    own: float
    server: float
    peak: int


def main() -> None:
    """Measure the sizes asked for, or do one way in this process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--way", nargs=3, metavar=("NAME", "FILE", "URL"))
    asked = parser.parse_args()
    if asked.way:
        name, path, url = asked.way
        WAYS[name](Path(path), url)
        return
    print(f"{machine()}\n")
    for size in asked.sizes:
        with tempfile.TemporaryDirectory(prefix="forge-bench-") as folder:
            path = Path(folder) / "chats.jsonl"
            write(path, size)
            with open_store(None, Path(folder) / "home") as store:
                print(table(path, store), flush=True)


def table(path: Path, store: Store) -> str:
    """Return a row for each way: processor time, megabytes of the file a second of it, memory."""
    megabytes = path.stat().st_size / 1e6
    lines = [
        f"{megabytes:.0f} MB of JSON lines",
        "",
        "| way | CPU s | MB/s | CPU s of the server | peak MB |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in WAYS:
        found = measured(name, path, store.url)
        rate = "" if name == "ingest of one record" else f"{megabytes / found.own:.1f}"
        lines.append(
            f"| {name} | {found.own:.2f} | {rate} | {found.server:.2f} | {found.peak / 1e6:.0f} |"
        )
    return "\n".join([*lines, ""])


def measured(name: str, path: Path, url: str) -> Measure:
    """Do one way once, in a process of its own.

    Raises:
        SystemExit: it failed.
    """
    before = served(url)
    command = [sys.executable, __file__, "--way", name, str(path), url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} failed")
    time.sleep(0.5)  # until the server has buried its process
    own = usage.ru_utime + usage.ru_stime
    return Measure(own, served(url) - before, usage.ru_maxrss * 1024)


def one_record(path: Path, url: str) -> None:
    """Take the first record in alone: what starting and ending cost."""
    first = path.with_name("first.jsonl")
    with path.open("rb") as file:
        first.write_bytes(file.readline())
    ingest(first, url)


def parse(path: Path, url: str) -> None:
    """Read every line as JSON, with the checks that every record has to pass."""
    from harness_forge.collect.sources.lines import values
    from harness_forge.config.source import Layout

    assert all(hasattr(one, "value") for one in values(path, Layout.lines, 256))


def dry_run(path: Path, url: str) -> None:
    """Read the file as an ingest does, and write nothing."""
    from harness_forge.cli import main as forge

    assert forge(["ingest", "--dry-run", *MAPPING, f"path={path}"]) == 0


def ingest(path: Path, url: str) -> None:
    """Take the file in: rows, groups of near-identical items, splits."""
    from harness_forge.cli import main as forge

    assert forge(["ingest", *MAPPING, f"path={path}", f"store.url='{url}'"]) == 0


def copy(path: Path, url: str) -> None:
    """Copy the same attempts and turns into tables like theirs, from a file each."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SET search_path = {SKILL}")
        for name in ("attempts", "turns"):
            held = path.with_name(name)
            with held.open("wb") as file, connection.cursor().copy(f"COPY {name} TO STDOUT") as out:
                for block in out:
                    file.write(block)
            connection.execute(f"CREATE TABLE {name}_again (LIKE {name} INCLUDING ALL)")
            connection.execute(
                f"CREATE TRIGGER row_hash BEFORE INSERT ON {name}_again"
                " FOR EACH ROW EXECUTE FUNCTION set_row_hash()"
            )
            statement = f"COPY {name}_again FROM STDIN"
            with held.open("rb") as file, connection.cursor().copy(statement) as into:
                while block := file.read(1 << 17):
                    into.write(block)


WAYS = {
    "ingest of one record": one_record,
    "parse": parse,
    "dry run": dry_run,
    "ingest": ingest,
    "COPY of its rows": copy,
}


def write(path: Path, megabytes: int) -> None:
    """Write chats until a file has a size."""
    size = 0
    with path.open("w") as file:
        for record in chats(random.Random(7)):
            size += file.write(json.dumps(record) + "\n")
            if size >= megabytes * 1_000_000:
                break


def chats(draw: random.Random) -> Iterator[dict[str, Any]]:
    """Yield chats of three to six answers, 7 KB each."""
    number = 0
    while True:
        messages: list[Any] = [
            {"role": "system", "content": f"You keep machines in order. {words(draw, 20)}"},
            {"role": "user", "content": f"Task {number}: {words(draw, 40)}"},
        ]
        for turn in range(draw.randrange(2, 6)):
            arguments = json.dumps({"fix_script": words(draw, 3), "revert_script": words(draw, 1)})
            function = {"name": "apply_fix", "arguments": arguments}
            call = {"id": f"c{turn}", "type": "function", "function": function}
            messages += [
                {"role": "assistant", "content": words(draw, 15), "tool_calls": [call]},
                {"role": "tool", "tool_call_id": f"c{turn}", "content": words(draw, 96)},
            ]
        messages.append({"role": "assistant", "content": f"Done. {words(draw, 30)}"})
        yield {
            "task": f"task-{number % ITEMS}",
            "trial": number // ITEMS,
            "model": "demo-7b",
            "messages": messages,
            "tools": TOOLS,
            "reward": draw.randrange(2),
        }
        number += 1


if __name__ == "__main__":
    main()
