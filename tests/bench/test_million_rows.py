"""A million rows: memory that hardly grows with them, and time that grows as they do.

    pytest -m soak -s tests/bench/test_million_rows.py

It needs 25 GB of disk and takes most of an hour on two cores.
"""

import sys
from pathlib import Path

import pytest

from harness_forge.store.database import open_store

sys.path.insert(0, str(Path(__file__).parent))

from attempts import SKILL, fill
from export import machine, measured

SMALL, LARGE = 100_000, 1_000_000
WAYS = ("COPY", "forge, lines alone", "forge, all filters")
MOST_BYTES = 900e6


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return what each way came to at both sizes."""
    print(f"\n{machine()}")
    return {size: ways(size, tmp_path_factory.mktemp("rows")) for size in (SMALL, LARGE)}


def ways(size: int, home: Path):
    with open_store(None, home) as store:
        fill(store, size)
        assert store.skills() == [SKILL]
        one = {way: measured(way, store.url) for way in WAYS}
    base = one["COPY"].seconds
    for way, it in one.items():
        print(
            f"{size:>9,} {way:<20} {it.seconds:7.1f} s {it.seconds / base:5.1f} x COPY"
            f" {it.processor / size * 1e6:5.0f} us of processor a row"
            f" {it.peak / 1e6:5.0f} MB, {it.own / 1e6:5.0f} without files"
        )
    return one


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("way", WAYS[1:])
def test_a_million_rows_are_exported_in_memory_that_hardly_grows(found, way):
    small, large = found[SMALL][way], found[LARGE][way]
    assert large.rows > 0.8 * LARGE
    assert large.peak < MOST_BYTES
    # Pages of the near-duplicate index's files come besides, 50 to 200 MB as the machine is busy.
    assert large.own < 1.5 * small.own


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("way", WAYS[1:])
def test_a_row_takes_no_more_processor_time_among_a_million(found, way):
    small, large = found[SMALL][way], found[LARGE][way]
    assert large.processor / LARGE < 1.25 * small.processor / SMALL
