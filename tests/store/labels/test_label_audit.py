"""The flags in the store are what the last audit found: no more, no fewer, no other evidence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from planted_labels import at

from harness_forge.config.labels import LabelsConfig
from harness_forge.core.errors import ConfigError
from harness_forge.store.connections import connect
from harness_forge.store.labels.flags import flags_of, list_flags
from harness_forge.store.labels.skill_audit import (
    Counts,
    audit_labels,
    clear_flags,
    count_unaudited,
)


@pytest.fixture
def nopasswd(planted):
    """An attempt that passed at a rule with the word in its name."""
    run = planted.run("one")
    return planted.passing(run, planted.item(run, "sudo_remove_nopasswd", "completed"))


@pytest.fixture
def rows(connection):
    def read():
        return connection.execute("SELECT * FROM label_flags ORDER BY id").fetchall()

    return read


def test_twice_leaves_the_same_rows(audit, rows, nopasswd):
    first = audit()
    before = rows()
    second = audit()
    assert first.written == {"pass_in_name": 1}
    assert (second.written, second.withdrawn) == ({}, {})
    assert second.found["pass_in_name"] == 1
    assert rows() == before


def test_evidence_does_not_depend_on_the_time_zone(connection, planted, audit, rows):
    run = planted.run("lock")
    lock = planted.item(run, "audit_rules_immutable", "completed", category="audit")
    planted.passing(run, lock, created_at=at(5))
    planted.attempt(run, planted.item(run, "audit_rules_x", category="audit"), created_at=at(6))
    audit()
    before = rows()
    connection.execute("SET timezone = 'Asia/Tokyo'")
    assert audit().written == {}
    connection.execute("RESET timezone")
    assert rows() == before


def test_withdraws_what_no_longer_holds(connection, audit, rows, nopasswd):
    audit()
    connection.execute("UPDATE attempts SET evaluator = 'openscap'")
    told = audit()
    assert told.withdrawn == {"pass_in_name": 1}
    assert rows() == []


def test_withdraws_flags_of_rows_that_are_gone(connection, audit, rows, nopasswd):
    audit()
    connection.execute("DELETE FROM runs")
    audit()
    assert rows() == []


def test_renews_evidence_that_changed(connection, audit, nopasswd):
    audit()
    connection.execute("UPDATE attempts SET eval_passed = false, outcome_value = 0")
    connection.execute("UPDATE work_items SET outcome = 'escalated'")
    assert audit().written == {"pass_in_name": 1}
    assert list_flags(connection)[0].evidence["passed"] is False


def test_leaves_flags_of_people_alone(connection, audit, nopasswd):
    connection.execute(
        "INSERT INTO label_flags (target_table, target_id, reason)"
        " VALUES ('attempts', %s, 'seen_by_anna')",
        [nopasswd],
    )
    audit()
    assert audit().withdrawn == {}
    flags = flags_of(connection, "attempts", [nopasswd])[nopasswd]
    assert [flag.reason for flag in flags] == ["pass_in_name", "seen_by_anna"]


def test_a_check_can_be_switched_off(audit, rows, nopasswd):
    audit()
    assert audit(checks={"pass_in_name": False}).withdrawn == {"pass_in_name": 1}
    assert rows() == []


def test_other_evaluators_may_judge_as_gemma_forge_does(connection, audit, nopasswd):
    connection.execute("UPDATE attempts SET evaluator = 'lab7'")
    assert audit().found["pass_in_name"] == 0
    assert audit(gemma_forge=["lab7"]).found["pass_in_name"] == 1


def test_a_check_that_does_not_exist_is_told(audit):
    with pytest.raises(ConfigError, match="did you mean 'pass_in_name'"):
        audit(checks={"pas_in_name": False})


def test_a_failure_leaves_the_flags_as_they_were(store, planted, audit, rows, nopasswd):
    audit()
    before = rows()
    planted.connection.execute("DELETE FROM work_items")
    with connect(store.url) as other:
        other.execute("SET search_path = stig")
        audit_labels(other, LabelsConfig())
        other.rollback()
    assert rows() == before


def test_says_what_each_evaluators_labels_are_worth(planted, audit):
    run = planted.run("one")
    item = planted.item(run, "banner", "completed")
    planted.passing(run, item)
    planted.passing(run, item, signals={"health": "UNHEALTHY"})
    planted.attempt(run, item)
    planted.attempt(run, item, signals={"rule_check": "UNKNOWN"})
    planted.attempt(run, item, infrastructure=True)
    ours = planted.run("ours", evaluator="openscap")
    planted.attempt(ours, planted.item(ours, "banner"))
    assert audit().verdicts == {
        "gemma_forge": Counts(5, infrastructure=2, doubted=1, passed=1, failed=1),
        "openscap": Counts(1, infrastructure=0, doubted=0, passed=0, failed=1),
    }


def test_counts_attempts_that_were_never_audited(connection, planted, audit, nopasswd):
    assert count_unaudited(connection) == 1
    audit()
    assert count_unaudited(connection) == 0
    run = planted.run("two")
    planted.attempt(run, planted.item(run, "banner"))
    judged = planted.run("judged", purpose="evaluate")
    planted.attempt(judged, planted.item(judged, "banner"))
    assert count_unaudited(connection) == 1


def test_clear_takes_back_all_or_some(connection, planted, audit, rows, nopasswd):
    run = planted.run("two")
    planted.attempt(run, planted.item(run, "banner", "completed"))
    audit()
    assert clear_flags(connection, ["never_passed"]) == {"never_passed": 1}
    assert clear_flags(connection) == {"pass_in_name": 1}
    assert rows() == []


def test_a_flag_moves_the_watermark_and_taking_it_back_moves_it_back(
    store, connection, audit, nopasswd
):
    stig = store.skill("stig")
    before = stig.watermark()
    audit()
    flagged = stig.watermark()
    audit()
    assert stig.watermark() == flagged != before
    clear_flags(connection)
    assert stig.watermark() == before


def test_two_audits_at_once_write_each_flag_once(store, nopasswd, rows):
    def audit():
        with connect(store.url) as other:
            other.execute("SET search_path = stig")
            return audit_labels(other, LabelsConfig()).written

    with ThreadPoolExecutor(4) as pool:
        written = [pool.submit(audit) for _ in range(4)]
        assert sorted(map(len, (one.result() for one in written))) == [0, 0, 0, 1]
    assert len(rows()) == 1
