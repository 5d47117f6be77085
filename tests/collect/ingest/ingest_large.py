"""Take a large file in, and say how much memory that took: in a process of its own."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from harness_forge.collect.ingest.files import ingest
from harness_forge.config.compose.engine import compose
from harness_forge.store.database import Store


def main(url: str, path: str, source: str, skill: str) -> None:
    """Print attempts added, and the peak of resident memory in MB: of reading, and of all."""
    config = compose(None, [f"source={source}", f"skill={skill}"])
    peaks = [peak_mb()]
    with Store(url) as store:
        # Torn lines are a few in ten thousand; of a large file they are many.
        asked = replace(config.source, path=path, max_bad_lines=1_000_000)
        report = ingest(store.skill(skill), asked, config.split, lambda *_: peaks.append(peak_mb()))
    print(report.added, peaks[-1], peak_mb())


def peak_mb() -> int:
    """Return the peak of our own; ru_maxrss would begin with that of who started us."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
