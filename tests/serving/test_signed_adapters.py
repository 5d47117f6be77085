"""Where a project names a trusted key, no server is told of an adapter without its signature."""

import os
import shutil
from pathlib import Path

import pytest
from signing_keys import Pair
from swapped_adapters import altered

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import ServeError, TrainError
from harness_forge.registry import current, decisions
from harness_forge.registry.adapters import registry
from harness_forge.registry.signing import signature
from harness_forge.rollouts import opening
from harness_forge.serving import server_plan, state, swapping
from harness_forge.serving.state import Running, process

HOME = Path("home")


@pytest.fixture
def pair(tmp_path):
    return Pair(tmp_path / "keys")


@pytest.fixture
def config(fake, pair):
    return compose(None, [*fake, f"signing.public_key={pair.public}", "train.name=mine"])


@pytest.fixture
def running():
    """Say that a server runs, at a port where nothing listens."""
    one = process(os.getpid())
    state.write(HOME, Running(one, one, 9, "http://127.0.0.1:9/v1", "local", rank=64))


def promoted(adapter):
    line = {"kind": "decision", "decision": "promoted", "time": "2026-11-21T00:00:00Z"}
    who = {"name": adapter.name, "digest": adapter.digest}
    with decisions.opened(HOME) as book:
        book.append({**line, "candidate": who, "skill": "stig", "role": "worker"})


def test_an_unsigned_one_is_neither_planned_nor_swapped_in_nor_replayed(config, running):
    refused = [
        lambda: server_plan.plan(config, ["mine"]),
        lambda: server_plan.plan(config),
        lambda: swapping.swapped(config, "stig-champion", "mine"),
        lambda: current.current_adapter(config, "mine"),
    ]
    for one in refused:
        with pytest.raises(TrainError, match="is not signed"):
            one()


def test_a_signed_one_is_planned(config, pair):
    signature.sign(registry.folder(HOME) / "mine", str(pair.private))
    assert server_plan.plan(config, ["mine"]).adapters[0].name == "mine"


def test_a_champion_that_was_tampered_with_is_not_served(config, pair):
    champion = altered(config, "mine", 5)
    signature.sign(champion.folder, str(pair.private))
    promoted(champion)
    assert server_plan.plan(config).adapters[0].digest == champion.digest
    (champion.folder / "README.md").write_text("another card")
    with pytest.raises(ServeError, match=r"champion of stig.worker: .*: is not what was signed"):
        server_plan.plan(config)


def test_the_copy_in_the_registry_is_checked_too(config, pair, running, tmp_path):
    there = registry.folder(HOME) / "mine"
    shutil.copytree(there, tmp_path / "signed")
    signature.sign(tmp_path / "signed", str(pair.private))
    with pytest.raises(TrainError, match=r"home/adapters/mine-\w+: is not signed"):
        swapping.swapped(config, "stig-champion", str(tmp_path / "signed"))


def test_a_run_of_an_unsigned_adapter_does_not_start(config, fake, pair):
    words = [f"signing.public_key={pair.public}", "policy=model", "policy.adapter=mine"]
    with pytest.raises(TrainError, match="is not signed"):
        opening.run(compose(None, [*fake, *words]))
