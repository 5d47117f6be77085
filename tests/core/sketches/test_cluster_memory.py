"""Clusters of many texts take the room of their sketches, not of all their runs."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter

import pytest

from harness_forge.core.sketches import runs as module
from harness_forge.core.sketches import words as words_module
from harness_forge.core.sketches.openings import nearly_same
from harness_forge.core.sketches.words import runs, split


def told(count: int, seed: int = 3) -> list[str]:
    draw = random.Random(seed)
    head = "Attempt the rule below and call the tool exactly once with a short script. "
    return [head + " ".join(f"w{draw.randrange(10**6)}" for _ in range(120)) for _ in range(count)]


def test_memory_is_a_few_hundred_bytes_a_text():
    few, many = told(2000), told(8000)
    peaks = []
    for texts in (few, many):
        tracemalloc.start()
        nearly_same(texts)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / 6000 < 3000  # all runs of a text: 16 KB


def test_clusters_do_not_depend_on_the_size_of_a_block(monkeypatch):
    texts = [text for text in told(60) for _ in range(2)]
    texts = [f"{text} x{at}" for at, text in enumerate(texts)]
    whole = nearly_same(texts).tolist()
    assert len(set(whole)) == 60
    for size in (1, 7, 64):
        monkeypatch.setattr(module, "_BLOCK", size)
        assert nearly_same(texts).tolist() == whole


@pytest.mark.parametrize("seed", range(5))
def test_templates_are_the_runs_that_stand_in_many_texts(seed):
    draw = random.Random(seed)
    texts = [" ".join(draw.choices("abc", k=draw.randrange(1, 40))) for _ in range(80)]
    most, spread = draw.randrange(1, 30), Counter()
    for text in texts:
        words = split([text])
        spread.update(set(runs(words.hashes, words.counts, 3)[0].tolist()))
    plain = sorted(run for run, count in spread.items() if count > most)
    assert module.HashedTexts(texts).common(most).tolist() == plain
    assert plain


def test_words_do_not_depend_on_what_is_hashed_with_them(monkeypatch):
    texts = [*told(40), "", "ein Wort", "学习 语言", "x" * 200_000]
    whole = split(texts)
    for size in (1, 50, 10**6):
        monkeypatch.setattr(words_module, "_TOGETHER", size)
        assert all((one == other).all() for one, other in zip(split(texts), whole, strict=True))
