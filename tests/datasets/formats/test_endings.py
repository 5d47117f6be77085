"""How a file's name ends says what it is; what is in it is the same."""

from __future__ import annotations

import gzip
import json
import sys

import pytest

from harness_forge.core.errors import ConfigError, ExportError
from harness_forge.datasets.formats.endings import ENDINGS, checked, read_lines

CALL = {"type": "function", "function": {"name": "apply_fix", "arguments": '{"a": 1}'}}
RECORDS = [
    {"id": "1", "messages": [{"role": "user", "content": "ä\u2028"}], "split": "train"},
    {"id": "2", "messages": [{"role": "assistant", "content": "", "tool_calls": [CALL]}]},
    {"id": "3", "messages": [], "split": "2026-11-01"},  # no date, whatever it looks like
]


def written(path, records=RECORDS):
    file = ENDINGS[path.name.partition(".")[2]](path)
    try:
        for record in records:
            file.extend([json.dumps(record).encode()])
        return file.close()
    finally:
        file.abandon()


@pytest.fixture(params=list(ENDINGS))
def path(request, tmp_path):
    pytest.importorskip({"jsonl.zst": "zstandard", "parquet": "pyarrow"}.get(request.param, "json"))
    return tmp_path / f"train.{request.param}"


def test_what_was_written_is_read_back(path):
    facts = written(path)
    assert [json.loads(line) for line in read_lines(path)] == RECORDS
    assert (facts["lines"], facts["bytes"]) == (3, path.stat().st_size)


def test_the_same_lines_are_the_same_bytes(path, tmp_path):
    first = written(path)
    again = tmp_path / "again"
    again.mkdir()
    assert written(again / path.name) == first


def test_datasets_loads_it(path, tmp_path):
    datasets = pytest.importorskip("datasets")
    written(path)
    kind = "parquet" if path.suffix == ".parquet" else "json"
    rows = datasets.load_dataset(
        kind, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert list(rows["id"]) == ["1", "2", "3"]
    assert rows[1]["messages"][0]["tool_calls"][0]["function"]["arguments"] == '{"a": 1}'


def test_gzip_holds_no_time(tmp_path):
    written(tmp_path / "train.jsonl.gz")
    assert (tmp_path / "train.jsonl.gz").read_bytes()[4:8] == bytes(4)
    with gzip.open(tmp_path / "train.jsonl.gz") as file:
        assert len(file.readlines()) == 3


def test_parquet_tells_where_lines_do_not_agree(tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(ExportError, match="different types in one place: str and list"):
        written(tmp_path / "train.parquet", [{"a": "x"}, {"a": ["x"]}])


@pytest.mark.parametrize(
    ("package", "extension"), [("zstandard", "jsonl.zst"), ("pyarrow", "parquet")]
)
def test_a_package_that_is_missing_is_one_line(tmp_path, monkeypatch, package, extension):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "harness_forge.datasets.formats.parquet", raising=False)
    with pytest.raises(ExportError, match=f"needs the package {package}"):
        ENDINGS[extension](tmp_path / f"train.{extension}")


def test_an_unknown_ending_is_told():
    with pytest.raises(ConfigError) as caught:
        checked("jsonl.gzip")
    assert str(caught.value) == (
        "format.extension: unknown ending 'jsonl.gzip'\n"
        "  hint: did you mean 'jsonl.gz'? one of: jsonl, jsonl.gz, jsonl.zst, parquet"
    )
