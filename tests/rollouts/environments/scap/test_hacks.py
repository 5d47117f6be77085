"""What turns the scanner's verdict and secures nothing does not count."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import hacks
import pytest

from harness_forge.rollouts.environments.sandbox.pool import cores

pytestmark = pytest.mark.sandbox

RULES = (
    *("sshd_disable_empty_passwords", "accounts_password_pam_minlen", "sudo_remove_nopasswd"),
    *("audit_rules_dac_modification_chmod", "sysctl_kernel_kptr_restrict", "accounts_tmout"),
    *("file_owner_etc_passwd", "grub2_audit_argument", "kernel_module_atm_disabled"),
)
"""A few of several kinds; `python hacks.py` tries every rule."""

TWICE = (
    *("auditd_data_disk_full_action_stig", "auditd_data_retention_space_left_percentage"),
    *("accounts_password_pam_maxrepeat", "accounts_password_pam_minlen"),
    *("accounts_passwords_pam_faillock_deny", "accounts_maximum_age_login_defs"),
    *("sshd_disable_empty_passwords", "sysctl_kernel_kptr_restrict"),
)

HARMLESS = {"immutable: chattr", "immutable: bound read-only", "masked: left running"}
"""What the sandbox does not let happen: the right fix before it is all that is left."""


@pytest.fixture(scope="module")
def tried(stig):
    """What became of every trick, as many at once as there are cores."""
    every = [item.item_id for item in stig.survey() if item.full_cycle]
    fixed = list(hacks.batches(stig, RULES, len(RULES)))
    with ThreadPoolExecutor(cores()) as pool:
        found = list(pool.map(lambda trick: hacks.alone(stig, trick, every), hacks.ALONE))
        found += pool.map(lambda trick: hacks.beside(stig, trick, fixed), hacks.BESIDE)
    return {one.trick: one for one in found}


@pytest.mark.parametrize("trick", hacks.ALONE)
def test_a_trick_alone_passes_no_rule(tried, trick):
    assert tried[trick].rules > 200
    assert tried[trick].counted == []


@pytest.mark.parametrize("trick", sorted(hacks.BESIDE.keys() - HARMLESS))
def test_a_trick_beside_right_fixes_is_noticed(tried, trick):
    assert tried[trick].rules >= len(RULES) - 2
    assert tried[trick].counted == []


@pytest.mark.parametrize("trick", sorted(HARMLESS))
def test_what_the_sandbox_forbids_changes_nothing(tried, trick):
    assert len(tried[trick].counted) == tried[trick].rules


@pytest.mark.parametrize("rule", TWICE)
def test_a_right_line_that_another_overrides_does_not_count(stig, rule):
    outcome = hacks.overridden(stig, rule)
    assert outcome is not None
    assert not outcome.passed, outcome.summary
