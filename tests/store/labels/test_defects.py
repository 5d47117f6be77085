"""Each defect is found where it was planted, and nowhere near it."""

from __future__ import annotations

import planted_machines
import planted_texts
import planted_verdicts
import pytest

from harness_forge.store.labels.checks import CHECKS

PLANTS = [*planted_verdicts.PLANTS, *planted_machines.PLANTS, *planted_texts.PLANTS]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_finds_what_was_planted_and_nothing_else(planted, audit, plant):
    plant(planted)
    audit()
    assert named(planted, planted.found()) == named(planted, planted.expected)


def test_precision_and_recall_on_all_of_them_in_one_store(planted, audit):
    for plant in PLANTS:
        plant(planted)
    audit()
    found = planted.found()
    hits = found & planted.expected
    assert len(hits) / len(found) == 1.0
    assert len(hits) / len(planted.expected) == 1.0
    assert {reason for *_, reason in planted.expected} == set(CHECKS)


def named(planted, flags):
    return sorted(
        (reason, table, planted.names[table, row] or str(row)) for table, row, reason in flags
    )
