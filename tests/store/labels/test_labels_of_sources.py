"""Rows that were taken in from elsewhere are audited as what they are."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from harness_forge.collect.ingest import files
from harness_forge.config.source import SourceConfig, SourceKind
from harness_forge.config.split import SplitConfig
from harness_forge.store.labels.flags import flags_of

DATA = Path(__file__).parents[4] / "shared/data/reflexion"


def logged(rule, category, attempt, passed, *others, call=None, **signals):
    """Return the events of one attempt as gemma-forge logs them."""
    outcome = {"value": float(passed), "confidence": 1.0}
    signals = {"health": "HEALTHY", "rule_check": "PASS" if passed else "FAIL", **signals}
    return [
        ("attempt_start", "harness", {"rule_id": rule, "category": category, "attempt": attempt}),
        ("tool_call", "worker", {"tool": "apply_fix", "args": {"fix_script": call or "echo"}}),
        ("agent_response", "worker", {"text": "Done.", "model": "gemma"}),
        ("evaluation", "harness", {"passed": passed, "outcome_signal": outcome, **signals}),
        *(
            (name, "harness", {"rule_id": rule, "attempt": attempt, **data})
            for name, data in others
        ),
        ("agent_response", "reflector", {"text": "r" * 500, "model": "gemma"}),
    ]


def ended(rule, outcome):
    return [("rule_complete", "harness", {"rule_id": rule, "outcome": outcome})]


@pytest.fixture
def ingest(store):
    def take(kind, path, name, **settings):
        store.upgrade("stig")
        config = SourceConfig(name=name, kind=kind, path=str(path), **settings)
        return files.ingest(store.skill("stig"), config, SplitConfig())

    return take


@pytest.fixture
def log(tmp_path):
    """Writes a run's log."""

    def write(events):
        path = tmp_path / "run-20260418-173522.jsonl"
        start = ("run_start", "system", {"run_id": "20260418-173522"})
        stop = ("run_complete", "system", {})
        lines = [
            json.dumps({"timestamp": "2026-04-18T17:35:22Z", "elapsed_s": 1.0, "iteration": 0,
                        "event_type": kind, "agent": agent, "data": data})
            for kind, agent, data in (start, *events, stop)
        ]  # fmt: skip
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_defects_of_a_log_are_found_by_its_order(ingest, log, audit, connection):
    refused = ("tool_error", {"phase": "evaluate", "error": "ssh"})
    restored = ("revert", {"restore_ok": False})
    events = [
        *logged("audit_rules_before", "audit", 1, False),
        *ended("audit_rules_before", "escalated"),
        *logged("audit_rules_immutable", "audit", 1, True),
        *ended("audit_rules_immutable", "remediated"),
        *logged("audit_rules_after", "audit", 1, False),
        *ended("audit_rules_after", "escalated"),
        *logged("no_empty_passwords", "auth", 1, True),
        *ended("no_empty_passwords", "remediated"),
        *logged("sshd_banner", "ssh", 1, True, health="UNHEALTHY: nginx"),
        *ended("sshd_banner", "remediated"),
        *logged("sshd_idle", "ssh", 1, False, refused),
        *logged("sshd_idle", "ssh", 2, False, rule_check="UNKNOWN"),
        *logged("sshd_idle", "ssh", 3, False, restored, call="x" * 200),
        *logged("sshd_idle", "ssh", 4, False),
        *ended("sshd_idle", "escalated"),
    ]
    path = log(events)
    ingest(SourceKind.gemma_forge_jsonl, path, "gemma_forge", files="run-*")
    audit()
    assert flagged(connection) == [
        ("audit_rules_after", 1, ["audit_locked"]),
        ("audit_rules_before", 1, []),
        ("audit_rules_immutable", 1, []),
        ("no_empty_passwords", 1, ["pass_in_name"]),
        ("sshd_banner", 1, ["unhealthy_as_healthy"]),
        # Its source knew already that nobody judged the first.
        ("sshd_idle", 1, []),
        ("sshd_idle", 2, ["rule_check_unknown"]),
        ("sshd_idle", 3, ["tool_call_cut"]),
        ("sshd_idle", 4, ["environment_not_restored"]),
    ]
    (evidence,) = connection.execute(
        "SELECT evidence FROM label_flags WHERE reason = 'audit_locked'"
    ).fetchone()
    lines = [f"line {2 + events.index(event)}" for event in events if event[0] == "attempt_start"]
    assert (evidence["locked_at"], evidence["tried_at"]) == (lines[1], lines[2])


def test_what_other_agents_said_of_a_cut_call_is_not_doubted(ingest, log, audit, connection):
    events = [
        *logged("sshd_idle", "ssh", 1, False, call="x" * 200),
        *ended("sshd_idle", "escalated"),
    ]
    ingest(SourceKind.gemma_forge_jsonl, log(events), "gemma_forge", files="run-*")
    audit()
    turns = dict(connection.execute("SELECT agent, id FROM turns").fetchall())
    flags = flags_of(connection, "turns", list(turns.values()))
    assert [flag.reason for flag in flags[turns["worker"]]] == ["tool_call_cut"]
    assert flags[turns["reflector"]] == []


