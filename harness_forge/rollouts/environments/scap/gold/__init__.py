"""Short remediations of our own, written from the content's checks.

A writer reads a rule's resolved checks, and literals in the content's own
remediation, and returns a short script. It knows no rule by name. The scanner
then decides whether the script is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold import (
    applications,
    audit,
    dconf,
    files,
    kernel,
    pam,
    removal,
    settings,
    ssh,
)
from harness_forge.rollouts.environments.scap.gold.shell import Script

LONGEST = 400
"""Most characters of a fix: a small model has to write all of it."""

WRITERS: dict[str, Callable[[ScapRule], Script | None]] = {
    "sysctl": kernel.sysctl,
    "kernel_module": kernel.kernel_module,
    "boot_argument": kernel.boot_argument,
    "boot_menu": kernel.boot_menu,
    "sshd": ssh.sshd,
    "audit_rule": audit.audit_rule,
    "mode": files.mode,
    "owner": files.owner,
    "group": files.group,
    "world_writable": files.world_writable,
    "unwanted_file": files.unwanted_file,
    "link": files.link,
    "dconf": dconf.dconf,
    "aide_groups": applications.aide_groups,
    "aide_tools": applications.aide_tools,
    "scheduled": applications.scheduled,
    "mount_options": applications.mount_options,
    "time_servers": applications.time_servers,
    "usb_policy": applications.usb_policy,
    "banner": applications.banner,
    "crypto_policy": applications.crypto_policy,
    "remote_logging": applications.remote_logging,
    "log_facilities": applications.log_facilities,
    "session_lock": applications.session_lock,
    "sudo_password": applications.sudo_password,
    "umask": settings.umask,
    "whole_file": settings.whole_file,
    "lockout": pam.lockout,
    "pam": pam.pam,
    "no_option": pam.no_option,
    "section": settings.section,
    "in_block": settings.in_block,
    "owned_drop_in": settings.owned_drop_in,
    "drop_in": settings.drop_in,
    "setting": settings.setting,
    "unwanted_line": removal.unwanted_line,
}
"""Kind of change -> its writer. The first writer that can handle the rule writes the fix."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A remediation with the arguments of the worker's tool.

    Args:
        fix_script: at most 400 characters of bash.
        revert_script: undoes it.
        description: one short sentence.
        writer: the kind of change, a key of `WRITERS`.
    """

    fix_script: str
    revert_script: str
    description: str
    writer: str


def write_fix(rule: ScapRule) -> Fix | None:
    """Return our remediation of `rule`, or None if no writer can handle it."""
    if not rule.checks:
        return None
    for name, writer in WRITERS.items():
        script = writer(rule)
        if script is not None and len(script.fix) <= LONGEST:
            return Fix(script.fix, script.revert, script.does, name)
    return None
