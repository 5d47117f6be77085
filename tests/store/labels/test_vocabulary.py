"""Words for outcomes mean one thing, or are unknown."""

from __future__ import annotations

import pytest

from harness_forge.store.labels.vocabulary import Verdict, verdict_of


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("completed", Verdict.PASSED),
        ("remediated", Verdict.PASSED),
        (" Remediated\n", Verdict.PASSED),
        (True, Verdict.PASSED),
        ("true", Verdict.PASSED),
        ("escalated", Verdict.FAILED),
        (False, Verdict.FAILED),
        ("deferred", Verdict.DEFERRED),
        ("skipped", Verdict.SKIPPED),
        ("skip", Verdict.SKIPPED),
        (None, Verdict.NONE),
        ("null", Verdict.NONE),
        ("running", Verdict.NONE),
        ("half done", None),
        (1, None),
        (0.5, None),
        ([], None),
    ],
)
def test_a_word_has_one_verdict(said, verdict):
    assert verdict_of(said) is verdict
