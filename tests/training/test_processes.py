"""Two processes share a training over gloo, with a key that the recipe gives to Axolotl."""

import pytest
from other_trainings import changed, losses

from harness_forge.config.train import Precision
from harness_forge.training import supervised

pytestmark = [pytest.mark.workset, pytest.mark.soak, pytest.mark.timeout(900)]


def test_two_processes_learn_what_one_learns(config):
    # All rows in each step, so that it does not matter which process has which.
    plain = {"epochs": 4, "precision": Precision.float32}
    one = supervised.train(changed(config, "one", micro_batch=8, **plain))
    # And a key of Axolotl that the recipe gives.
    keys = {"max_grad_norm": 1.0}
    two = supervised.train(
        changed(config, "two", micro_batch=4, processes=2, axolotl=keys, **plain)
    )
    assert two.adapter.lineage["train"]["axolotl"] == keys
    assert one.adapter.lineage["train"]["processes"] == 1
    assert two.adapter.lineage["train"]["processes"] == 2
    assert two.adapter.lineage["measured"]["steps"] == one.adapter.lineage["measured"]["steps"] == 4
    # Four rows alone differ by 0.0002 in the first loss.
    assert losses(two) == pytest.approx(losses(one), abs=2e-5)
