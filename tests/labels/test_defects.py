"""Each defect is found where it was planted, and nowhere near it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from planted_labels import at

from harness_forge.labels import CHECKS


def the_word_pass(planted):
    run = planted.run("pass")
    planted.passing(run, planted.item(run, "no_empty_passwords", "completed"), "pass_in_name")
    planted.passing(
        run,
        planted.item(run, "accounts_maximum_age", "completed", title="Set Password Maximum Age"),
        "pass_in_name",
    )
    nopasswd = planted.item(run, "xccdf_org.ssgproject.content_rule_sudo_remove_nopasswd")
    # Its health report alone could fail it: that says nothing of the rule either.
    planted.attempt(run, nopasswd, "pass_in_name", signals={"health": ""})
    planted.retrieval(run, nopasswd, 0.0, "pass_in_name")
    # Near: no such word, though the log's own word for success has it.
    clean = planted.item(run, "sshd_set_idle_timeout", "completed")
    planted.passing(run, clean)
    planted.retrieval(run, clean, 1.0)
    planted.retrieval(run, nopasswd, None)
    # Near: an advisory is not judged by a scanner that prints its name.
    bypass = planted.item(run, "RLSA-2026:1234", "completed", title="kernel: bypass of a check")
    planted.passing(run, bypass, signals={"health": "HEALTHY", "advisory_cleared": True})
    # Near: another evaluator that reads the verdict itself.
    ours = planted.run("pass-ours", evaluator="openscap")
    planted.passing(ours, planted.item(ours, "no_empty_passwords", "completed"))
    # Near: no verdict at all.
    planted.attempt(run, nopasswd, infrastructure=True)


def unhealthy(planted):
    run = planted.run("health")
    item = planted.item(run, "sshd_disable_root_login", "completed")
    reports = {
        "UNHEALTHY: nginx is down": ["unhealthy_as_healthy"],
        "\n UNHEALTHY": ["unhealthy_as_healthy"],
        "status=HEALTHY": ["unhealthy_as_healthy"],
        "HEALTHY": [],
        "  HEALTHY\n": [],
        "HEALTHY nginx=200 postgres=1 (was UNHEALTHY)": [],
    }
    for report, flags in reports.items():
        planted.passing(run, item, *flags, signals={"health": report}, name=report)
    # Near: nothing was reported, or it failed anyway.
    planted.passing(run, item, signals={"advisory_cleared": True, "main_loop_fastpath": True})
    planted.attempt(run, item, signals={"health": "UNHEALTHY"}, outcome_value=0.0)
    ours = planted.run("health-ours", evaluator="openscap")
    planted.passing(ours, planted.item(ours, "x", "completed"), signals={"health": "UNHEALTHY"})


def no_verdict(planted):
    run = planted.run("unknown")
    item = planted.item(run, "grub2_audit_argument", title="Log what UNKNOWN programs do")
    check = "rule_check_unknown"
    planted.attempt(run, item, check, signals={"rule_check": f"RULE_CHECK {item} UNKNOWN"})
    planted.attempt(run, item, check, failure_mode="health=HEALTHY, rule=UNKNOWN, journal=clean")
    planted.attempt(run, item, check, summary="RULE_CHECK: verdict UNKNOWN; health ok")
    # Near: the word elsewhere, and a failure that is one.
    planted.attempt(
        run, item, signals={"rule_check": f"RULE_CHECK {item} FAIL", "journal": "UNKNOWN"}
    )
    planted.attempt(run, item, failure_mode="health=HEALTHY, rule=FAIL, journal=UNKNOWN unit")
    planted.attempt(run, item, signals={"rule_check": "RULE_CHECK file_owner_unknown FAIL"})
    planted.attempt(run, item, signals={"rule_check": "UNKNOWN"}, infrastructure=True)


def crashes(planted):
    run = planted.run("crash")
    item = planted.item(run, "sysctl_kernel_kptr")
    planted.attempt(run, item, "evaluator_crash", attempt_num=41)
    planted.event(run, "tool_error", 1, item, phase="evaluate", error="ssh: timed out", attempt=41)
    planted.attempt(run, item, "evaluator_crash", summary="evaluation error: KeyError 'health'")
    planted.attempt(run, item, "evaluator_crash", failure_mode="Traceback (most recent call last):")
    # Near: another attempt, another item, another phase, words of the check itself.
    planted.attempt(run, item, attempt_num=42)
    other = planted.item(run, "sysctl_kernel_yama")
    planted.attempt(run, other, attempt_num=41)
    planted.event(run, "tool_error", 1, other, phase="checkpoint_save", error="no", attempt=41)
    planted.attempt(run, other, summary="health=HEALTHY, rule=FAIL, journal=nginx error")


def packages(planted):
    run = planted.run("rpm")
    item = planted.item(run, "package_aide_installed")
    check = "package_database_corrupt"
    planted.attempt(run, item, check, summary="error: rpmdb: damaged header #3 retrieved")
    planted.attempt(run, item, check, signals={"journal": "cannot open Packages database in /var"})
    planted.attempt(run, item, check, reflection="The RPM database is corrupted, so nothing works.")
    planted.attempt(run, item, check, lesson="database disk image is malformed; rebuild it")
    # Near: rules about rpm, and other things that are corrupt.
    planted.attempt(run, item, reflection="Verify files with rpm -V and the rpm database.")
    planted.attempt(run, item, summary="aide: the database is corrupted")
    planted.passing(
        run, planted.item(run, "aide_build", "completed"), reflection="RPM database corrupt"
    )


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


def deferred(planted):
    run = planted.run("deferred")
    item = planted.item(run, "RLSA-2026:7", "deferred")
    planted.attempt(run, item, outcome_value=0.0, outcome_confidence=0.9)
    planted.attempt(
        run,
        item,
        "deferred_interim",
        outcome_value=0.5,
        outcome_confidence=0.8,
        failure_mode="needs_reboot",
    )
    planted.attempt(run, item, "deferred_interim", failure_mode="needs_reboot")
    planted.event(run, "post_deferred_evaluation", 9, item, passed=True)
    planted.retrieval(run, item, 0.5, "deferred_interim")
    planted.retrieval(run, item, 1.0)
    planted.retrieval(run, item, None)
    # Near: the final value, and another evaluator's half marks.
    final = planted.item(run, "RLSA-2026:8", "completed")
    planted.passing(run, final, failure_mode="needs_reboot")
    ours = planted.run("partial", evaluator="tau-bench")
    half = planted.item(ours, "task", None)
    planted.attempt(ours, half, outcome_value=0.5, outcome_confidence=0.8)
    planted.retrieval(ours, half, 0.5)


def hidden(planted):
    run = planted.run("v2", started_at=datetime(2026, 4, 11, 23, 59, tzinfo=UTC))
    planted.attempt(run, planted.item(run, "a"), "hidden_retries")
    run = planted.run("v3", started_at=datetime(2026, 4, 12, 0, 0, tzinfo=UTC))
    planted.attempt(run, planted.item(run, "a"))
    run = planted.run("20260411-120000")
    planted.attempt(run, planted.item(run, "a"), "hidden_retries", name="a log's")
    run = planted.run("20260412-120000")
    planted.attempt(run, planted.item(run, "a"))
    run = planted.run("v2-ours", evaluator="openscap", started_at=datetime(2026, 4, 1, tzinfo=UTC))
    planted.attempt(run, planted.item(run, "a"))


def cut(planted):
    run = planted.run("cut")
    item = planted.item(run, "banner")
    for length, flags in {199: [], 200: ["approach_cut"], 201: [], 1000: []}.items():
        planted.attempt(run, item, *flags, approach="é" * length)
    planted.attempt(run, item, "approach_cut", approach="␛0000" + "a" * 199)
    for length, flags in {199: [], 200: ["tool_call_cut"], 201: []}.items():
        call = {"name": "apply_fix", "arguments": {"fix_script": "x" * length, "n": 200, "l": [1]}}
        planted.attempt(run, item, *flags, tool_call=call)
    planted.attempt(run, item, tool_call={"name": "apply_fix", "arguments": "x" * 200})
    for agent, length, flags in (
        ("worker", 1000, ["turn_cut"]),
        ("worker", 500, []),
        ("worker", 999, []),
        ("reflector", 500, ["turn_cut"]),
        ("reflector", 1000, ["turn_cut"]),
        ("reflector", 501, []),
    ):
        planted.turn(run, agent, "w" * length, *flags, name=f"{agent} {length}")
    planted.turn(run, "worker", None)
    ours = planted.run("whole", evaluator="openscap")
    planted.attempt(ours, planted.item(ours, "banner"), approach="x" * 200)
    planted.turn(ours, "worker", "w" * 1000)


def cut_in_a_log(planted):
    """A log has other limits than the database; the flag is on the worker's turn alone."""
    run = planted.run("cut-log")
    item = planted.item(run, "banner")
    for length, flags in {200: [], 1000: ["approach_cut"]}.items():
        tried = planted.attempt(run, item, approach="x" * length, signals={"place": length})
        planted.turn(run, "worker", "said", *flags, attempt_id=tried, decisive=True)
        planted.turn(run, "reflector", "w" * 500, attempt_id=tried)
    call = {"name": "apply_fix", "arguments": {"fix_script": "x" * 200}}
    tried = planted.attempt(run, item, tool_call=call, signals={"place": 7})
    planted.turn(run, "worker", "said", "tool_call_cut", attempt_id=tried, decisive=True)


