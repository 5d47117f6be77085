"""One surveyed world and one bare sandbox for all tests of the `scap` world."""

from __future__ import annotations

from pathlib import Path

import pytest
from scap_worlds import HOME, STIG, UBUNTU

from harness_forge.config.scap import ScapConfig
from harness_forge.rollouts.environments.sandbox import tools as trees
from harness_forge.rollouts.environments.sandbox.sandbox import Sandbox
from harness_forge.rollouts.environments.scap import open_scap, root
from harness_forge.rollouts.environments.scap.doctor import doctor


def needed(config: ScapConfig, home: Path = HOME) -> None:
    """Skip with the first thing that is missing; rules that fall short are no reason."""
    for check in doctor(config, home):
        if not check.ok and check.name != "rules":
            pytest.skip(f"{check.name}: {check.said}")


@pytest.fixture(scope="session")
def stig():
    """The RHEL 9 world, surveyed; what it measures is kept for the next time."""
    needed(STIG)
    world = open_scap("stig", STIG, HOME)
    world.survey()
    yield world
    world.close()


@pytest.fixture(scope="session")
def ubuntu():
    """The Ubuntu 20.04 world, surveyed."""
    needed(UBUNTU)
    world = open_scap("ubuntu", UBUNTU, HOME)
    world.survey()
    yield world
    world.close()


@pytest.fixture(scope="session")
def tools():
    """Where the programs are; skips where a sandbox is not to be had."""
    needed(STIG)
    return trees.find_tools(HOME)


@pytest.fixture(scope="session")
def box(tools):
    """One sandbox over the RHEL 9 root, for scripts that mean no good."""
    sandbox = Sandbox(tools, root.disk("rhel9"))
    yield sandbox
    sandbox.close()


@pytest.fixture
def single_box(tools):
    """A sandbox with one uid, as most machines give it."""
    sandbox = Sandbox(tools, root.disk("rhel9"), single=True)
    yield sandbox
    sandbox.close()
