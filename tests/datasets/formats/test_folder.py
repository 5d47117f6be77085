"""A dataset's folder is there whole, or not at all."""

from __future__ import annotations

import pytest

from harness_forge.core.dataset_files import MANIFEST
from harness_forge.core.errors import ExportError
from harness_forge.datasets.formats.folder import DatasetFolder


def write(path, *records, publish=True):
    with DatasetFolder(path) as folder:
        lines = [folder.write("train.jsonl", record) for record in records]
        facts = folder.finish()
        folder.text(MANIFEST, "{}\n")
        if publish:
            folder.publish()
    return lines, facts


def test_writes_lines_counted_from_one(tmp_path):
    lines, facts = write(tmp_path / "set", {"a": 1}, {"a": "ä\u2028"})
    assert lines == [1, 2]
    assert (tmp_path / "set/train.jsonl").read_bytes() == '{"a":1}\n{"a":"ä\u2028"}\n'.encode()
    assert (facts["train.jsonl"]["lines"], facts["train.jsonl"]["bytes"]) == (2, 22)


def test_unpublished_leaves_nothing(tmp_path):
    write(tmp_path / "set", {"a": 1}, publish=False)
    assert list(tmp_path.iterdir()) == []


def test_replaces_the_dataset_that_was_there(tmp_path):
    write(tmp_path / "set", {"a": 1})
    write(tmp_path / "set", {"a": 2})
    assert (tmp_path / "set/train.jsonl").read_text() == '{"a":2}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_clears_what_a_killed_export_left(tmp_path):
    (tmp_path / ".set.partial/deep").mkdir(parents=True)
    (tmp_path / ".set.partial/old.jsonl").write_text("half")
    write(tmp_path / "set", {"a": 1})
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [MANIFEST, "train.jsonl"]


def test_never_touches_a_folder_that_is_no_dataset(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.txt").write_text("mine")
    with pytest.raises(ExportError, match="is in the way and is no dataset"):
        write(tmp_path / "thesis", {"a": 1})
    assert (tmp_path / "thesis/chapter.txt").read_text() == "mine"


def test_a_second_writer_is_told_so(tmp_path):
    with DatasetFolder(tmp_path / "set"), pytest.raises(ExportError, match="another export"):
        write(tmp_path / "set", {"a": 1})


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    with pytest.raises(ExportError) as caught, DatasetFolder(tmp_path / "set") as folder:
        # A device that is always full stands in for the disk.
        (tmp_path / ".set.partial/train.jsonl").symlink_to("/dev/full")
        folder.write("train.jsonl", {"a": 1})
        folder.finish()
    assert str(caught.value) == (
        f"{tmp_path}/set: the disk is full\n"
        "  hint: nothing was left behind; free some space or set data_dir=…"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"cannot be written: .*/file: File exists"):
        write(tmp_path / "file" / "set", {"a": 1})


def test_lines_longer_than_the_buffer_arrive_whole(tmp_path):
    text = "x" * 5_000_000
    _, facts = write(tmp_path / "set", {"a": text}, {"a": 1})
    assert facts["train.jsonl"]["bytes"] == (tmp_path / "set/train.jsonl").stat().st_size
    assert (tmp_path / "set/train.jsonl").read_text() == f'{{"a":"{text}"}}\n{{"a":1}}\n'
