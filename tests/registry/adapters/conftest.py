import pytest
from tiny_parts import tiny  # noqa: F401


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Start in an empty folder: what `make loop` left in this clone is no test's business."""
    monkeypatch.chdir(tmp_path)