# As much of gemma-forge's tables as its harness writes.
DATABASE = """
CREATE SCHEMA theirs;
SET search_path = theirs;
CREATE TABLE runs (id text, skill text, started_at timestamptz, ended_at timestamptz,
    config jsonb, summary jsonb, dreamed_at timestamptz);
CREATE TABLE work_items (run_id text, item_id text, title text, category text, outcome text,
    attempts int, wall_time_s float8);
CREATE TABLE attempts (id bigserial, run_id text, item_id text, attempt_num int, approach text,
    eval_passed bool DEFAULT false, failure_mode text, reflection text, lesson text,
    banned_pattern text, wall_time_s float8, created_at timestamptz);
CREATE TABLE tips (id bigserial, text text, tip_type text, mechanism text,
    trigger_conditions text[], application_context text[], source_run_id text,
    source_rule_id text, outcome_at_source_value float8, outcome_at_source_confidence float8,
    created_at timestamptz DEFAULT now(), retired_at timestamptz, retired_reason text,
    environment_tag text);
CREATE TABLE tip_retrievals (id bigserial, run_id text, attempt_id bigint, tip_id bigint,
    rule_id text, rank int, similarity_score float8, outcome_value float8,
    outcome_confidence float8, retrieved_at timestamptz);
INSERT INTO runs VALUES ('5444a199-cbc', 'stig-rhel9', '2026-04-17 15:49+00', '2026-04-18+00', '{}',
    '{"remediated_rules": [{"rule_id": "audit_rules_immutable", "iteration": 2}],
      "escalated_rules": [{"rule_id": "audit_rules_before", "iteration": 1},
                          {"rule_id": "audit_rules_after", "iteration": 3}]}');
INSERT INTO work_items SELECT '5444a199-cbc', id, id, category, outcome, 1, 1 FROM (VALUES
    ('audit_rules_before', 'audit', 'escalated'), ('audit_rules_after', 'audit', 'escalated'),
    ('audit_rules_immutable', 'audit', 'completed'), ('sshd_banner', 'ssh', 'completed'),
    ('sudo_nopasswd', 'sudo', 'escalated'), ('sshd_idle', 'ssh', 'escalated'))
    AS i (id, category, outcome);
INSERT INTO attempts (run_id, item_id, attempt_num, approach, failure_mode, created_at)
SELECT '5444a199-cbc', id, 1, approach, said, '2026-04-17 20:00+00' FROM (VALUES
    ('audit_rules_before', 'added a rule', 'health=HEALTHY, rule=FAIL'),
    ('audit_rules_after', 'added a rule', 'health=HEALTHY, rule=FAIL'),
    ('sshd_banner', 'set it', 'health=HEALTHY, rule=FAIL'),
    ('sudo_nopasswd', 'edited sudoers', 'health=, rule=PASS'),
    ('sshd_idle', repeat('x', 200), 'health=HEALTHY, rule=UNKNOWN')) AS a (id, approach, said);
INSERT INTO tips (text, tip_type) VALUES ('look first', 'strategy');
INSERT INTO tip_retrievals (run_id, tip_id, rule_id, rank, outcome_value, outcome_confidence,
    retrieved_at)
SELECT '5444a199-cbc', 1, id, 1, value, 0.8, '2026-04-17 20:00+00' FROM (VALUES
    ('sudo_nopasswd', 1.0), ('sshd_idle', 0.0), ('sshd_idle', 0.5)) AS q (id, value);
"""


def test_defects_of_a_database_are_found_in_what_it_holds(ingest, store, audit, connection):
    with store.engine.begin() as server:
        server.exec_driver_sql(DATABASE)
    try:
        ingest(SourceKind.gemma_forge_db, store.url, "gemma_forge", schema="theirs")
    finally:
        with store.engine.begin() as server:
            server.exec_driver_sql("DROP SCHEMA theirs CASCADE")
    audit()
    assert flagged(connection) == [
        ("audit_rules_after", 1, ["audit_locked"]),
        ("audit_rules_before", 1, []),
        # A pass is never written, so nobody knows which attempt it was.
        ("sshd_banner", 1, ["never_passed"]),
        ("sshd_idle", 1, ["approach_cut", "rule_check_unknown"]),
        ("sudo_nopasswd", 1, ["pass_in_name"]),
    ]
    retrievals = connection.execute(
        "SELECT q.rule_id, q.outcome_value, f.reason FROM label_flags f"
        " JOIN tip_retrievals q ON q.id = f.target_id"
        " WHERE f.target_table = 'tip_retrievals' ORDER BY 1"
    )
    assert retrievals.fetchall() == [
        ("sshd_idle", 0.5, "deferred_interim"),
        ("sudo_nopasswd", 1.0, "pass_in_name"),
    ]


@pytest.mark.skipif(not DATA.exists(), reason="the public runs are not here")
def test_contradictions_of_public_runs_are_those_that_their_files_hold(
    ingest, audit, connection, tmp_path
):
    """`repeats` in test_defects.py does the same on rows of ours."""
    from harness_forge.config.compose.engine import compose

    verdicts = defaultdict(list)
    for path in sorted(DATA.glob("*_rs.jsonl")):
        (tmp_path / path.name).symlink_to(path)
        for line in path.read_text().splitlines():
            row = json.loads(line)
            if row.get("solution"):
                said = row["name"], row["test"], row["prompt"], row["solution"]
                verdicts[said].append(row["is_solved"])
    both = [seen for seen in verdicts.values() if True in seen and False in seen]
    mapping = compose(None, ["source=reflexion"]).source.mapping
    ingest(SourceKind.trajectories, tmp_path, "reflexion", files="*.jsonl*", mapping=mapping)
    found = audit().found
    assert len(both) > 10
    assert {reason: count for reason, count in found.items() if count} == {
        "contradictory_repeat": sum(map(len, both))
    }


def flagged(connection):
    query = "SELECT item_id, attempt_num, flag_reasons FROM attempt_examples ORDER BY 1, 2"
    return connection.execute(query).fetchall()
