"""A project's folder with everything up to the decision, and the shipped rule in its own home."""

from dataclasses import replace

import pytest
from loop_files import whole

from harness_forge.config.compose.engine import compose


@pytest.fixture
def loop(tmp_path, monkeypatch):
    """A project's folder with everything up to the decision, outside any DVC experiment."""
    for name in ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"):
        monkeypatch.delenv(name, raising=False)
    return whole(tmp_path)


@pytest.fixture
def config(loop):
    """The shipped rule, in the folder's own home."""
    composed = compose(None, [f"forge_home={loop.home}"])
    return replace(composed, train=replace(composed.train, name=loop.name))
