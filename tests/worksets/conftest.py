import os

import pytest
from workset_files import locked, make_wheel, write_lock


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A wheel of our own as pip's only source: no network; and a lock for it."""
    place = tmp_path / "wheels"
    place.mkdir()
    wheel = make_wheel(place, "own-part", "import os\nassert 'PYTHONPATH' not in os.environ\n")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(place))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    write_lock(tmp_path, locked(wheel))
    return place
