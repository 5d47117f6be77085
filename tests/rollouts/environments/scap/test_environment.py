"""Attempts on the real world: what passes, what does not, what cannot be bought."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import cache

import pytest
from scap_worlds import HOME, STIG

from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import ConfigError, SandboxError
from harness_forge.rollouts.environments.sandbox.sandbox import Limits
from harness_forge.rollouts.environments.scap import lab, open_scap, packages
from harness_forge.rollouts.environments.scap.judge import Verdicts, judge, verdicts
from harness_forge.rollouts.environments.scap.slim import RULE_PREFIX, SlimFiles

pytestmark = pytest.mark.sandbox

TARGET = "sshd_disable_root_login"
FIX = "sed -i '1i PermitRootLogin no' /etc/ssh/sshd_config"

HACKS = {
    "everything removed": "rm -rf --no-preserve-root / 2>/dev/null",
    "configuration removed": "rm -rf /etc/* 2>/dev/null",
    "package database removed": "rm -rf /var/lib/rpm",
    "package database emptied": ": > /var/lib/rpm/rpmdb.sqlite",
    "package database corrupted": "echo broken > /var/lib/rpm/rpmdb.sqlite",
    "package database moved": "mv /var/lib/rpm /var/lib/old",
    "no permissions": "chmod -R 000 / 2>/dev/null",
    "all permissions": "chmod -R 777 / 2>/dev/null",
    "all files emptied": "find /etc /var -xdev -type f -exec truncate -s 0 {} +",
    "all files commented": "find /etc -xdev -type f -exec sed -i 's/^/#/' {} +",
    "everything given away": "chown -R 12:100 /etc /var 2>/dev/null",
    "etc moved": "mv /etc /old",
}


@pytest.fixture(scope="module")
def before(stig):
    return {item.item_id: item.facts["before"] for item in stig.survey()}


@pytest.fixture(scope="module")
def examined(stig):
    """Look at every rule after a hack, once for all tests: it takes seconds."""
    return cache(lambda hack, protect: stig.examine(HACKS[hack], protect=protect))


RARE = {
    "package database removed", "package database emptied", "package database moved",
    "all permissions", "all files commented", "everything given away", "etc moved",
}  # fmt: skip
"""Much like another one where the sandbox protects: `make soak`. Unprotected all are tried here."""

TRIED = [
    pytest.param(hack, protect, id=f"{hack}-{'protected' if protect else 'unprotected'}",
                 marks=[pytest.mark.soak] if protect and hack in RARE else [])
    for hack in HACKS for protect in (True, False)
]  # fmt: skip


@pytest.mark.parametrize(("hack", "protect"), TRIED)
def test_no_hack_scores(examined, before, hack, protect):
    outcomes = examined(hack, protect)
    assert len(outcomes) > 480
    bought = [name for name, o in outcomes.items() if before[name] != "pass"]
    assert not [name for name in bought if outcomes[name].passed]
    assert not any(outcomes[name].infrastructure for name in bought)


@pytest.mark.parametrize(
    ("hack", "at_least"),
    [
        ("everything removed", 60),
        ("configuration removed", 40),
        ("package database corrupted", 25),
        ("no permissions", 20),
    ],
)
def test_hacks_do_fool_the_scanner(examined, before, hack, at_least):
    """Otherwise the test above would show nothing."""
    outcomes = examined(hack, False)
    fooled = [
        name
        for name, outcome in outcomes.items()
        if before[name] == "fail" and outcome.signals["target"] == "pass"
    ]
    assert len(fooled) >= at_least
    assert {outcomes[name].failure_mode for name in fooled} == {"guard_broken"}


def test_a_fix_passes(stig):
    outcome = stig.attempt(TARGET, FIX)
    assert outcome.passed, outcome
    assert (outcome.value, outcome.confidence, outcome.failure_mode) == (1.0, 1.0, None)
    assert outcome.evaluator == "openscap"
    assert outcome.evaluator_version.startswith("1.")


@pytest.mark.parametrize(
    ("script", "mode"),
    [
        ("true", "target_fails"),
        ("exit 1", "target_fails"),
        ("sed -i '1i # PermitRootLogin no' /etc/ssh/sshd_config", "target_fails"),
        ("echo PermitRootLogin no > /etc/ssh/sshd_config", "guard_broken"),
        (FIX + "; rm /etc/shadow", "guard_broken"),
        (FIX + "; rm -rf /srv/share", "guard_broken"),
        (FIX + "; chmod 666 /etc/sudoers", "guard_broken"),
        (FIX + "; userdel alice; sed -i /alice/d /etc/passwd", "guard_broken"),
        (FIX + "; head -c 45M /dev/zero > /a; head -c 45M /dev/zero > /b", "guard_broken"),
        (FIX + "; yes", "resource_limit"),
        (FIX + "; echo \0", "script_too_long"),
    ],
)
def test_anything_else_fails_and_says_why(stig, script, mode):
    outcome = stig.attempt(TARGET, script)
    assert (outcome.passed, outcome.failure_mode) == (False, mode)
    assert not outcome.infrastructure
    assert outcome.summary


def test_a_script_that_hangs_has_timed_out(stig):
    hasty = open_scap("stig", STIG, HOME, limits=Limits(wall_s=1))
    try:
        assert hasty.attempt(TARGET, FIX + "; sleep 100").failure_mode == "timeout"
    finally:
        hasty.close()


def test_an_exit_status_is_no_verdict(stig):
    assert stig.attempt(TARGET, FIX + "; exit 3").passed


def test_attempts_do_not_see_each_other(stig):
    with ThreadPoolExecutor(4) as pool:
        passed = list(
            pool.map(lambda script: stig.attempt(TARGET, script).passed, [FIX, "true"] * 4)
        )
    assert passed == [True, False] * 4


def test_an_attempt_is_quick(stig):
    started = time.monotonic()
    for _ in range(5):
        stig.attempt(TARGET, FIX)
    assert (time.monotonic() - started) / 5 < 1.5


def test_most_rules_have_the_full_cycle(stig):
    items = stig.survey()
    full = [item for item in items if item.full_cycle]
    assert len(items) == 497
    assert len(full) >= (309 if stig.multi_uid else 280)
    assert all(item.facts["before"] == "fail" for item in full)


def test_a_second_skill_comes_from_the_same_code(ubuntu):
    full = [item for item in ubuntu.survey() if item.full_cycle]
    assert len(full) >= 60
    rule = ubuntu.rules["sshd_enable_pam"]
    assert ubuntu.attempt(rule.id, rule.fix).passed
    assert not ubuntu.attempt(rule.id, "rm -rf /etc/ssh").passed


def test_survey_is_read_from_the_cache(stig):
    calls = []
    stig.survey(progress=lambda done, total: calls.append(done))
    assert calls == []


def test_an_official_fix_that_ruins_the_log_folder_has_no_full_cycle(ubuntu):
    found = {item.item_id: item for item in ubuntu.survey()}["permissions_local_var_log"]
    assert found.facts["after"] == "pass"
    assert not found.full_cycle


def test_unknown_rule(stig):
    with pytest.raises(SandboxError, match="no such rule") as caught:
        stig.attempt("no_such_rule", "true")
    assert caught.value.where == "no_such_rule"


def test_unknown_platform(stig):
    config = ScapConfig("ssg-rhel9-ds.xml", "stig", "ssg-nondebian", "rhel5")
    with pytest.raises(SandboxError) as caught:
        open_scap("x", config, HOME)
    assert str(caught.value) == (
        "skill.scap.platform: no root for 'rhel5'\n"
        "  hint: did you mean 'rhel9'? known platforms: rhel9, ubuntu2004"
    )


def test_a_skill_may_be_made_of_some_rules(stig):
    some = open_scap("some", replace(STIG, only="sysctl_kernel"), HOME)
    try:
        found = {item.item_id: item for item in some.survey()}
    finally:
        some.close()
    whole = {item.item_id: item for item in stig.survey()}
    assert found == {name: one for name, one in whole.items() if name.startswith("sysctl_kernel")}
    assert 5 < len(found) < len(whole)


@pytest.mark.parametrize(
    ("only", "fault"),
    [
        ("no_such_rule", "no rule of profile stig matches 'no_such_rule'"),
        ("(sysctl", "is no regular expression: missing ), unterminated subpattern at position 0"),
    ],
)
def test_some_rules_that_are_none_are_one_clear_error(only, fault):
    some = open_scap("some", replace(STIG, only=only), HOME)
    try:
        with pytest.raises(ConfigError) as caught:
            some.survey()
    finally:
        some.close()
    assert str(caught.value).splitlines()[0] == f"skill.scap.only: {fault}"


def test_a_skill_may_leave_out_the_rules_of_another_profile(stig):
    config = replace(STIG, profile="cis", only="sysctl_net_ipv4")
    with closing(open_scap("cis", config, HOME)) as whole:
        every = {item.item_id for item in whole.survey()}
    with closing(open_scap("cis", replace(config, without=["stig"]), HOME)) as rest:
        left = {item.item_id for item in rest.survey()}
    assert left == every - stig.rules.keys()
    assert 0 < len(left) < len(every)


def test_no_rule_left_is_one_clear_error():
    with (
        closing(open_scap("none", replace(STIG, without=["stig"]), HOME)) as none,
        pytest.raises(ConfigError) as caught,
    ):
        none.survey()
    assert str(caught.value).splitlines()[0] == (
        "skill.scap.without: no rule of profile stig is left without those of stig"
    )


def test_a_scanner_that_hangs_gives_no_verdict(stig, box):
    # Of very many rules, for one is done before the watchdog's first look on a fast machine.
    asked = (*stig.content.rule_ids, TARGET)
    said = judge(box, stig.content, asked, Limits(wall_s=0.001, address_bytes=8 << 30))
    assert said.cut == "wall"
    assert said.unjudged
    assert not any(said.passed(rule_id) for rule_id in said.unjudged)


def test_no_verdict_on_the_untouched_root_either_is_infrastructure(stig, monkeypatch):
    def dumb(box, content, rule_ids, limits):
        return Verdicts(unjudged=tuple(rule_ids))

    monkeypatch.setattr(lab, "judge", dumb)
    outcome = stig.attempt(TARGET, FIX)
    assert (outcome.infrastructure, outcome.failure_mode) == (True, "unjudgeable")


def test_a_script_that_breaks_the_sandbox_has_failed(stig, monkeypatch):
    def broken(self, *arguments):
        raise SandboxError("", "the sandbox failed: bwrap died")

    monkeypatch.setattr(lab.Lab, "_play", broken)
    outcome = stig.attempt(TARGET, FIX)
    assert (outcome.infrastructure, outcome.failure_mode) == (False, "unjudgeable")
    monkeypatch.setattr(lab.Lab, "works", lambda self: False)
    assert stig.attempt(TARGET, FIX).infrastructure


def test_sandboxes_with_other_maps_are_not_mixed(stig):
    ways = lab.Lab(stig._tools, stig._disk, stig.content, Limits(), single=True)
    try:
        ways._multi_uid = True
        with pytest.raises(SandboxError, match="another map of uids"):
            ways.changes(["true"])
    finally:
        ways.close()


def test_nothing_asked_is_nothing_said(stig, box):
    assert judge(box, stig.content, []) == Verdicts()


def test_verdicts_are_read_between_warnings():
    lines = f"W: oscap: x\n{RULE_PREFIX}a:pass\nE: {RULE_PREFIX}b:fail\n"
    assert verdicts(lines) == {"a": "pass", "b": "fail"}


def test_slim_agrees_with_the_unmodified_datastream(stig, box):
    box.reset()
    sample = [TARGET, "package_audit_installed", "file_owner_etc_passwd", "audit_rules_immutable"]
    assert unmodified(box, sample) == judge(box, stig.content, sample).by_rule


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_slim_agrees_with_the_unmodified_datastream_on_every_rule(stig, box):
    box.reset()
    full = [item.item_id for item in stig.survey() if item.full_cycle]
    slim = judge(box, stig.content, full).by_rule
    assert unmodified(box, full) == slim


def unmodified(box, rule_ids):
    """Verdicts of the whole datastream, applicability included."""
    whole = packages.find_datastream(STIG, HOME).read_bytes()
    profile = "xccdf_org.ssgproject.content_profile_stig"
    chosen = [word for name in rule_ids for word in ("--rule", RULE_PREFIX + name)]
    limits = Limits(
        wall_s=200, cpu_s=400, memory_bytes=2 << 30, address_bytes=16 << 30, output_kept=1 << 20
    )
    answer = box.scan(SlimFiles(whole, b""), limits, ["--profile", profile, *chosen])
    return verdicts(answer["output"])


def test_a_scan_that_a_busy_machine_cuts_off_is_not_kept(stig, monkeypatch):
    monkeypatch.setattr(lab, "_WHOLE", Limits(wall_s=0.02))
    saved = set(stig._cache.glob("survey-*"))
    with pytest.raises(SandboxError, match="met its limit of wall on an untouched root"):
        stig._references.measure_untouched()
    assert set(stig._cache.glob("survey-*")) == saved
