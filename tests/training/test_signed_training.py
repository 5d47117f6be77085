"""A real training signs what it made, and its second stage asks for the first one's signature."""

import json
from dataclasses import replace

import pytest
from signing_keys import Pair

from harness_forge.config.signing import SigningConfig
from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import tensors
from harness_forge.registry.adapters.bom import BOM
from harness_forge.registry.signing import trust
from harness_forge.training import preferences, supervised

pytestmark = pytest.mark.workset


def test_its_tensors_are_of_the_shapes_that_its_config_says(trained):
    assert tensors.check(trained.adapter.folder).modules > 0


def test_its_bill_names_what_trained_it(trained):
    bill = json.loads((trained.adapter.folder / BOM).read_text())
    tools = {one["name"]: one["version"] for one in bill["components"] if one["type"] == "library"}
    assert {"axolotl", "peft", "torch"} <= tools.keys()


def test_unsigned_it_starts_no_second_stage_and_signed_it_may(trained, config, tmp_path):
    pair = Pair(tmp_path)
    asking = replace(config, signing=SigningConfig(public_key=str(pair.public)))
    with pytest.raises(TrainError, match="is not signed"):
        preferences.plan(asking)
    own = replace(asking, signing=replace(asking.signing, key=str(pair.private)))
    again = supervised.train(own)
    try:
        assert not again.new
        trust.demand(again.adapter, own.signing)
        preferences.plan(asking)
    finally:
        # The other tests share this adapter.
        (again.adapter.folder / "model.sig").unlink()


def test_an_unfit_key_is_said_before_anything_is_trained(config, tmp_path):
    pair = Pair(tmp_path)
    unfit = replace(
        config,
        train=replace(config.train, name="never"),
        signing=SigningConfig(key=str(pair.public)),
    )
    with pytest.raises(TrainError, match="holds no private key"):
        supervised.train(unfit)
