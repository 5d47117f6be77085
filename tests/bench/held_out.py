"""What looking for held-out texts costs an export: processor time a row, and memory.

    python tests/bench/held_out.py 12000 300

The first number is of rows (tests/bench/attempts.py, 2.9 KB each), the second of held-out items,
each with an answer as these rows have it and a question of six of their prompts, some 500 words;
every 50th row is one of them.
"""

from __future__ import annotations

import resource
import sys
import time

from attempts import rows

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.datasets.decontamination.protected import ProtectedTexts

_BATCH, _PROMPTS = 512, 6


def main() -> None:
    """Build the protected texts, search every row for them, print what both took."""
    many, held = (int(word) for word in sys.argv[1:3])
    drawn = list(rows(_PROMPTS * held, 7))
    kept = [
        ("\n".join(row.prompt for row in drawn[at : at + _PROMPTS]), drawn[at].script)
        for at in range(0, len(drawn), _PROMPTS)
    ]
    texts = [
        (f"item{at}", said, kind)
        for at, both in enumerate(kept)
        for kind, said in zip(("question", "answer"), both, strict=True)
    ]
    asked = [f"{row.prompt}\n{row.script}" for row in rows(many, 20261121)]
    asked[::50] = ["\n".join(kept[at % held]) for at in range(len(asked[::50]))]
    before, peak = time.process_time(), _peak()
    protected = ProtectedTexts.of(texts, ContaminationConfig(), "bench")
    built = time.process_time() - before
    found, before = 0, time.process_time()
    for at in range(0, many, _BATCH):
        overlaps = protected.overlaps_of(asked[at : at + _BATCH])
        found += sum(one is not None for one in overlaps)
    spent = time.process_time() - before
    words = sum(len(one["runs"]) for one in protected.records())
    print(
        f"{many} rows, {held} items: {len(protected)} texts, {words} runs, built in {built:.2f} s,"
        f" {spent / many * 1e6:.0f} µs a row, {found} rows found, {_peak() - peak:.0f} MB"
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
