"""An export that is killed anywhere leaves no half dataset, and the next one writes all of it."""

import random
from hashlib import sha256

import pytest
from killing import count, killed

from harness_forge.datasets.export import export
from harness_forge.datasets.request import ExportPart, ExportRequest
from harness_forge.store.database import Store


@pytest.fixture
def exported(harness, sft, store):
    """Return what exports in a connection of its own, which a child needs."""
    for number in range(15):
        harness.attempt(harness.item(f"rule_{number}"), f"echo {number}")

    def go():
        request = ExportRequest(harness.data_dir, sft.name, "stig", "worker", "sft")
        with Store(store.url) as own:
            part = ExportPart(own.skill("stig"), "worker", sft)
            return export([part], request)

    go.folder, go.name = harness.data_dir, sft.name
    return go


def content(folder):
    """Return the hash of each file that holds rows."""
    found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.jsonl"))}
    return {name: sha256(raw).hexdigest() for name, raw in found.items()}


def kill(exported, kills, seed):
    import shutil

    place = exported.folder / exported.name
    exported()
    expected = content(place)
    assert expected
    shutil.rmtree(exported.folder)
    points, draw, stopped = count(exported), random.Random(seed), 0
    for number in range(kills):
        if number % 2:
            # Every other time there is nothing yet, else the one before stands there.
            shutil.rmtree(exported.folder)
        stopped += killed(exported, points, draw)
        if place.exists():
            assert content(place) == expected and (place / "manifest.json").exists()
        assert exported().kept == 15
        assert content(place) == expected
        assert [path.name for path in exported.folder.iterdir()] == [exported.name]
    return stopped


def test_a_few_kills_leave_nothing_half(exported):
    assert kill(exported, 3, seed=5)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_kills_anywhere_leave_nothing_half(exported):
    kills = 60
    stopped = kill(exported, kills, seed=20261121)
    print(f"\nexport: killed {stopped} of {kills} times")
    assert stopped > 0.7 * kills
