"""A candidate whose training rows were forgotten is refused; a champion of that kind is told."""

import pytest
from champion_steps import first, promote

from harness_forge.cli.champion import main
from harness_forge.core.errors import PromoteError
from harness_forge.registry import decisions
from harness_forge.registry.adapters import taint


def tainted(loop):
    (one,) = (one for one in taint.trained(loop.home) if one.digest == loop.digest)
    taint.mark(loop.home, one, "consent was withdrawn", "2026-11-29T10:00:00+00:00")


def test_a_tainted_candidate_is_refused_and_nothing_is_written(config, loop):
    first(loop, 3)
    tainted(loop)
    with pytest.raises(PromoteError, match=r"is tainted: .*consent was withdrawn.*forge train"):
        promote(config, loop)
    assert decisions.read(loop.home) == []


def test_a_champion_that_was_tainted_later_is_told(config, loop, capsys):
    first(loop, 3)
    promote(config, loop)
    tainted(loop)
    assert main([f"forge_home={loop.home}"]) == 0
    assert "is tainted: rows that it was trained on" in capsys.readouterr().err
