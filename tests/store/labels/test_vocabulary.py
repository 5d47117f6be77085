"""Words for outcomes mean one thing, or are unknown."""

from __future__ import annotations

import pytest

from harness_forge.store.labels.vocabulary import OutcomeMeaning, verdict_of


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("completed", OutcomeMeaning.PASSED),
        ("remediated", OutcomeMeaning.PASSED),
        (" Remediated\n", OutcomeMeaning.PASSED),
        (True, OutcomeMeaning.PASSED),
        ("true", OutcomeMeaning.PASSED),
        ("escalated", OutcomeMeaning.FAILED),
        (False, OutcomeMeaning.FAILED),
        ("deferred", OutcomeMeaning.DEFERRED),
        ("skipped", OutcomeMeaning.SKIPPED),
        ("skip", OutcomeMeaning.SKIPPED),
        (None, OutcomeMeaning.NONE),
        ("null", OutcomeMeaning.NONE),
        ("running", OutcomeMeaning.NONE),
        ("half done", None),
        (1, None),
        (0.5, None),
        ([], None),
    ],
)
def test_a_word_has_one_verdict(said, verdict):
    assert verdict_of(said) is verdict
