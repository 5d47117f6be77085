"""Traces one export in this process: which files of the package work on each row.

Run by `count.py` with the checkout on the path, in an empty folder. The same export is done
from a small and from a larger store. What is called more often for more rows, after the
export's statement was sent and before the written lines are read again, is the way of a row.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import threading
from collections import Counter
from pathlib import Path

from house_records import Town

MARK = "4711 = 4711"
"""A condition that is always true; no other statement holds it."""
SIZES = {"lanterns": 60, "orchard": 180}
"""Jobs of each store; prime factors of no batch, so that batches grow in number too."""
TRIES = 12
MAPPING = (
    "source.mapping.item='{job}'",
    "source.mapping.family='{kind}'",
    "source.mapping.run='{night}'",
    "source.mapping.agent=worker",
    "source.mapping.tools='{kit}'",
    "source.mapping.messages='{talk}'",
    "source.mapping.outcome='{light}'",
)


class Trace:
    """Counts calls of the package's functions by file while rows pass."""

    def __init__(self, package: Path) -> None:
        self.package = f"{package}/"
        self.calls: Counter[str] = Counter()
        self.open = self.done = False
        self.sent = None

    def __call__(self, frame, event, argument) -> None:
        """Take one event of the interpreter."""
        if event != "call":
            return
        file = frame.f_code.co_filename
        if self.open and file.startswith(self.package):
            self.calls[file.removeprefix(self.package)] += 1
        elif not self.done and frame is not self.sent and self._sends(frame):
            # It may have been asked for its cost first: what counts is the last time. A
            # generator is called once for each row.
            self.open, self.sent = True, frame
            self.calls.clear()

    @staticmethod
    def _sends(frame) -> bool:
        code = frame.f_code
        sends = "psycopg" in code.co_filename and code.co_name in ("execute", "stream")
        return sends and MARK in str(frame.f_locals.get("query", ""))

    def heard(self, event: str, arguments: tuple) -> None:
        """End where the lines are read again: from there on the dataset is audited."""
        if event == "open" and self.open:
            path, mode = arguments[0], arguments[1]
            reads = mode in (None, "r", "rb")
            if reads and isinstance(path, str | Path) and str(path).endswith("train.jsonl"):
                self.open, self.done = False, True


def records(town: str, jobs: int):
    """Yield workers' records: the same job several times, each time another answer."""
    made = Town(town, jobs, 5)
    for record in made.records():
        if record["role"] != "worker" or record["night"] not in ("gold", "second"):
            continue
        for number in range(TRIES // 2):
            call = record["talk"][-1]["tool_calls"][0]["function"]
            function = {**call, "arguments": {"lamp": 1, "steps": made.text(40)}}
            calls = [{"id": "c", "type": "function", "function": function}]
            answer = {"role": "assistant", "content": None, "tool_calls": calls}
            night = f"{record['night']}-{number}"
            yield {**record, "night": night, "light": 1.0, "talk": [*record["talk"][:-1], answer]}


def export(forge, skill: str, jobs: int, package: Path) -> tuple[Counter[str], int]:
    """Take records in, export them under trace, and return calls by file and rows kept."""
    text = "".join(json.dumps(record) + "\n" for record in records(skill, jobs))
    Path(f"{skill}.jsonl").write_text(text)
    own = ("skill=recorded", f"skill.name={skill}", "forge_home=home", "data_dir=data")
    taken = ("source=trajectories", f"path={skill}.jsonl", *own, *MAPPING)
    if code := forge(["ingest", *taken]):
        sys.exit(f"ingest: exit {code}")
    trace = Trace(package)
    sys.addaudithook(trace.heard)
    threading.setprofile(trace)
    sys.setprofile(trace)
    try:
        code = forge(["export", *own, "engine.workers=0", f"export.where='{MARK}'"])
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    if code or not trace.done:
        sys.exit(f"export: exit {code}, window {'open' if trace.open else 'never opened'}")
    manifest = json.loads(Path(f"data/{skill}_worker_sft/manifest.json").read_text())
    return trace.calls, manifest["rows"]["read"]


def main() -> None:
    """Print, as JSON, the files whose calls grow with the rows."""
    from harness_forge.cli import main as forge

    package = Path(sys.argv[1]) / "harness_forge"
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            found = [export(forge, skill, jobs, package) for skill, jobs in SIZES.items()]
        except SystemExit:
            print(said.getvalue(), file=sys.stderr)
            raise
    (few, rows), (many, more) = found
    grown = {file: count - few[file] for file, count in many.items() if count > few[file]}
    told = {
        "active": sorted(many),
        "passed": sorted(grown),
        "calls": sum(grown.values()) / (more - rows),
        "rows": [rows, more],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
