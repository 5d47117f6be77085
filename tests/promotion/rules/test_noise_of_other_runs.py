"""A noise floor is of the replay's own runs of the base model, or none."""

import pytest

from harness_forge.promotion.rules.evidence import _of_base_runs

REPLAY = {"policies": {"base": {"new_rule": {"run_id": "r1,r2"}}}}


@pytest.mark.parametrize(
    ("runs", "fits"),
    [
        ({"stig": ["r1", "r1b"], "ubuntu": ["r2", "r2b"]}, True),
        ({"stig": ["r9", "r9b"], "ubuntu": ["r2", "r2b"]}, False),
        ({"other": ["r1", "r1b"]}, False),
        ({}, True),
    ],
)
def test_its_first_runs_are_the_replays(runs, fits):
    assert _of_base_runs({"runs": runs}, REPLAY, "new_rule") is fits
