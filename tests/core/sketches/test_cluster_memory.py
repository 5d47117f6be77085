"""Clusters of many texts take the room of their sketches, not of all their runs."""

from __future__ import annotations

import random
import tracemalloc

from harness_forge.core.sketches import clusters as module
from harness_forge.core.sketches.clusters import clusters


def told(count: int, seed: int = 3) -> list[str]:
    draw = random.Random(seed)
    head = "Attempt the rule below and call the tool exactly once with a short script. "
    return [head + " ".join(f"w{draw.randrange(10**6)}" for _ in range(120)) for _ in range(count)]


def test_memory_is_a_few_hundred_bytes_a_text():
    few, many = told(2000), told(8000)
    peaks = []
    for texts in (few, many):
        tracemalloc.start()
        clusters(texts)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / 6000 < 3000  # all runs of a text: 16 KB


def test_clusters_do_not_depend_on_the_size_of_a_block(monkeypatch):
    texts = [text for text in told(60) for _ in range(2)]
    texts = [f"{text} x{at}" for at, text in enumerate(texts)]
    whole = clusters(texts)
    assert len(set(whole)) == 60
    for size in (1, 7, 64):
        monkeypatch.setattr(module, "_BLOCK", size)
        assert clusters(texts) == whole
