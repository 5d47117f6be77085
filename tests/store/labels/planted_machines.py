"""Plants machines that were broken or locked before the answer came."""

from __future__ import annotations

from planted_labels import at


def left_broken(planted):
    run = planted.run("restore")
    item = planted.item(run, "mount_option_tmp")
    planted.attempt(run, item, created_at=at(1))
    planted.event(run, "environment_unrecoverable", 2, item, attempt=1, detail="no snapshot")
    planted.attempt(run, item, "environment_not_restored", created_at=at(3))
    planted.attempt(run, planted.item(run, "b"), "environment_not_restored", created_at=at(4))
    # Near: a pass there, a failure after the environment was good again, another run.
    planted.passing(run, planted.item(run, "c", "completed"), created_at=at(5))
    planted.event(run, "revert", 6, item, restore_ok=True)
    planted.attempt(run, item, created_at=at(7))
    planted.event(run, "revert", 8, item, restore_ok=False)
    planted.attempt(run, item, "environment_not_restored", created_at=at(9))
    planted.event(run, "revert", 10, item, restore_ok=True)
    planted.event(run, "tool_error", 11, item, phase="checkpoint_save", error="full", attempt=1)
    planted.attempt(run, item, created_at=at(12))
    other = planted.run("restore-other")
    planted.attempt(other, planted.item(other, "mount_option_tmp"), created_at=at(3))


def left_broken_in_a_log(planted):
    run = planted.run("restore-log")
    item = planted.item(run, "mount_option_tmp")
    error = [{"phase": "checkpoint_restore", "error": "no snapshot", "attempt": 1}]
    events = [
        ([], {"revert": {"restore_ok": True}}),
        ([], {"revert": {"restore_ok": False}, "environment_unrecoverable": {"detail": "x"}}),
        (["environment_not_restored"], {"tool_error": error}),
        (["environment_not_restored"], {"tool_error": error, "revert": {"restore_ok": True}}),
        ([], {}),
    ]
    for line, (flags, signals) in enumerate(events, start=1):
        planted.attempt(run, item, *flags, signals={**signals, "place": line}, name=f"line {line}")


def locked(planted):
    run = planted.run("lock")
    lock = planted.item(run, "audit_rules_immutable", "completed", category="audit")
    planted.attempt(run, lock, created_at=at(4))
    planted.passing(run, lock, created_at=at(5))
    rule = planted.item(run, "audit_rules_sudoers", category="audit")
    planted.attempt(run, rule, created_at=at(4.9))
    planted.attempt(run, rule, "audit_locked", created_at=at(5.1))
    planted.retrieval(run, rule, 0.0, "audit_locked", retrieved_at=at(5.1))
    planted.retrieval(run, rule, 0.0, retrieved_at=at(4.9))
    unnamed = planted.item(run, "auditd_data_retention")
    planted.attempt(run, unnamed, "audit_locked", created_at=at(6))
    # Near: passed all the same, no audit rule, and a rule whose name only begins alike.
    planted.passing(
        run, planted.item(run, "audit_rules_ok", "completed", category="audit"), created_at=at(6)
    )
    planted.attempt(run, planted.item(run, "sshd_audit", category="ssh"), created_at=at(6))
    near = planted.run("lock-near")
    login = planted.item(near, "audit_rules_immutable_login_uids", "completed", category="audit")
    planted.passing(near, login, created_at=at(1))
    planted.attempt(
        near, planted.item(near, "audit_rules_sudoers", category="audit"), created_at=at(2)
    )
    failed = planted.run("lock-failed")
    planted.attempt(failed, planted.item(failed, "audit_rules_immutable", category="audit"))
    planted.attempt(
        failed, planted.item(failed, "audit_rules_sudoers", category="audit"), created_at=at(2)
    )


def locked_in_a_log(planted):
    """A log's attempts are ordered by their lines; when they were taken in says nothing."""
    run = planted.run("lock-log")
    lock = planted.item(run, "audit_rules_immutable", "completed", category="audit")
    rule = planted.item(run, "audit_rules_sudoers", category="audit")
    taken_in = {"evaluator_version": "recorded", "created_at": at(99)}
    planted.attempt(run, rule, signals={"place": 10}, **taken_in)
    planted.passing(run, lock, signals={"place": 20, "remediated": {"attempt": 1}}, **taken_in)
    planted.attempt(run, rule, "audit_locked", signals={"place": 30}, **taken_in)


def locked_in_a_database(planted):
    """The database's rows are dated by their turns once they were taken in."""
    run = planted.run("lock-database")
    taken_in = {"evaluator_version": "recorded", "created_at": at(99)}
    for rule, category, minutes, outcome, flags in (
        ("audit_rules_before", "audit", 3, "escalated", []),
        ("audit_rules_immutable", "audit", 5, "completed", ["never_passed"]),
        ("audit_rules_after", "audit", 7, "escalated", ["audit_locked"]),
        ("audit_rules_undated", "audit", None, "escalated", ["audit_locked"]),
    ):
        item = planted.item(run, rule, outcome, category=category)
        tried = planted.attempt(run, item, *flags, name=rule, **taken_in)
        started_at = minutes and at(minutes)
        planted.turn(run, "worker", "said", attempt_id=tried, decisive=True, started_at=started_at)


def locked_by_iteration(planted):
    """The database has no row of a first-try pass; the run's summary counts iterations."""
    rule = "xccdf_org.ssgproject.content_rule_audit_rules_immutable"
    told = {
        "remediated_rules": [{"rule_id": rule, "iteration": 3}],
        "escalated_rules": [
            {"rule_id": "audit_rules_before", "iteration": 2},
            {"rule_id": "audit_rules_after", "iteration": 4},
            {"rule_id": "audit_rules_nowhere", "iteration": None},
        ],
    }
    run = planted.run("lock-iteration", summary=told)
    planted.item(run, rule, "completed", category="audit")
    for name, flags in {
        "audit_rules_before": [],
        "audit_rules_after": ["audit_locked"],
        "audit_rules_nowhere": ["audit_locked"],
    }.items():
        planted.attempt(run, planted.item(run, name, category="audit"), *flags, name=name)


PLANTS = [
    left_broken,
    left_broken_in_a_log,
    locked,
    locked_in_a_log,
    locked_in_a_database,
    locked_by_iteration,
]
