"""Prints a hash of everything that exports, audits and promotions write from invented records.

It drives the command `forge` and nothing else, so the same script runs against any two
versions: equal lines are equal bytes. Copy the folder wherever you like.

    python tests/house/same_bytes.py [--out FILE] [--small] [--keep FOLDER]
    FORGE=/path/to/bin/forge PROJECT=/path/to/checkout python same_bytes.py --out before.sha

FORGE is the command (default: `forge` beside this Python, else on the PATH). PROJECT is a
folder with `conf` and `recipes` to work with (default: those that this forge ships).
`--keep` leaves what was hashed, cleaned as it was hashed, to be compared where hashes differ.
`--small` does a few of the commands. Lines: `<sha256>  <name>`. Names under `said/` are what
commands print, whose words may be changed on purpose; all others are files.

Left out of what is hashed, and nothing else:
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from house_evidence import NAME, Candidate
from house_exports import EXPORTS, LANTERNS, MAPPING, PLACES, ROLES, SEED_SQL, SMALL, WORKER
from house_records import Town, traffic

OF_DATASETS = {
    "forge_version": "a version",
    "schema_revision": "a version",
    # Sums over all columns of rows, the time they were written included.
    "watermark": "rests on times",
    "watermarks": "rests on times",
}
"""Keys of manifests that are left out, and why."""
OF_DECISIONS = {
    "time": "a time",
    "clock": "a time",
    "since": "a time",
    # The chain of hashes goes over lines that hold a time.
    "hash": "rests on times",
    "previous": "rests on times",
    "line": "the hash of a ledger line",
    # It holds the hash of the rollback's line; before a rollback it is compared.
    "basis": "behind a rollback: rests on times",
}
"""Keys of ledger lines, decisions and champions that are left out, and why."""
CARD = re.compile(r"harness-forge \d[\w.+]*")
"""A version, in a dataset's card."""
NEW_STORE = re.compile(r"(a new store in) \S+")
"""Where each version's own store is."""
TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(\+00:00|Z)?")
DIGESTS = re.compile(r"(?<=entry )( *)[0-9a-f]{64}|(?<=  digest )()[0-9a-f]{12}\b")
"""What commands print that rests on times: the hash of a ledger line, and that of a dataset
under review, whose manifest holds the watermark."""

__doc__ += "\n".join(f"    {key:16} {why}" for key, why in (OF_DATASETS | OF_DECISIONS).items())


class Bench:
    """A scratch project in which commands run; what they leave is hashed in order.

    Args:
        folder: the scratch project.
        keep: where to leave what was hashed; None leaves nothing.
    """

    def __init__(self, folder: Path, keep: Path | None = None) -> None:
        self.folder, self.keep = folder, keep
        self.hashes: dict[str, str] = {}
        self.made: dict[str, str] = {}
        beside = Path(sys.executable).with_name("forge")
        found = os.environ.get("FORGE") or (str(beside) if beside.exists() else "forge")
        self.forge = shutil.which(found) or sys.exit(f"no command {found}: set FORGE")
        if project := os.environ.get("PROJECT"):
            for name in ("conf", "recipes"):
                shutil.copytree(Path(project) / name, folder / name)

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a forge command; return what it printed.

        Raises:
            SystemExit: it ended with another code than those allowed.
        """
        done = subprocess.run(
            [self.forge, *words], cwd=self.folder, capture_output=True, text=True, env=_quiet()
        )
        if done.returncode not in codes:
            told = f"forge {' '.join(words)}: exit {done.returncode}"
            sys.exit(f"{told}\n{done.stdout}{done.stderr}")
        return f"exit {done.returncode}\n{done.stdout}{done.stderr}"

    def said(self, name: str, *words: str, codes: tuple[int, ...] = (0,)) -> None:
        """Run a command and hash what it prints."""
        self.hash(f"said/{name}", _text(self.run(*words, codes=codes)).encode())

    def files(
        self, name: str, folder: Path, read: Callable[[Path], bytes] = Path.read_bytes
    ) -> None:
        """Hash each file of a folder, as `read` returns it."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.hash(f"{name}/{path.relative_to(folder)}", read(path))

    def hash(self, name: str, content: bytes) -> None:
        """Enter one hash."""
        self.hashes[name] = hashlib.sha256(content).hexdigest()
        if self.keep:
            path = self.keep / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    @contextmanager
    def store_open(self) -> Iterator[None]:
        """Keep the store's server from stopping after each command."""
        words = [self.forge, "store", "psql", PLACES[0], "-q"]
        with subprocess.Popen(
            words, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=_quiet()
        ) as psql:
            try:
                yield
            finally:
                psql.stdin.close()


