"""`forge env setup` says little where nothing is wrong, and all where something is."""

from __future__ import annotations

import pytest

from harness_forge.cli import main
from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.sandbox.checks import Requirement
from harness_forge.rollouts.environments.scap import doctor, packages

HOLD = [Requirement("root", True, "own.root"), Requirement("rules", True, "12 have the full cycle")]


@pytest.fixture
def setup(monkeypatch, capsys):
    """Returns a function: what a setup prints, and its exit code, where these are the checks."""
    monkeypatch.setattr(packages, "setup", lambda config, home: None)

    def run(checks):
        monkeypatch.setattr(doctor, "doctor", lambda config, home: checks)
        code = main(["env", "setup", "skill=stig"])
        return code, capsys.readouterr().out

    return run


def test_an_environment_that_is_ready_is_one_line(setup):
    assert setup(HOLD) == (0, "stig: 2 checks hold; rules: 12 have the full cycle\n")


def test_one_that_lacks_something_is_shown_whole(setup):
    code, said = setup([*HOLD, Requirement("uids", False, "no range; add one")])
    assert code == SandboxError.exit_code
    assert said.splitlines() == [
        "stig:",
        "  ok  root       own.root",
        "  ok  rules      12 have the full cycle",
        "  no  uids       no range; add one",
    ]
