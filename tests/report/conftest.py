"""A whole loop that reports are written of."""

import pytest
from loop_files import dataset, whole


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    """A whole loop, decided."""
    root = tmp_path_factory.mktemp("loop")
    made = whole(root)
    dataset(made)
    return made
