"""The spool on a disk that is really full, and on one that takes no new file."""

import errno
import os

import pytest
from full_disk import fill, small_disk
from loop_files import looks

from harness_forge.core.errors import EvalError, ExportError, PromoteError
from harness_forge.datasets.formats.folder import DatasetFolder
from harness_forge.registry import decisions
from harness_forge.serving.proxy import spool
from harness_forge.serving.proxy.meters import Meters
from harness_forge.serving.proxy.spool_writer import SpoolWriter
from harness_forge.store.splits.looks import Look

LOOK = Look("dock", "model:a-1", "digest", ["r1"], "content", "run-1")


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk") as folder:
        yield folder


def kept(folder):
    return [
        record.facts["n"]
        for path in spool.segments(folder)
        for record, _ in spool.read(path, 0, 1 << 30)
    ]


def test_a_spool_loses_whole_records_alone_counts_them_and_goes_on(disk, capsys):
    records = spool.Spool(disk / "spool", max_mb=64, segment_mb=64, sync=True)
    meters = Meters()
    writer = SpoolWriter(records, meters)
    assert writer.write({"n": 1}, b"q" * 5000, b"a" * 5000)
    place = fill(disk, leave=8192)
    assert not writer.write({"n": 2}, b"q" * 9000, b"a" * 9000)
    assert "No space left on device" in writer.fault
    assert "proxy: the spool: OSError" in capsys.readouterr().err
    place.unlink()
    assert writer.write({"n": 3}, b"q" * 9000, b"a" * 9000)
    assert not writer.fault
    assert (meters.counts["captured"], meters.counts["not_captured"]) == (2, 1)
    writer.close()
    assert kept(disk / "spool") == [1, 3]


def test_where_no_new_file_can_be_made_a_record_is_kept_all_the_same(tmp_path, monkeypatch):
    records = spool.Spool(tmp_path / "spool", max_mb=64, segment_mb=1, sync=False)

    def refuse(path, flags, *rest, real=os.open):
        if flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    meters = Meters()
    writer = SpoolWriter(records, meters)
    assert all(writer.write({"n": n}, b"q" * 700_000, b"") for n in range(3))
    monkeypatch.undo()
    assert writer.write({"n": 3}, b"", b"")
    writer.close()
    assert meters.counts["captured"] == 4
    assert kept(tmp_path / "spool") == [0, 1, 2, 3]


def test_a_dataset_stays_as_it_was(disk):
    folder = disk / "crates"
    with DatasetFolder(folder) as made:
        made.write("train.jsonl", {"crate": 1})
        made.finish()
        made.text("manifest.json", "{}")
        made.publish()
    before = (folder / "train.jsonl").read_bytes()
    fill(disk, leave=8192)
    with pytest.raises(ExportError, match="the disk is full"), DatasetFolder(folder) as made:
        made.extend("train.jsonl", [b'{"crate": 2}' * 1000] * 400)
        made.finish()
    assert (folder / "train.jsonl").read_bytes() == before
    assert sorted(path.name for path in disk.iterdir()) == ["crates", "fill"]


def test_no_ledger_gets_half_a_line(disk):
    looks(disk).record(LOOK)
    with decisions.opened(disk) as opened:
        opened.append({"kind": "decision", "words": "x"})
    files = {path: path.read_bytes() for path in disk.rglob("*.jsonl")}
    assert len(files) == 2
    place = fill(disk)
    many = [f"item-{n}" for n in range(9000)]
    with pytest.raises(EvalError, match="No space left on device"):
        looks(disk).record(Look("dock", "model:b-1", "other", many, "content", "run-2"))
    with (
        decisions.opened(disk) as opened,
        pytest.raises(PromoteError, match="cannot be written: No space left on device"),
    ):
        opened.append({"kind": "decision", "words": many})
    assert {path: path.read_bytes() for path in files} == files
    place.unlink()
    with decisions.opened(disk) as opened:
        opened.append({"kind": "decision", "words": many})
    assert len(decisions.read(disk)) == 2


def test_numbers_and_not_the_clock_order_a_spool(tmp_path, monkeypatch):
    for n in range(3):
        writer = spool.Spool(tmp_path / "spool", max_mb=64, segment_mb=64, sync=False)
        writer.append({"n": n}, b"", b"")
        writer.close()
    for age, path in enumerate(spool.segments(tmp_path / "spool")):
        os.utime(path, (1e9 - age * 1e6, 1e9 - age * 1e6))
    assert kept(tmp_path / "spool") == [0, 1, 2]
