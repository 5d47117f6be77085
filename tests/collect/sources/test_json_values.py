import gzip
import json
import tracemalloc

import pytest

from harness_forge.collect.sources import files
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.scanning import BROKEN_ARRAY
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.config.source import Layout
from harness_forge.core.errors import SourceError


def read(tmp_path, raw: bytes, name: str = "a.json", max_line_mb: int = 1):
    path = tmp_path / name
    path.write_bytes(raw)
    return list(values(path, Layout.auto, max_line_mb))


def test_lines_keep_their_number_over_blank_ones(tmp_path):
    found = read(tmp_path, b'\xef\xbb\xbf{"a":1}\r\n\n  \n{"a":2}\n')
    assert found == [LocatedValue(1, {"a": 1}), LocatedValue(4, {"a": 2})]


def test_a_broken_line_is_given_out_with_its_place(tmp_path):
    first, broken, last = read(tmp_path, b'{"a":1}\n{"a":\n{"a":3}\n')
    assert (first.place, last.value) == (1, {"a": 3})
    assert (broken.place, broken.reason, broken.malformed) == (2, "not_json", True)
    assert not broken.pending


def test_a_last_line_that_is_still_being_written_is_pending(tmp_path):
    assert read(tmp_path, b'{"a":1}\n{"a":')[1].pending


def test_a_line_that_is_no_utf8_is_malformed(tmp_path):
    assert read(tmp_path, b'{"a":"\xff"}\n')[0].reason == "not_json"


def test_what_json_libraries_reject_but_models_write_is_read(tmp_path):
    [found] = read(tmp_path, rb'{"lone":"\ud83d","nul":"\u0000","none":NaN}' + b"\n")
    assert found.value["lone"] == "\ud83d"
    assert found.value["nul"] == "\x00"
    assert found.value["none"] != found.value["none"]


def test_an_overlong_line_is_passed_over_and_the_next_one_read(tmp_path):
    long = b'{"a":"' + b"x" * (3 << 20) + b'"}\n'
    found = read(tmp_path, long + b'{"a":2}\n')
    assert (found[0].reason, found[0].place) == ("too_long", 1)
    assert found[1] == LocatedValue(2, {"a": 2})


def test_a_gzip_bomb_of_one_line_takes_the_memory_of_a_record(tmp_path):
    bomb = gzip.compress(b'{"a":"' + b"x" * (200 << 20) + b'"}\n{"a":2}\n', 1)
    tracemalloc.start()
    found = read(tmp_path, bomb, "a.gz")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found[0].reason, found[0].place) == ("too_long", 1)
    assert found[1] == LocatedValue(2, {"a": 2})
    assert most < 20 << 20


def test_nesting_without_end_is_malformed(tmp_path):
    deep = b"[" * 100_000 + b"]" * 100_000
    found = read(tmp_path, b'{"a":' + deep + b'}\n{"a":2}\n')
    assert (found[0].reason, found[1].value) == ("too_deep", {"a": 2})


@pytest.mark.parametrize("size", [1, 65_530, 65_536, 200_000])
def test_elements_of_an_array_may_be_of_any_size(tmp_path, size):
    elements = [{"text": "ä" * size, "n": n} for n in range(3)] + [12345678, "\ud83d"]
    raw = json.dumps(elements, indent=1).encode()
    found = read(tmp_path, raw, max_line_mb=4)
    assert [one.value for one in found] == elements
    assert [one.place for one in found] == [1, 2, 3, 4, 5]


def test_a_number_at_the_edge_of_a_block_is_not_cut(tmp_path):
    pad = " " * (65_536 - 4)
    assert [one.value for one in read(tmp_path, f"[{pad}123456789]".encode())] == [123456789]


@pytest.mark.parametrize("tail", [b'{"a": ', b'{"a": 1', b'{"a": 2]', b'{"a": "x'])
def test_an_array_that_does_not_end_says_so_at_its_last_element(tmp_path, tail):
    *fine, broken = read(tmp_path, b'[{"a":1}, ' + tail)
    assert [one.value for one in fine] == [{"a": 1}]
    assert isinstance(broken, LeftOut)
    assert (broken.reason, broken.place) == (BROKEN_ARRAY, 2)


def test_gzip_is_known_by_what_it_holds(tmp_path):
    packed = gzip.compress(b'{"a":1}\n')
    assert read(tmp_path, packed, "a.data") == [LocatedValue(1, {"a": 1})]


def test_a_file_and_its_gzip_have_one_digest(tmp_path):
    (tmp_path / "a").write_bytes(b"text" * 1000)
    (tmp_path / "b").write_bytes(gzip.compress(b"text" * 1000))
    assert files.content(tmp_path / "a") == files.content(tmp_path / "b")


def test_a_file_that_has_grown_is_known_by_its_beginning(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one\n")
    before = files.content(path)
    path.write_bytes(b"one\ntwo\n")
    assert files.content(path, [(before.size, before.digest)]).earlier == before.digest
    path.write_bytes(b"0ne\ntwo\n")
    assert files.content(path, [(before.size, before.digest)]).earlier is None


def test_a_torn_gzip_is_refused_as_a_whole(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"text" * 100_000)[:-20])
    with pytest.raises(SourceError, match="cannot be unpacked"):
        files.content(path)


def test_a_folder_without_a_fitting_file_is_told(tmp_path):
    with pytest.raises(SourceError, match=r"holds no file like \*\.jsonl"):
        files.found(tmp_path, "*.jsonl")
