"""What audits and the near-duplicate index cost, by the number of rows.

    python tests/bench/audits.py 10000 40000 100000

Attempts are generated into an embedded PostgreSQL of its own, half of the
items' answers contradicting each other for the label audit. CPU seconds, which
other work on the machine does not change, and peak memory of the process that
does the work, for `forge labels audit` that of the server's.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from attempts import SKILL, fill

from harness_forge.config.compose.engine import compose
from harness_forge.config.labels import LabelsConfig
from harness_forge.datasets import from_config
from harness_forge.datasets.audit import audit as dataset_audit
from harness_forge.datasets.filters.length import Length
from harness_forge.store.database import open_store
from harness_forge.store.labels import label_audit
from harness_forge.store.labels.skill_audit import audit_labels

CONTRADICT = (
    "UPDATE attempts SET eval_passed = (id / 500) % 2 = 0, outcome_value = (id / 500 + 1) % 2,"
    ' approach_prompt = item_id, tool_call = \'{"name": "f", "arguments": {"a": "b"}}\''
)


def main() -> None:
    """Print a table of all sizes asked for."""
    print("| rows | what | CPU s | ms a row | peak MB |\n|---|---|---|---|---|")
    for size in map(int, sys.argv[1:]):
        home = Path(tempfile.mkdtemp(prefix="forge-audits-"))
        try:
            with open_store(None, home) as store:
                fill(store, size)
                told = [time_label_audit(store, worst) for worst in (False, True)]
            told += [alone(part, home) for part in (export, audit, near_index, exact_counts)]
        finally:
            shutil.rmtree(home, ignore_errors=True)
        for name, seconds, peak in told:
            shown = f"{seconds:.1f} | {seconds / size * 1000:.2f} | {peak:.0f}"
            print(f"| {size} | {name} | {shown} |", flush=True)


def time_label_audit(store, worst: bool) -> tuple[str, float, float]:
    """Audit the labels and take it back; return what the server's process used."""
    with label_audit._transaction(store, SKILL, keep=False) as connection:
        connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        if worst:
            connection.execute(CONTRADICT)
        pid = connection.info.backend_pid
        before = _cpu(pid)
        audit_labels(connection, LabelsConfig(gemma_forge=["bench"]))
        status = Path(f"/proc/{pid}/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
        name = "labels audit, every answer contradicted" if worst else "labels audit"
        return name, _cpu(pid) - before, peak


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def alone(part: Callable, home: Path) -> tuple[str, float, float]:
    """Do a part in a process of its own and return its name, CPU seconds and peak MB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (part, home))


def _measured(part: Callable, home: Path) -> tuple[str, float, float]:
    seconds = part(home)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return part.__doc__.splitlines()[0].rstrip("."), seconds, peak


def _config(home: Path):
    words = ["role=worker", "skill=stig", f"skill.name={SKILL}", f"data_dir={home / 'data'}"]
    return compose(None, [*words, f"forge_home={home}", "engine.workers=0", "model.path=none"])


def export(home: Path) -> float:
    """export, one process."""
    config = _config(home)
    start = time.process_time()
    from_config.export_from_config(config)
    return time.process_time() - start


def audit(home: Path) -> float:
    """audit of the dataset."""
    start = time.process_time()
    (dataset,) = (home / "data").iterdir()
    findings = dataset_audit.audit(dataset)
    assert all(one.holds for one in findings), findings
    return time.process_time() - start


def near_index(home: Path) -> float:
    """near-duplicate index alone, in that export."""
    from harness_forge.datasets.dedup.index import Index

    spent = 0.0
    admit = Index.admit

    def timed(self, *arguments):
        nonlocal spent
        start = time.process_time()
        try:
            return admit(self, *arguments)
        finally:
            spent += time.process_time() - start

    Index.admit = timed
    config = _config(home)
    from_config.export_from_config(replace(config, export=replace(config.export, name="again")))
    return spent


def exact_counts(home: Path) -> float:
    """tokens of every row counted; the share that is needed is in the manifest."""
    import json

    from harness_forge.datasets.filters.candidate import Candidate

    model = Path(os.environ.get("TOKENIZER", ".forge/models/smollm2-135m/tokenizer.json"))
    if not model.is_file():
        return 0.0
    length = Length(None, model)
    spent = 0.0
    with (home / "data/again/train.jsonl").open("rb") as file:
        answers = (json.loads(line)["messages"][-1] for line in file)
        for answer in answers:
            text = Candidate((), (), answer).text
            start = time.process_time()
            length._tokens().counts([text])
            spent += time.process_time() - start
    return spent


if __name__ == "__main__":
    main()
