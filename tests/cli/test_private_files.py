"""What others may do with the files that forge makes, whatever the shell's umask."""

import os
import stat

import pytest

from harness_forge.cli import main
from harness_forge.datasets.redaction.key import load_key
from harness_forge.serving.proxy.spool import Spool
from harness_forge.store.verdicts import VerdictFile


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o077], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder):
    """Return the rights of group and others, of a folder and all in it."""
    return {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in [folder, *folder.rglob("*")]}


def test_a_command_makes_nothing_that_others_can_write(tmp_path, capsys):
    assert main(["compose", f"forge_home={tmp_path}"]) == 0
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "file").write_text("x")
    assert all(mode & 0o022 == 0 for mode in modes(tmp_path / "made"))


def test_captured_requests_are_read_by_nobody_else(tmp_path):
    spool = Spool(tmp_path / "spool", 1, 1, False)
    spool.append({"n": 1}, b"prompt", b"answer")
    spool.close()
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    (segment,) = (tmp_path / "spool").glob("*.spool")
    assert stat.S_IMODE(segment.stat().st_mode) == 0o600


def test_verdicts_are_read_by_nobody_else(tmp_path):
    place = tmp_path / "verdicts.jsonl"
    with VerdictFile(place):
        assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_the_key_of_pseudonyms_is_read_by_nobody_else(tmp_path):
    load_key(tmp_path)
    (made,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