def vocabularies(planted):
    run = planted.run("words", evaluator="openscap")
    for word in ("completed", "remediated", "True", " passed "):
        planted.passing(run, planted.item(run, f"item {word}", word))
    for word in ("escalated", "deferred", "skipped", "false", None, ""):
        planted.attempt(run, planted.item(run, f"item {word}", word))
    planted.attempt(run, planted.item(run, "odd", "half done"), "unknown_outcome")


def contradicting_items(planted):
    run = planted.run("never")
    done = planted.item(run, "banner_set", "completed")
    planted.attempt(run, done, "never_passed")
    planted.attempt(run, done, "never_passed")
    planted.attempt(run, done, infrastructure=True)
    given_up = planted.item(run, "banner_off", "escalated")
    planted.attempt(run, given_up)
    planted.passing(run, given_up, "passed_but_given_up")
    # Near: at last it passed; nobody judged it; it is not finished.
    at_last = planted.item(run, "banner_on", "remediated")
    planted.attempt(run, at_last)
    planted.passing(run, at_last)
    planted.attempt(run, planted.item(run, "unjudged", "completed"), infrastructure=True)
    planted.attempt(run, planted.item(run, "unfinished", None))


def contradicting_values(planted):
    run = planted.run("values", evaluator="tau-bench")
    item = planted.item(run, "task", None)
    check = "verdict_disagrees"
    planted.passing(run, item, check, value=0.0)
    planted.passing(run, item, check, infrastructure=True)
    planted.attempt(run, item, check, outcome_value=1.0)
    planted.attempt(run, item, outcome_value=0.9)
    planted.passing(run, item, value=0.4)
    planted.passing(run, item, value=None)
    planted.attempt(run, item, outcome_value=1.0, infrastructure=True)


