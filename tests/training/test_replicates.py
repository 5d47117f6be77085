"""Replicates: each is a training with a name and a seed of its own. No training is made here."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.registry.adapters import replicates
from harness_forge.registry.adapters.package import Adapter
from harness_forge.training import supervised
from harness_forge.training.jobs import TrainingResult
from harness_forge.training.replicates import listed, train_replicates


@pytest.fixture
def config():
    return compose(None, ["train.name=tiny", "train.replicates=3", "seed=7"])


@pytest.fixture
def asked(monkeypatch):
    """What trainings were asked for; the first one was made before."""
    asked = []

    def train(config, *, lineage=None, check=False, **watching):
        asked.append(config)
        seed = config.seed if config.train.seed is None else config.train.seed
        facts = {"key": f"k{len(asked)}", "train": {"seed": seed}, **(lineage or {})}
        made = Adapter(config.train.name, Path(config.train.name), f"d{len(asked)}", facts)
        return None if check else TrainingResult(made, len(asked) > 1, Path("metrics"))

    monkeypatch.setattr(supervised, "train", train)
    return asked


def test_each_has_a_name_a_seed_and_the_first_ones_key(config, asked):
    found = [one.adapter for one in train_replicates(config)]
    assert [one.name for one in found] == ["tiny", "tiny-r2", "tiny-r3"]
    seeds = [one.lineage["train"]["seed"] for one in found]
    assert seeds == [7, *(replicates.seed_of(7, number) for number in (2, 3))]
    assert len(set(seeds)) == 3
    assert [one.lineage.get("replicate") for one in found] == [
        None, {"number": 2, "first": "k1"}, {"number": 3, "first": "k1"},
    ]  # fmt: skip
    alike = [replace(one, train=replace(one.train, name="", seed=None)) for one in asked]
    assert alike[0] == alike[1] == alike[2]


def test_what_was_made_before_is_not_new(config, asked):
    assert [one.new for one in train_replicates(config)] == [False, True, True]


def test_a_check_trains_none_of_them(config, asked):
    assert train_replicates(config, check=True) == []
    assert len(asked) == 1


def test_alone_it_is_as_ever(config, asked):
    alone = replace(config, train=replace(config.train, replicates=1))
    assert [one.adapter.name for one in train_replicates(alone)] == ["tiny"]
    assert asked == [alone]


def test_the_stages_metrics_list_number_seed_name_and_digest(config, asked):
    _, second, _ = train_replicates(config)
    seed = replicates.seed_of(7, 2)
    assert listed(2, second) == {"number": 2, "seed": seed, "name": "tiny-r2", "digest": "d2"}
