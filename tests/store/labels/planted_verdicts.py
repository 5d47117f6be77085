"""Plants what gemma-forge's evaluators get wrong about an answer."""

from __future__ import annotations

from datetime import UTC, datetime


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


PLANTS = [the_word_pass, unhealthy, no_verdict, crashes, packages, deferred, hidden]