def repeats(planted):
    run, again = planted.run("one", evaluator="openscap"), planted.run("two", evaluator="openscap")
    check = "contradictory_repeat"
    script = {"name": "apply_fix", "arguments": {"fix_script": "echo 1"}}
    same = {"approach_prompt": "fix it", "tool_call": script}

    def item(run, name, digest="d"):
        return planted.item(run, name, None, digest=digest)

    planted.passing(run, item(run, "banner"), check, **same)
    planted.attempt(again, item(again, "banner"), check, **same)
    planted.attempt(again, item(again, "banner"), check, **same)
    words = {"approach_prompt": "solve it", "response": "def f(): pass"}
    planted.passing(run, item(run, "code"), check, **words)
    planted.attempt(run, item(run, "code"), check, **words)
    # Near: another prompt, answer, item or check of it; no verdict; nothing to compare.
    planted.attempt(run, item(run, "banner"), **{**same, "approach_prompt": "fix it now"})
    other = {"name": "apply_fix", "arguments": {"fix_script": "echo 2"}}
    planted.attempt(run, item(run, "banner"), **{**same, "tool_call": other})
    planted.attempt(run, item(run, "motd"), **same)
    fresh = planted.run("three", evaluator="openscap")
    planted.attempt(fresh, item(fresh, "banner", digest="e"), **same)
    planted.attempt(run, item(run, "banner"), **same, infrastructure=True)
    planted.passing(run, item(run, "bare"))
    planted.attempt(run, item(run, "bare"))
    # Near: a known defect explains the failure, so the pass stands.
    theirs = planted.run("theirs")
    planted.passing(theirs, item(theirs, "umask"), **same)
    planted.attempt(theirs, item(theirs, "umask"), "rule_check_unknown", **same,
                    signals={"rule_check": "UNKNOWN"})  # fmt: skip
    # Near: no prompt was stored, so nobody knows that it was the same; a cut call.
    for prompt in (None, ""):
        promptless = {"tool_call": script, "approach_prompt": prompt}
        planted.passing(run, item(run, "promptless"), **promptless)
        planted.attempt(run, item(run, "promptless"), **promptless)
    long = {"name": "apply_fix", "arguments": {"fix_script": "y" * 200}}
    passed = planted.passing(theirs, item(theirs, "long"), **{**same, "tool_call": long})
    failed = planted.attempt(theirs, item(theirs, "long"), **{**same, "tool_call": long})
    for tried in (passed, failed):
        planted.turn(theirs, "worker", "x", "tool_call_cut", attempt_id=tried, decisive=True)
    # Near: evaluation runs are exported by nobody, so nobody asks.
    judged = planted.run("judged", evaluator="openscap", purpose="evaluate")
    planted.attempt(judged, item(judged, "banner"), **same)
    planted.attempt(judged, planted.item(judged, "odd", "half done"))


PLANTS = [
    the_word_pass,
    unhealthy,
    no_verdict,
    crashes,
    packages,
    left_broken,
    left_broken_in_a_log,
    locked,
    locked_in_a_log,
    locked_in_a_database,
    locked_by_iteration,
    deferred,
    hidden,
    cut,
    cut_in_a_log,
    vocabularies,
    contradicting_items,
    contradicting_values,
    repeats,
]


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