def cleaned(path: Path) -> bytes:
    """Return the bytes of a dataset's file without versions and what rests on times.

    Rows and ledgers are taken as they are; a gzip file unpacked, for its head may hold a time.
    """
    raw = path.read_bytes()
    if path.name == "manifest.json":
        return _json(_without(json.loads(raw), OF_DATASETS))
    if path.name == "README.md":
        return CARD.sub("harness-forge", raw.decode()).encode()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def decisions(path: Path) -> bytes:
    """Return the lines of the ledger without times and the chain of hashes over them."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    kinds = [line["kind"] for line in lines]
    undone = kinds.index("rollback") if "rollback" in kinds else len(kinds)
    own = {key for key in OF_DECISIONS if key != "basis"}
    return _json(
        [_without(line, own if at < undone else OF_DECISIONS) for at, line in enumerate(lines)]
    )


def timeless(path: Path) -> bytes:
    """Return the bytes of a decision or a champion without times."""
    return _json(_without(json.loads(path.read_bytes()), OF_DECISIONS))


def _json(value) -> bytes:
    return _text(json.dumps(value, indent=1, ensure_ascii=False)).encode()


def _without(value, keys):
    if isinstance(value, dict):
        return {key: _without(one, keys) for key, one in value.items() if key not in keys}
    if isinstance(value, list):
        return [_without(one, keys) for one in value]
    return value


def _text(text: str) -> str:
    text = NEW_STORE.sub(r"\1 <folder>", text)
    return TIMES.sub("<time>", DIGESTS.sub(r"\1<hash>", text))


def _quiet() -> dict[str, str]:
    names = ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV", "PYTHONPATH")
    return {key: value for key, value in os.environ.items() if key not in names} | {
        "PYTHONHASHSEED": "random",
        "COLUMNS": "100",
    }


def prepare(bench: Bench, small: bool) -> None:
    """Write the records, the key of pseudonyms and the files that exports are told of."""
    home = bench.folder / "home"
    home.mkdir()
    key = home / "redaction.key"
    key.write_text("5a" * 32 + "\n")
    key.chmod(0o600)
    lanterns = Town("lanterns", 24 if small else 90, 1)
    towns = [lanterns] if small else [lanterns, Town("orchard", 30, 2)]
    for town in towns:
        records = list(town.records())
        for role in ROLES:
            own = [record for record in records if record["role"] == role]
            _lines(bench.folder / f"{town.name}-{role}.jsonl", own)
    _lines(bench.folder / "traffic.jsonl", traffic(lanterns, 20))
    # A suite that holds what some rows say.
    asked = [record["talk"][1]["content"] for record in lanterns.records()][:60:30]
    _lines(bench.folder / "suite.jsonl", ({"question": text} for text in asked))
    general = (
        [
            {"role": "user", "content": f"What is {lanterns.text(6)}?"},
            {"role": "assistant", "content": lanterns.text(20)},
        ]
        for _ in range(40)
    )
    _lines(bench.folder / "general.jsonl", ({"messages": talk} for talk in general))


def ingest(bench: Bench) -> None:
    """Take the records of both towns in, and write to the store what no source brings."""
    for town in ("lanterns", "orchard"):
        for role in ROLES:
            take_in(bench, town, role)
        script = bench.folder / f"{town}.sql"
        script.write_text(SEED_SQL.format(skill=town))
        bench.run("store", "psql", PLACES[0], "-v", "ON_ERROR_STOP=1", "-q", "-f", script.name)


def take_in(bench: Bench, town: str, role: str) -> None:
    """Take one role's records of a town in."""
    into = ("skill=recorded", f"skill.name={town}", *PLACES)
    whose = (f"source.mapping.agent={role}", f"path={town}-{role}.jsonl")
    bench.said(f"ingest/{town}_{role}", "ingest", "source=trajectories", *whose, *into, *MAPPING)


def export(bench: Bench, name: str, *words: str) -> None:
    """Export, and hash every file of the dataset; one without examples leaves none."""
    own = () if "skill=all" in words else LANTERNS
    said = bench.run("export", *own, *PLACES, *words, codes=(0, 7))
    bench.hash(f"said/export/{name}", _text(said).encode())
    first, *lines = said.splitlines()
    if first == "exit 0":
        folder = lines[0].strip()
        bench.files(f"data/{name}", bench.folder / folder, cleaned)
        bench.made.setdefault(folder, name)


def audit(bench: Bench) -> None:
    """Audit every dataset, and hash what is said of each."""
    said = bench.run("audit", *bench.made, codes=(0, 17))
    for folder, name in bench.made.items():
        told = said[said.index(f"{folder}\n") :].partition("\ndata/")[0]
        bench.hash(f"audit/{name}", told.encode())


def leaving(bench: Bench) -> None:
    """Trace, review, sign and publish one dataset; compare two runs; audit labels."""
    folder = "data/lanterns_worker_sft"
    bench.said("trace", "trace", folder, "train:1", *LANTERNS, *PLACES)
    bench.said("review", "redact", "review", folder, *PLACES)
    bench.run("redact", "review", folder, "--sign", "--by=A. Warden", *PLACES)
    bench.run("publish", folder, "out/lanterns", *PLACES)
    bench.files("published", bench.folder / "out/lanterns", cleaned)
    bench.said("labels/audit", "labels", "audit", *LANTERNS, *PLACES)
    bench.said("labels/ls", "labels", "ls", *LANTERNS, *PLACES)
    bench.said("compare", "compare", "eval-1", "eval-2", *LANTERNS, *PLACES)


