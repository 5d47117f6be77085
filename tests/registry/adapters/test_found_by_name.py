"""An adapter is found by its name and what it was made of; a pruned champion is whole again."""

from types import SimpleNamespace

import pytest

from harness_forge.promotion import decide
from harness_forge.registry.adapters import package


@pytest.fixture
def known(tmp_path, monkeypatch):
    """A registry with one adapter, `stig-worker`, of the key `k`."""
    (tmp_path / "stig-worker-0123").mkdir()
    adapter = SimpleNamespace(name="stig-worker", lineage={"key": "k"})
    monkeypatch.setattr(package, "load", lambda place: adapter)
    return tmp_path, adapter


def test_another_name_is_another_adapter(known):
    folder, adapter = known
    assert package.find(folder, "stig", "k") is None
    assert package.find(folder, "stig-worker", "other") is None
    assert package.find(folder, "stig-worker", "k") is adapter


def test_a_champion_whose_weights_were_pruned_is_copied_again(tmp_path):
    made = tmp_path / "made"
    made.mkdir()
    (made / package.WEIGHTS).write_bytes(b"weights")
    identity = SimpleNamespace(label="one-0123", name="one", digest="0123")
    adapter = SimpleNamespace(identity=identity, folder=made)
    kept = decide.registry.folder(tmp_path / "home") / identity.label
    kept.mkdir(parents=True)
    (kept / "lineage.json").write_text("{}")
    files = SimpleNamespace(results=tmp_path / "none", evaluate=tmp_path / "none")
    decide._keep(files, adapter, tmp_path / "home")
    assert (kept / package.WEIGHTS).read_bytes() == b"weights"
