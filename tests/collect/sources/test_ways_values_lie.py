"""Every record of a file is read, or counted with its place, however records lie in it."""

import gzip
import json
import random
import time
import tracemalloc

import pytest
import zstandard

from harness_forge.collect.sources import files
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.records import LeftOut
from harness_forge.config.source import Layout
from harness_forge.core.errors import SourceError

RECORDS = [{"task": f"t{n}", "note": {"drawer": n, "words": "oak, \u00e4sh"}} for n in range(5)]
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)
ARRAY = json.dumps(RECORDS)
PRETTY = "\n".join(json.dumps(record, indent=2) for record in RECORDS)
BOM = "\ufeff"


def read(path, raw, limit=1):
    """Return what is read: names of records, and place and reason of what is left out."""
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return [
        (one.place, one.reason) if isinstance(one, LeftOut) else one.value["task"]
        for one in values(path, Layout.auto, limit)
    ]


NAMES = [record["task"] for record in RECORDS]
FORMS = {
    "lines": LINES,
    "no newline at the end": LINES.rstrip(),
    "array": ARRAY,
    "pretty array": json.dumps(RECORDS, indent=1),
    "several arrays": f"{json.dumps(RECORDS[:2])}\n{json.dumps(RECORDS[2:])}",
    "arrays without anything between": json.dumps(RECORDS[:2]) + json.dumps(RECORDS[2:]),
    "an array a line": "".join(f"[{json.dumps(one)}]\n" for one in RECORDS),
    "lines and then an array": LINES[: LINES.index("\n") + 1] + json.dumps(RECORDS[1:]),
    "an array and then lines": json.dumps(RECORDS[:1]) + "\n" + LINES[LINES.index("\n") + 1 :],
    "pretty objects": PRETTY,
    "pretty objects with commas": PRETTY.replace("\n}\n{", "\n},\n{"),
    "flush left": "\n".join(json.dumps(one, indent=0) for one in RECORDS),
    "several a line": LINES.replace("\n", " "),
    "nothing between": LINES.replace("\n", ""),
    "commas between": LINES.replace("\n", ","),
    "windows line ends": LINES.replace("\n", "\r\n"),
    "two marks": BOM + BOM + LINES,
    "a mark on each line": "".join(BOM + line + "\n" for line in LINES.splitlines()),
    "a mark before an array": BOM + ARRAY,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_record_is_read(tmp_path, form):
    assert read(tmp_path / "a.json", FORMS[form]) == NAMES


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("text", [LINES, ARRAY, PRETTY], ids=["lines", "array", "pretty"])
def test_other_unicode_encodings_are_known(tmp_path, encoding, text):
    assert read(tmp_path / "a.json", text.encode(encoding)) == NAMES


@pytest.mark.parametrize("text", [LINES, ARRAY, PRETTY], ids=["lines", "array", "pretty"])
def test_a_gzip_of_several_members_and_padding_is_one_file(tmp_path, text):
    raw, half = text.encode(), len(text) // 2
    packed = gzip.compress(raw[:half]) + bytes(100) + gzip.compress(raw[half:]) + bytes(9)
    assert read(tmp_path / "a.gz", packed) == NAMES


def test_bytes_behind_a_gzip_are_counted(tmp_path):
    packed = gzip.compress(LINES.encode()) + b"not packed"
    assert read(tmp_path / "a.gz", packed) == [*NAMES, (1, "trailing_bytes")]
    assert files.content(tmp_path / "a.gz").size == len(LINES.encode())


def test_zstd_is_read(tmp_path):
    packed = zstandard.compress(LINES.encode()) + zstandard.compress(LINES.encode())
    assert read(tmp_path / "a.jsonl.zst", packed) == NAMES * 2


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("sized", [True, False])
def test_a_zstd_that_was_cut_off_anywhere_is_refused(tmp_path, checked, sized):
    text = "".join(random.Random(2).choices("abcdef\n", k=300_000)).encode()
    packer = zstandard.ZstdCompressor(write_checksum=checked, write_content_size=sized)
    head = b"\x50\x2a\x4d\x18\x03\0\0\0xyz"  # a frame to be skipped
    packed = zstandard.compress(LINES.encode()) + head + packer.compress(text)
    path = tmp_path / "a.zst"
    path.write_bytes(packed)
    assert files.content(path).size == len(LINES.encode()) + len(text)
    last = len(packed) - 1
    for end in (4, 5, 9, len(zstandard.compress(LINES.encode())) + 6, last // 2, last - 3, last):
        path.write_bytes(packed[:end])
        with pytest.raises(SourceError, match="cannot be unpacked: it ends inside a frame"):
            files.content(path)


def test_a_file_that_is_cut_off_after_its_digest_was_made_is_one_error(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(random.Random(2).randbytes(90_000).hex().encode())[:-9])
    with pytest.raises(SourceError, match=r"a\.gz: cannot be read to its end"):
        list(values(path, Layout.auto, 1))


def test_a_zstd_bomb_of_one_line_takes_the_memory_of_a_record(tmp_path):
    with zstandard.open(tmp_path / "a.zst", "wb") as file:
        for part in (b'{"a":"', *[b"x" * (1 << 20)] * 200, b'"}\n', LINES.encode()):
            file.write(part)
    assert (tmp_path / "a.zst").stat().st_size < 50_000
    tracemalloc.start()
    found = read(tmp_path / "a.zst", (tmp_path / "a.zst").read_bytes())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [(1, "too_long"), *NAMES]
    assert most < 20 << 20


def test_a_zstd_that_asks_for_a_gigabyte_says_how_to_unpack_it(tmp_path):
    window = zstandard.ZstdCompressionParameters(window_log=30, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=window).compressobj()
    path = tmp_path / "a b.zst"
    path.write_bytes(packer.compress(LINES.encode()) + packer.flush())
    with pytest.raises(SourceError, match="too much memory") as told:
        files.content(path)
    assert told.value.hint == "unpack it: zstd -d --long=31 'a b.zst'"


def test_a_damaged_zstd_is_refused_as_a_whole(tmp_path):
    path = tmp_path / "a.zst"
    packed = zstandard.compress(LINES.encode() * 1000)
    path.write_bytes(packed[:20] + b"\xff\xff\xff\xff" + packed[24:])
    with pytest.raises(SourceError, match="cannot be unpacked"):
        files.content(path)


BROKEN = [
    '{"task": oops}',
    '{"task": "x",}',
    '{"task": "x" "note": 1}',
    '{"task": {"deep": [1, 2, nil]}, "note": {}}',
    '{"task": "x\u0001y"}',
]


@pytest.mark.parametrize("broken", [*BROKEN, "oops", '"word" 7'], ids=range(len(BROKEN) + 2))
def test_behind_a_broken_line_the_next_is_read(tmp_path, broken):
    lines = LINES.splitlines(keepends=True)
    [*found] = read_loosely(tmp_path, "".join([*lines[:2], broken + "\n", *lines[2:]]))
    assert [one for one in found if isinstance(one, str)] == NAMES
    assert all(place == 3 for place in found if not isinstance(place, str))
    assert len(found) > len(NAMES)


def read_loosely(tmp_path, text):
    """Names of records, and the places of all else."""
    path = tmp_path / "a.json"
    path.write_text(text)
    for one in values(path, Layout.auto, 1):
        fine = not isinstance(one, LeftOut) and isinstance(one.value, dict)
        yield one.value["task"] if fine else one.place


@pytest.mark.parametrize("broken", [*BROKEN, '{"task": "x', "oops"], ids=range(len(BROKEN) + 2))
@pytest.mark.parametrize("between", [", ", ",\n", "\n,\n  "], ids=["line", "lines", "indented"])
def test_behind_a_broken_element_the_next_is_found(tmp_path, broken, between):
    elements = [json.dumps(record) for record in RECORDS]
    elements.insert(2, broken)
    found = read(tmp_path / "a.json", f"[{between.join(elements)}]")
    assert [*found[:2], *found[3:]] == NAMES
    assert found[2] == (3, "not_json")


@pytest.mark.parametrize("record", [1, 3])
def test_behind_a_broken_object_of_several_lines_the_next_is_read(tmp_path, record):
    objects = [json.dumps(one, indent=2) for one in RECORDS]
    objects[record] = objects[record].replace('"note":', '"note"')
    found = read(tmp_path / "a.json", "\n".join(objects))
    assert found[record] == (1 + 7 * record, "not_json")
    assert found[:record] + found[record + 1 :] == NAMES[:record] + NAMES[record + 1 :]


@pytest.mark.parametrize("torn", ['{"task":', '{"task": "t', '{"task": ["', '{"task": 1,', "{"])
def test_torn_lines_take_nothing_with_them(tmp_path, torn):
    lines = LINES.splitlines(keepends=True)
    text = "".join(line + torn + "\n" for line in lines)
    found = read(tmp_path / "a.json", text)
    assert found[::2] == NAMES
    assert found[1::2] == [(place, "not_json") for place in (2, 4, 6, 8, 10)]


@pytest.mark.parametrize(
    "text",
    ['{"task":"a","task":"b"}\n', '[{"task":"a","task":"b"}]', '{"task":"c","d":[{"e":1,"e":1}]}'],
)
def test_a_key_that_stands_twice_is_told(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    [found] = values(path, Layout.auto, 1)
    assert (found.place, found.reason) == (1, "doubled_key")
    assert found.detail.endswith(" occurs twice in one object")


def test_words_that_look_like_keys_are_none(tmp_path):
    record = {"task": "a", "said": '{"task": 1, "task": 2}', 'odd":': "x", "y": "\ud83d"}
    assert read(tmp_path / "a.json", json.dumps(record)) == ["a"]


@pytest.mark.parametrize("depth", [201, 1000, 1030, 5000])
@pytest.mark.parametrize("around", ["%s\n", "[%s]"], ids=["line", "element"])
def test_what_is_nested_too_deeply_is_counted_and_the_next_read(tmp_path, depth, around):
    deep = '{"task":' + '{"a":' * depth + "1" + "}" * depth + "}"
    text = around % f'{deep}{around[-1] if around[0] == "%" else ","}{{"task":"b"}}'
    assert read(tmp_path / "a.json", text) == [(1, "too_deep"), "b"]


@pytest.mark.parametrize("blank", [b"\n", b" ", b" \r\n"], ids=["newlines", "spaces", "lines"])
def test_a_gzip_bomb_of_blanks_is_passed_over_and_counted_once(tmp_path, blank):
    text = LINES.encode() + blank * (8_000_000 // len(blank)) + b"\n" + LINES.encode()
    began = time.monotonic()
    found = read(tmp_path / "a.gz", gzip.compress(text, 1))
    assert [one for one in found if isinstance(one, str)] == NAMES * 2
    assert [one[1] for one in found if not isinstance(one, str)] == ["blank"]
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("text", ["", "\n", BOM, "[]", "\n[ ]\n"])
def test_a_file_without_a_record_yields_none(tmp_path, text):
    assert read(tmp_path / "a.json", text) == []
