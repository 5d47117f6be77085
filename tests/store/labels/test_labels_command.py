"""`forge labels`: what people see."""

from __future__ import annotations

import pytest

from harness_forge.cli import main
from harness_forge.store.labels.checks import CHECKS


@pytest.fixture
def forge(store, capfd):
    def run(*words):
        code = main(["labels", *words, f"store.url='{store.url}'"])
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def sick(planted):
    run = planted.run("one")
    item = planted.item(run, "banner", "completed")
    planted.passing(run, item)
    return planted.passing(run, item, signals={"health": "UNHEALTHY\x1b"})


def test_audit_tells_what_it_found_and_what_labels_are_worth(forge, sick):
    code, out, _ = forge("audit", "skill=stig")
    assert code == 0
    assert out == (
        "stig: 1 flags, 1 new or changed, 0 withdrawn\n"
        "  unhealthy_as_healthy                 1\n"
        "  evaluator             attempts    passed    failed     infra   doubted\n"
        "  gemma_forge                  2         1         0         0         1\n"
    )


def test_dry_run_writes_nothing(forge, sick, planted):
    _, out, _ = forge("audit", "--dry-run", "skill=stig")
    assert "1 new or changed, 0 withdrawn (counted only, nothing written)" in out
    assert planted.found() == set()


def test_several_skills_one_after_the_other(forge, sick):
    _, out, _ = forge("audit", "skill=all")
    assert "stig: 1 flags" in out
    assert "ubuntu: 0 flags" in out


def test_ls_counts_and_shows_evidence_where_a_reason_is_named(forge, sick):
    assert "never audited: forge labels audit skill=stig" in forge("ls", "skill=stig")[1]
    forge("audit", "skill=stig")
    assert forge("ls", "skill=stig")[1] == (
        "stig: 1 flags\n  unhealthy_as_healthy        attempts        gemma_forge            1\n"
    )
    shown = forge("ls", "unhealthy_as_healthy", "skill=stig")[1]
    assert f"stig.attempts:{sick}: unhealthy_as_healthy: " in shown
    assert r"health 'UNHEALTHY\x1b'" in shown


def test_clear_takes_flags_back(forge, sick, planted):
    forge("audit", "skill=stig")
    assert forge("clear", "skill=stig")[1].startswith("stig: 1 flags taken back\n")
    assert planted.found() == set()


def test_checks_are_listed_with_what_they_mean(forge):
    out = forge("checks")[1]
    assert [line.split()[0] for line in out.splitlines()] == list(CHECKS)


def test_a_check_is_switched_off_on_the_command_line(forge, sick):
    out = forge("audit", "skill=stig", "labels.checks.unhealthy_as_healthy=false")[1]
    assert out.startswith("stig: 0 flags")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "which action?"),
        (["audti"], "did you mean 'audit'?"),
        (["audit", "x"], "audit takes no 'x'"),
        (["ls", "--dry-run"], "ls takes no --dry-run"),
        (["audit", "labels.checks.nope=false"], "labels.checks.nope: no such check"),
    ],
)
def test_what_makes_no_sense_is_told_before_the_store_is_opened(capfd, words, told):
    assert main(["labels", *words]) == 2
    assert told in capfd.readouterr().err


def test_a_reason_that_nobody_gave_is_told(forge, sick):
    code, _, err = forge("ls", "unhealthy_as_helthy", "skill=stig")
    assert code == 2
    assert "did you mean 'unhealthy_as_healthy'?" in err
