"""JSON files that lie beside a record."""

import pytest

from harness_forge.collect.sources.formats import beside


def test_what_models_write_is_read(tmp_path):
    (tmp_path / "a.json").write_text('{"half": "\\ud83d", "none": NaN}')
    assert beside.json_beside(tmp_path / "a.json")["half"] == "\ud83d"


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_no_json_is_refused_whatever_it_is(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError):
        beside.json_beside(tmp_path / "a.json")


def test_a_very_large_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(beside, "_LARGEST", 1 << 20)
    (tmp_path / "a.json").write_text('"' + "x" * (1 << 20) + '"')
    with pytest.raises(ValueError, match="it is over 1 MB"):
        beside.json_beside(tmp_path / "a.json")
