"""A person's mark on an attempt: exports leave it out, audits leave it alone."""

import pytest
from store_records import ITEM, RUN, attempt

from harness_forge.config.labels import LabelsConfig
from harness_forge.store.labels.skill_audit import audit_labels

REASONS = "SELECT flag_reasons FROM attempt_examples WHERE attempt_id = %s"
EVIDENCE = "SELECT evidence FROM label_flags"


@pytest.fixture
def number(stig):
    """The id of an attempt of a collect run."""
    return stig.record(stig.open_run(**RUN).run_id, ITEM, attempt())


def test_a_mark_is_what_exports_see_until_it_is_taken_back(stig, query, number):
    before = stig.watermark()
    assert stig.mark_bad(number, "writes \x00 the file twice", "ann")
    assert query(REASONS, number) == [(["marked_bad"],)]
    assert stig.watermark() != before
    assert stig.take_back_mark(number)
    assert query(REASONS, number) == [([],)]
    assert stig.watermark() == before
    assert not stig.take_back_mark(number)


def test_a_second_mark_replaces_the_first(stig, query, number):
    for why in ("one", "two"):
        assert stig.mark_bad(number, why, "ann")
    [(evidence,)] = query(EVIDENCE)
    assert (evidence["why"], evidence["by"]) == ("two", "ann")


def test_an_audit_leaves_marks_alone(stig, query, number):
    stig.mark_bad(number, "one", "ann")
    with stig._transaction() as connection:
        audit_labels(connection, LabelsConfig())
    assert len(query(EVIDENCE)) == 1


def test_an_attempt_that_is_not_there_is_not_marked(stig, query):
    assert not stig.mark_bad(999, "one", "ann")
    assert query(EVIDENCE) == []
