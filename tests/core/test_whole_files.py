"""Files and folders that are there whole or not at all, and locks."""

import os
import subprocess
import sys

import pytest

from harness_forge.core.files import locked, whole_folder


def test_a_folder_takes_its_place_when_all_of_it_is_written(tmp_path):
    place = tmp_path / "made"
    place.mkdir()
    (place / "old").touch()
    with whole_folder(place) as draft:
        (draft / "new").touch()
        assert [path.name for path in place.iterdir()] == ["old"]
    assert [path.name for path in place.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_that_failed_leaves_what_was_there(tmp_path):
    place = tmp_path / "made"
    place.mkdir()
    (place / "old").touch()
    with pytest.raises(OSError, match="full"), whole_folder(place) as draft:
        (draft / "new").touch()
        raise OSError("full")
    assert [path.name for path in place.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [place]


def test_what_a_killed_process_left_is_deleted_and_a_living_ones_is_not(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = tmp_path / f".made.{gone.pid}"
    others = tmp_path / f".made.{os.getppid()}"
    left.mkdir()
    others.mkdir()
    with whole_folder(tmp_path / "made"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [others.name, "made"]


def test_a_lock_that_another_holds_is_refused_in_the_callers_words(tmp_path):
    with (
        locked(tmp_path / "home/lock"),
        pytest.raises(ValueError, match="in use"),
        locked(tmp_path / "home/lock", ValueError("in use")),
    ):
        pass
    with locked(tmp_path / "home/lock", ValueError("in use")):
        pass
