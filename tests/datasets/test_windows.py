"""Windows of a dataset's files: the right lines, wherever they begin."""

import gzip
import json

import pytest

from harness_forge.datasets import windows


@pytest.fixture
def file(tmp_path):
    """500 lines of different lengths."""
    path = tmp_path / "train.jsonl"
    path.write_text("".join(f'{{"n": {n}, "x": "{"y" * (n % 17)}"}}\n' for n in range(1, 501)))
    return path


def numbers(window):
    assert all(value["n"] == number for number, value in window.lines)
    return [number for number, _ in window.lines]


@pytest.mark.parametrize("first", [1, 2, 64, 65, 66, 400, 495])
def test_a_window_begins_at_its_line(file, first):
    for _ in range(2):  # the second time by what is known of the file
        found = windows.window(file, first, 5)
        assert numbers(found) == list(range(first, first + 5))
        assert found.following == first + 5


def test_the_last_window_says_that_nothing_follows(file):
    assert windows.window(file, 496, 5).following is None
    assert windows.window(file, 501, 5) == windows.LinesWindow([], None)
    assert windows.window(file, 10**12, 5) == windows.LinesWindow([], None)


def test_a_file_that_was_written_anew_is_read_anew(file):
    windows.window(file, 400, 1)
    file.write_text("".join(f'{{"n": {n}}}\n' for n in range(1, 501)))
    assert numbers(windows.window(file, 400, 1)) == [400]


def test_a_compressed_file_is_read_too(file, tmp_path):
    path = tmp_path / "train.jsonl.gz"
    path.write_bytes(gzip.compress(file.read_bytes()))
    assert numbers(windows.window(path, 300, 3)) == [300, 301, 302]


def test_a_line_that_is_no_json_is_none(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n"\n\xff\n')
    assert windows.window(path, 1, 5).lines == [(1, {"n": 1}), (2, None), (3, None)]


@pytest.fixture
def ledger(tmp_path):
    """3,000 rows: every 10th left out, every 100th of these for another reason."""
    told = []
    for n in range(1, 3001):
        row = {"source": f"stig.turns:{n}", "kept": bool(n % 10)}
        reason = "held_out" if n % 1000 else "duplicate"
        told.append(row | ({"file": "train.jsonl"} if n % 10 else {"reason": reason}))
    text = "".join(f"{json.dumps(one)}\n" for one in told)
    (tmp_path / "ledger.jsonl").write_text(text)
    return tmp_path


@pytest.mark.parametrize(("reason", "many"), [("", 300), ("held_out", 297), ("duplicate", 3)])
def test_every_row_that_was_left_out_is_in_one_window(ledger, reason, many):
    found, first = [], 1
    while first is not None:
        window = windows.left_out(ledger, reason, first, 40)
        found += window.lines
        first = window.following
    assert len(found) == many
    assert [number for number, _ in found] == sorted({number for number, _ in found})
    assert all(entry["source"] == f"stig.turns:{number}" for number, entry in found)


def test_a_search_without_time_left_goes_on_where_it_ended(ledger):
    window = windows.left_out(ledger, "duplicate", 1, 40, time_s=-1)
    assert (window.searched, window.following, len(window.lines)) == (True, 1025, 1)
    assert windows.left_out(ledger, "duplicate", 1025, 40).following is None
