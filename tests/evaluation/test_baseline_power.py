"""The rate of passes that an adapter needs beside a baseline, by simulation."""

import pytest

from harness_forge.evaluation.baseline_power import (
    describe_needed,
    needed_rate,
    promoting_chance,
)
from harness_forge.evaluation.gate_power import gate_power

SIZES = (16, 14, 7, 6, 5, 2, *[1] * 18)


def test_an_adapter_no_better_than_the_baseline_is_promoted_no_more_often_than_the_level():
    assert promoting_chance(SIZES, 0.44, 0.44, 0.025, alike=0.5) <= 0.025 + 0.027


def test_a_baseline_that_passes_nothing_leaves_the_tests_against_the_base_model():
    alone = gate_power(SIZES, 0.3, 0.0, 0.025, 0.2)
    assert promoting_chance(SIZES, 0.3, 0.0, 0.025, 0.2) == pytest.approx(alone, abs=0.1)


def test_the_better_the_baseline_the_more_an_adapter_must_pass():
    needed = [needed_rate(SIZES, share, 0.025) for share in (0.0, 0.2, 0.44)]
    assert needed == sorted(needed)
    assert needed[2] > 0.44 + 0.1


def test_no_adapter_beats_a_baseline_that_passes_all():
    assert describe_needed(SIZES, 1.0, 0.025) == (
        "beside a baseline that passes 100% of them, one-sided 0.025: no adapter, however good, "
        "is promoted four times of five"
    )


def test_the_sentence_names_the_rate():
    needed = needed_rate(SIZES, 0.44, 0.025)
    assert f"an adapter that passes {100 * needed:.0f}%" in describe_needed(SIZES, 0.44, 0.025)


def test_a_rate_is_a_share():
    with pytest.raises(ValueError, match="rates are from 0 to 1"):
        promoting_chance(SIZES, 1.2, 0.1, 0.025)
