"""Texts and rows in files are what they would be in memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from harness_forge.core.sketches import spooled
from harness_forge.core.sketches.spooled import ChosenTexts, SpooledRows, SpooledTexts, distinct

TEXTS = ["", "one", "zwölf", "学习", "\ud800 half", "NUL \0", "one", "x" * 3000]


@pytest.fixture(autouse=True, params=[16 << 20, 10], ids=["memory", "file"])
def held(monkeypatch, request):
    monkeypatch.setattr(spooled, "_HELD", request.param)


def test_texts_come_back_as_they_were():
    found = SpooledTexts(TEXTS)
    assert len(found) == len(TEXTS)
    assert list(found) == TEXTS
    assert found[2:5] == TEXTS[2:5]
    assert (found[-1], found[5:2], found[:]) == (TEXTS[-1], [], TEXTS)
    found.append("behind what was read")
    assert found[len(TEXTS)] == "behind what was read"


def test_chosen_texts_are_those_at_the_places():
    found = ChosenTexts(SpooledTexts(TEXTS), np.array([3, 1, 6]))
    assert list(found) == [TEXTS[3], TEXTS[1], TEXTS[6]]
    assert found[1:] == [TEXTS[1], TEXTS[6]]


def test_distinct_texts_stand_in_the_order_of_their_first_places():
    texts, of = distinct(SpooledTexts([*TEXTS, "", "new"]))
    assert list(texts) == [*dict.fromkeys(TEXTS), "new"]
    assert [texts[at] for at in of] == [*TEXTS, "", "new"]
    assert [len(one) for one in distinct([])] == [0, 0]


def test_rows_come_back_in_blocks_and_by_place():
    rows = np.arange(60, dtype=np.uint16).reshape(-1, 4)
    found = SpooledRows(4)
    found.extend(rows[:9])
    found.extend(rows[9:])
    assert (np.concatenate(list(found.blocks(4))) == rows).all()
    assert (found.chosen(np.array([14, 0, 7])) == rows[[14, 0, 7]]).all()
    assert found.chosen(np.zeros(0, np.int64)).shape == (0, 4)


def test_a_text_in_a_file_takes_8_bytes_of_memory(monkeypatch):
    monkeypatch.setattr(spooled, "_HELD", 10)
    peaks = []
    for count in (2000, 12_000):
        tracemalloc.start()
        found = SpooledTexts(f"{number} {'y' * 500}" for number in range(count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        del found
    assert (peaks[1] - peaks[0]) / 10_000 < 30