def others(bench: Bench) -> None:
    """Take in traffic and lines of a dataset, and export what came of them."""
    harbour = ("skill=recorded", "skill.name=harbour", *PLACES)
    bench.said("ingest/traffic", "ingest", "source=openai_traffic", "path=traffic.jsonl", *harbour)
    export(bench, "traffic", "skill.name=harbour", "role=agent")
    again = ("skill=recorded", "skill.name=again", *PLACES)
    lines = "path=data/lanterns_worker_dpo/train.jsonl"
    bench.said("ingest/dataset", "ingest", "source=dataset", lines, *again)
    export(bench, "dataset", "skill.name=again", "role=agent", "format=dpo")


def promote(bench: Bench) -> None:
    """Decide on adapters one after the other, go back, and hash ledger and decision each time."""
    home, outputs = bench.folder / "home", bench.folder / "outputs"
    outputs.mkdir(exist_ok=True)
    rule = f"train.name={NAME}"
    steps: dict[str, tuple[Candidate | None, tuple[str, ...]]] = {
        "first": (Candidate(0.25, 5, 1), ()),
        "first_again": (None, ()),
        "better": (Candidate(0.5, 9, 2), ()),
        "unproven": (Candidate(0.75, 9, 3, proven=False), ()),
        "no_better": (Candidate(1.0, 5, 4), ()),
        "few_calls": (Candidate(1.25, 9, 5, valid_call=0.02), ()),
        "by_another_rule": (Candidate(1.5, 8, 6), ("promote=model_lab",)),
    }
    for name, (candidate, words) in steps.items():
        if candidate:
            candidate.write(home, outputs)
        decided(bench, name, "promote", NAME, *words, rule, PLACES[0])
    for name, words in {
        "ls": ("ls",), "show": ("show",), "diff": ("diff",), "all": (),
    }.items():  # fmt: skip
        bench.said(f"champion/{name}", "champion", *words, PLACES[0])
    reason = "--reason=flickers"
    decided(bench, "rollback", "rollback", "lamps.worker", reason, rule, PLACES[0])
    decided(bench, "after_rollback", "promote", NAME, rule, PLACES[0])
    decided(bench, "after_rollback_again", "promote", NAME, "--again", rule, PLACES[0])
    bench.said("champion/after", "champion", "ls", PLACES[0])
    bench.files("ledger/evaluations", home / "ledger" / "evaluations")
    bench.files("ledger/replays", home / "ledger" / "replays")
    bench.hash("ledger/looks.jsonl", (home / "ledger" / "looks.jsonl").read_bytes())


def decided(bench: Bench, name: str, *words: str) -> None:
    """Run a command that may write a decision, and hash ledger, decision and pointers."""
    bench.said(f"promote/{name}", *words, codes=(0, 10, 11, 12))
    home = bench.folder / "home"
    bench.hash(f"decisions/{name}.jsonl", decisions(home / "ledger" / "decisions.jsonl"))
    bench.hash(f"decisions/{name}.json", timeless(bench.folder / "outputs" / "promote.json"))
    bench.files(f"champions/{name}", home / "champions", timeless)


def measure(folder: Path, small: bool, keep: Path | None = None) -> dict[str, str]:
    """Do everything in `folder` and return the hashes by name."""
    bench = Bench(folder, keep)
    prepare(bench, small)
    if small:
        take_in(bench, "lanterns", "worker")
        export(bench, "small", *SMALL)
        return bench.hashes
    promote(bench)
    with bench.store_open():
        ingest(bench)
        for name, words in EXPORTS.items():
            export(bench, name, *words)
            print(f"{name}: {len(bench.hashes)} hashes", file=sys.stderr)
        for name, words in WORKER.items():
            export(bench, name, *words, f"export.name=lanterns_{name}")
            print(f"{name}: {len(bench.hashes)} hashes", file=sys.stderr)
        leaving(bench)
        others(bench)
    audit(bench)
    return bench.hashes


def _lines(path: Path, records) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def main() -> None:
    """Read the command line, and print the hashes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="write the lines there instead of printing them")
    parser.add_argument("--keep", type=Path, help="leave what was hashed in this folder")
    parser.add_argument("--small", action="store_true", help="a few commands only")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="same-") as folder:
        hashes = measure(Path(folder), given.small, given.keep and given.keep.resolve())
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items(), key=_by_name))
    if given.out:
        given.out.write_text(text)
    else:
        print(text, end="")


def _by_name(one: tuple[str, str]) -> str:
    return one[0]


if __name__ == "__main__":
    main()
