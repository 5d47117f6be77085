"""A file of another kind is named by its first bytes and refused; Parquet is read row by row."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import random
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import zstandard

from harness_forge.collect.sources import files, unpacking
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.config.source import Layout
from harness_forge.core.errors import SourceError

RECORDS = [{"task": f"t{n}", "note": {"drawer": n, "wood": "oak, \u00e4sh"}} for n in range(40)]
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS).encode()


def zipped():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.jsonl", LINES)
    return held.getvalue()


def tarred(mode="w"):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:
        entry = tarfile.TarInfo("a.jsonl")
        entry.size = len(LINES)
        archive.addfile(entry, io.BytesIO(LINES))
    return held.getvalue()


def arrow(stream):
    import pyarrow

    table = pyarrow.Table.from_pylist(RECORDS)
    held = pyarrow.BufferOutputStream()
    opened = pyarrow.ipc.new_stream if stream else pyarrow.ipc.new_file
    with opened(held, table.schema) as writer:
        writer.write_table(table)
    return held.getvalue().to_pybytes()


def database():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE r (t text)")
        return connection.serialize()


KINDS = {
    "a zip archive": (zipped, "unpack it (unzip a.bin -d unpacked) and give the files in it"),
    "a tar archive": (tarred, "unpack it (tar -xf a.bin) and give the files in it"),
    "packed with xz": (lambda: lzma.compress(LINES), "unpack it: xz -dk a.bin"),
    "packed with bzip2": (lambda: bz2.compress(LINES), "unpack it: bzip2 -dk a.bin"),
    "a SQLite database": (
        database,
        "write a table as JSON lines: sqlite3 -json a.bin 'SELECT * FROM …' > records.json",
    ),
    "a Python pickle": (
        lambda: pickle.dumps(RECORDS),
        "a pickle runs code when it is loaded, so forge loads none: write JSON lines",
    ),
    "an Arrow file": (lambda: arrow(False), "write it as Parquet or as JSON lines"),
    "an Arrow stream": (lambda: arrow(True), "write it as Parquet or as JSON lines"),
    "a PDF": (lambda: b"%PDF-1.7\n1 0", "it holds no records; is it the right file?"),
    "a PNG picture": (
        lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "it holds no records; is it the right file?",
    ),
    "no text, and of no kind that is known here": (
        lambda: bytes(range(256)) * 9,
        "write its records as JSON lines, an object each",
    ),
    "a stream of server-sent events": (
        lambda: b'event: message_start\ndata: {"type": "message_start"}\n\n',
        "it holds an answer and not what was asked: write a record a line,"
        ' {"request": …, "response": the stream as one text}',
    ),
}


def refusal(path, raw):
    path.write_bytes(raw)
    with pytest.raises(SourceError) as refused:
        files.content(path)
    return str(refused.value)


@pytest.mark.parametrize("what", KINDS)
def test_what_a_file_is_and_what_to_do_is_told(tmp_path, what):
    make, remedy = KINDS[what]
    path = tmp_path / "a.bin"
    assert refusal(path, make()) == f"{path}: is {what}\n  hint: {remedy}"


def test_an_archive_within_gzip_is_none_either(tmp_path):
    assert "is a tar archive" in refusal(tmp_path / "a.json.gz", tarred("w:gz"))


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), ("\t", "utf-8"), (";", "utf-16")]
)
def test_a_table_is_refused_with_a_command_that_makes_records_of_it(tmp_path, delimiter, encoding):
    cells = [["task", "answer"], ["mend the drawer", "it slides"], ["wax the lid", "it shines"]]
    text = "".join(delimiter.join(row) + "\n" for row in cells)
    said = refusal(tmp_path / "a table.csv", text.encode(encoding))
    assert f"is a table ({'TSV' if delimiter == chr(9) else 'CSV'})" in said
    command = said.partition("JSON lines: ")[2]
    assert shlex.quote("a table.csv") in command
    (tmp_path / "a table.csv").write_text(text)
    command = command.replace("python3", sys.executable)
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    [*made] = values(tmp_path / "records.jsonl", Layout.auto, 1)
    assert [one.value for one in made] == [
        dict(zip(cells[0], row, strict=True)) for row in cells[1:]
    ]


PG_DUMP = (
    "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n"
    "COPY public.runs (id, ok) FROM stdin;\n1\tt\n\\.\n"
)


@pytest.mark.parametrize(
    ("text", "of", "how"),
    [
        (PG_DUMP, " of PostgreSQL", "'SELECT row_to_json(t) FROM public.runs t'"),
        ("\\restrict x\n\nSET a = 'b';\n", " of PostgreSQL", "createdb loaded"),
        (
            "-- MySQL dump 10.13\n/*!40101 SET a=b */;\nDROP TABLE IF EXISTS `r`;",
            " of MySQL",
            "mysql",
        ),
        ("INSERT INTO runs VALUES(1,'a'),(2,'b');\n" * 3, "", "'SELECT * FROM runs'"),
    ],
)
def test_a_dump_of_a_database_is_named_with_how_to_load_it(tmp_path, text, of, how):
    said = refusal(tmp_path / "a.sql", text.encode())
    assert f"is an SQL dump{of}\n  hint: load it into a database and write a table" in said
    assert how in said


def test_what_is_said_of_a_sqlite_dump_makes_records_of_it(tmp_path):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE runs (task text, passed int)")
        connection.executemany("INSERT INTO runs VALUES (?, ?)", [("a, b", 1), ("c\nd", 0)])
        text = "\n".join(connection.iterdump())
    said = refusal(tmp_path / "a.sql", text.encode())
    command = said.partition("JSON lines: ")[2]
    if not shutil.which("sqlite3"):
        pytest.skip("sqlite3 is not installed")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    found = values(tmp_path / "records.json", Layout.auto, 1)
    assert [one.value for one in found] == [
        {"task": "a, b", "passed": 1},
        {"task": "c\nd", "passed": 0},
    ]


def test_a_broken_first_line_that_begins_like_sql_is_no_dump(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"set out at noon\n" + LINES)
    assert files.content(path).size


def test_turns_in_columns_are_named_with_the_documented_script_that_joins_them(tmp_path):
    text = "id,system,user_1,assistant_1,user_2,assistant_2\na,Be kind.,Where?,There.,,\n"
    said = refusal(tmp_path / "a.csv", text.encode())
    assert 'docs/sources.md, "Turns in columns"' in said
    documented = (Path(__file__).parents[3] / "docs/sources.md").read_text(encoding="utf-8")
    script = documented.split("```python\n# turns.py")[1].split("```")[0]
    found = subprocess.run(
        [sys.executable, "-c", f"# {script}"],
        input=text,
        text=True,
        capture_output=True,
        check=True,
    )
    assert json.loads(found.stdout) == {
        "id": "a",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Where?"},
            {"role": "assistant", "content": "There."},
        ],
    }


def test_a_broken_first_line_with_commas_is_no_table(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"begun, at noon\n" + LINES)
    assert files.content(path).size
    assert [isinstance(one, LeftOut) for one in values(path, Layout.auto, 1)] == [True] + [
        False
    ] * 40


def table(path, rows, **options):
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path, **options)
    return path


def test_the_rows_of_a_parquet_file_are_its_records(tmp_path):
    path = table(tmp_path / "a.parquet", RECORDS, row_group_size=7)
    assert files.content(path).size == path.stat().st_size
    found = list(values(path, Layout.auto, 1))
    assert [one.value for one in found] == RECORDS
    assert [one.place for one in found] == list(range(1, 41))


def test_times_decimals_and_text_in_bytes_become_text_and_other_bytes_are_counted(tmp_path):
    odd = [
        {"day": date(2026, 1, 2), "sum": Decimal("1.10"), "raw": raw} for raw in (b"oak", b"\xff")
    ]
    first, second = values(table(tmp_path / "a.parquet", odd), Layout.auto, 1)
    assert first.value == {"day": "2026-01-02", "sum": "1.10", "raw": "oak"}
    assert (second.place, second.reason, second.malformed) == (2, "not_json", True)


def test_a_parquet_file_that_is_cut_off_is_one_error(tmp_path):
    path = table(tmp_path / "a.parquet", RECORDS)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(
        SourceError, match=r"a\.parquet: cannot be read as Parquet: .*\n.*is it whole"
    ):
        list(values(path, Layout.auto, 1))


def test_a_row_that_python_cannot_hold_is_counted_and_the_others_are_read(tmp_path):
    path = table(
        tmp_path / "a.parquet",
        RECORDS,
        compression="none",
        use_dictionary=False,
        write_statistics=False,
    )
    raw = path.read_bytes()
    at = raw.index("\u00e4sh".encode())
    path.write_bytes(raw[:at] + b"\xff\xff" + raw[at + 2 :])
    found = list(values(path, Layout.auto, 1))
    assert [one.place for one in found] == list(range(1, 41))
    [bad] = [one for one in found if isinstance(one, LeftOut)]
    assert (bad.reason, bad.malformed, bad.place) == ("not_json", True, 1)
    assert [one.value for one in found[1:]] == RECORDS[1:]


@pytest.mark.parametrize("name", ["a.zst", "a.gz", "a.parquet"])
def test_a_damaged_file_is_one_error_or_counted_and_never_a_crash(tmp_path, name):
    path = tmp_path / name
    pack = {"a.zst": zstandard.compress, "a.gz": gzip.compress}.get(name)
    path.write_bytes(pack(LINES)) if pack else table(path, RECORDS)
    whole, draw = path.read_bytes(), random.Random(3)
    for number in range(40):
        start = draw.randrange(4, len(whole))
        damages = (
            whole[:start],
            whole[:start] + draw.randbytes(3) + whole[start + 3 :],
            whole[:start] + whole[start + draw.randrange(1, 900) :],
        )
        path.write_bytes(damages[number % 3])
        try:
            files.content(path)
            found = list(values(path, Layout.auto, 1))
        except SourceError:
            continue
        assert number % 3 == 1, f"cut at {start} and taken for whole"
        assert all(isinstance(one, LeftOut | LocatedValue) for one in found)


def test_without_pyarrow_the_package_is_named(tmp_path, monkeypatch):
    path = table(tmp_path / "a.parquet", RECORDS)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(SourceError) as refused:
        list(values(path, Layout.auto, 1))
    assert str(refused.value) == (
        f"{path}: is a Parquet file\n"
        "  hint: pip install 'harness-forge[parquet]', or write it as JSON lines"
    )


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match=r"is a pipe.*\n  hint: write it to a file first"):
        files.found(tmp_path / "pipe", "*.json*")


def test_files_of_a_folder_that_no_pattern_names_are_told(tmp_path):
    for place in ("a.jsonl", "b.parquet", "notes.md", "deep/er/c.jsonl.gz", ".git/d.json"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(LINES)
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    assert files.found(tmp_path, "*.json*") == [tmp_path / "a.jsonl"]
    others = files.passed_over(tmp_path, "*.json*")
    assert others == ["b.parquet", "deep/er/c.jsonl.gz", "gone.json"]
    assert files.passed_over(tmp_path, "**/*.jsonl") == []
    assert files.passed_over(tmp_path / "a.jsonl", "*.json*") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_and_a_folder_without_the_right_to_read_them_say_so(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINES)
    path.chmod(0)
    with pytest.raises(
        SourceError, match=r"cannot be read: Permission denied\n  hint: chmod u\+r "
    ):
        files.content(path)
    tmp_path.chmod(0)
    with pytest.raises(
        SourceError, match=r"cannot be read: Permission denied\n  hint: chmod u\+rx"
    ):
        files.found(tmp_path, "*")
    tmp_path.chmod(0o700)


def test_a_read_that_the_system_refuses_is_no_packed_file_that_was_cut(tmp_path, monkeypatch):
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINES)

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refused)
    with pytest.raises(SourceError) as caught:
        files.content(path)
    assert str(caught.value) == (
        f"{path}: cannot be read: Permission denied\n"
        f"  hint: chmod u+r {path}, or let its owner run forge"
    )


def test_a_disk_that_fails_is_named_as_such(tmp_path):
    said = unpacking.unreadable(tmp_path / "a.jsonl", OSError(5, "Input/output error"))
    assert "cannot be read: Input/output error\n  hint: is its disk" in str(said)
