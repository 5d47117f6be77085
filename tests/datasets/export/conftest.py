"""A skill's store to write attempts to, and the shipped recipes to export them with."""

from __future__ import annotations

import json

import pytest
from harnesses import Harness
from nights import export, nights  # noqa: F401 - fixtures of the tests of feedback

from harness_forge.config.compose.engine import compose


@pytest.fixture
def harness(store, tmp_path):
    store.upgrade("stig")
    return Harness(store.skill("stig"), tmp_path / "data")


@pytest.fixture(scope="session")
def sft():
    """The shipped worker_sft recipe."""
    return compose(None, ["role=worker", "skill=stig", "format=sft"]).export


@pytest.fixture(scope="session")
def dpo():
    """The shipped worker_dpo recipe."""
    return compose(None, ["role=worker", "skill=stig", "format=dpo"]).export


@pytest.fixture
def lines():
    """Read a JSONL file; a line is what stands between two newlines."""
    return lambda path: [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
