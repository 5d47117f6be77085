"""Hypothesis as these tests use it: the same examples each time, nothing left in the project."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

# Its tables of characters take a second to make; they hold nothing of ours.
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "harness-forge-hypothesis")
settings.register_profile(
    "forge",
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("forge")
