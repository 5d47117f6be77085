"""Packed rows are learned as rows of their own: no example sees the others of its sequence."""

import pytest
from other_trainings import changed, losses

from harness_forge.config.train import Precision
from harness_forge.training import supervised

pytestmark = [pytest.mark.workset, pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def plain():
    return {"epochs": 4, "precision": Precision.float32}


@pytest.mark.parametrize("attention", [{}, {"attn_implementation": "eager"}])
def test_packed_rows_lose_what_each_loses_alone(config, plain, attention):
    # All rows in each step, so that it does not matter which are packed together.
    alone = supervised.train(changed(config, "alone", micro_batch=8, **plain))
    keys = {"sample_packing": True, **attention}
    packed = supervised.train(
        changed(config, "packed", micro_batch=1, sequence_length=2048, axolotl=keys, **plain)
    )
    assert packed.adapter.lineage["measured"]["steps"] == 4
    assert losses(packed) == pytest.approx(losses(alone), abs=2e-5)
