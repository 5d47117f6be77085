"""A project's folder with everything up to the decision, and the shipped rule in its own home."""

from dataclasses import replace

import pytest
from champion_steps import first, judge, promote
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


@pytest.fixture
def three(config, loop):
    """Return the digests of three champions, each better than the one before."""
    found = []
    for weight, share in ((0.25, 3), (0.5, 6), (0.75, 9)):
        found.append(judge(loop, weight, share) if found else first(loop, share))
        assert promote(config, loop).outcome.value == "promoted"
    return found
