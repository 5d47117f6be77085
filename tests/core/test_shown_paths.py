"""Paths as messages show them."""

from pathlib import Path

from harness_forge.core.files import shown_path


def test_a_path_is_shown_in_its_shortest_true_form(tmp_path, monkeypatch):
    here = tmp_path / "project" / "sub"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    assert shown_path(Path("../.forge")) == str(tmp_path / "project" / ".forge")
    assert shown_path(Path("../sub/.forge")) == ".forge"
    assert shown_path(here / "data") == "data"
    (here / "link").symlink_to(tmp_path)
    assert shown_path(Path("link/../x")) == str(tmp_path.parent / "x")
