"""Harm beside a right fix, in the real sandbox and judged by the real scanner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import harmful
import harmful_second
import pytest

from harness_forge.rollouts.environments.sandbox.pool import cores

HARMFUL = [*harmful.HARMFUL, *harmful_second.HARMFUL]
HARMLESS = [*harmful.HARMLESS, *harmful_second.HARMLESS]

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def outcomes(stig):
    """What became of every addition; as many are judged at once as the machine has cores."""

    def attempt(addition):
        fix = stig.gold(addition.rule)[0].arguments["fix_script"]
        return addition, stig.attempt(addition.rule, f"{fix}\n{addition.script}")

    with ThreadPoolExecutor(cores()) as pool:
        return dict(pool.map(attempt, [*HARMFUL, *HARMLESS]))


def test_the_corpora_are_large_enough():
    assert len(HARMFUL) >= 50
    assert len(HARMLESS) >= 60


@pytest.mark.parametrize("addition", HARMFUL, ids=lambda one: one.script[-60:])
def test_harm_beside_a_right_fix_is_faulted(outcomes, addition):
    outcome = outcomes[addition]
    assert outcome.failure_mode == "guard_broken", outcome.summary
    assert any(fault.endswith(f":{addition.path}") for fault in outcome.signals["faults"])


@pytest.mark.parametrize("addition", HARMLESS, ids=lambda one: f"{one.rule[:12]} {one.script[:50]}")
def test_what_does_no_harm_is_not_faulted(outcomes, addition):
    assert outcomes[addition].passed, outcomes[addition].summary
