"""Kernel parameters, kernel modules and boot arguments."""

from __future__ import annotations

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import choose_value
from harness_forge.rollouts.environments.scap.gold.plan import wants
from harness_forge.rollouts.environments.scap.gold.shell import Script, edit, set_line, write_file
from harness_forge.rollouts.environments.scap.oval_records import ResolvedTest


def sysctl(rule: ScapRule) -> Script | None:
    """Set a kernel parameter where it overrides every drop-in.

    `/etc/sysctl.conf` is read last. The check of the running parameter names
    key and value.
    """
    checks = [check for check in rule.checks if check.kind == "sysctl"]
    if not checks:
        return None
    check = checks[-1]  # an earlier check may allow disabling the whole protocol
    key = check.target.get("name").value
    value = choose_value(check.states, check.state_operator, "value")
    if not key or value is None:
        return None
    path = _sysctl_file(rule.checks, key)
    script = set_line(path, key, f"{key} = {value}")
    return Script(script.fix, script.revert, f"Set {key} to {value}.")


def _sysctl_file(checks: tuple[ResolvedTest, ...], key: str) -> str:
    literal = (c.target.get("filepath").value for c in checks if key in c.pattern)
    return next((path for path in literal if path), "/etc/sysctl.conf")


def kernel_module(rule: ScapRule) -> Script | None:
    """Keep a kernel module from being loaded."""
    for option in wants(rule):
        lines = sorted((want.text for want in option), reverse=True)
        words = lines[0].split()
        if all(want.folder == "/etc/modprobe.d" for want in option) and words[0] == "install":
            script = write_file(f"/etc/modprobe.d/{words[1]}.conf", lines)
            return Script(script.fix, script.revert, f"Keep the {words[1]} module from loading.")
    return None


def boot_argument(rule: ScapRule) -> Script | None:
    """Add an argument to the kernel command line of every boot entry."""
    values = {
        choose_value(check.states, check.state_operator, "subexpression")
        for check in rule.checks
        if not check.negated and _is_command_line(check)
    }
    if len(values) != 1 or not (argument := values.pop()):
        return None
    does = f"Boot the kernel with {argument}."
    if "grubby" in rule.fix:
        call = "grubby --update-kernel=ALL"
        return Script(f"{call} --args={argument}", f"{call} --remove-args={argument}", does)
    command = f'/{argument}/! s/^GRUB_CMDLINE_LINUX="/&{argument} /'
    script = edit("/etc/default/grub", [command], does)
    return Script(f"{script.fix}\nupdate-grub", f"{script.revert}\nupdate-grub", does)


def _is_command_line(check: ResolvedTest) -> bool:
    path = check.target.get("path").value + check.target.get("filepath").value
    return path.startswith("/boot/") or "GRUB_CMDLINE_LINUX" in check.pattern


def boot_menu(rule: ScapRule) -> Script | None:
    """Switch interactive boot off: no confirmation of services, no recovery entries."""
    if not any("confirm_spawn" in check.pattern for check in rule.checks):
        return None
    for option in wants(rule):
        want = option[0]
        if len(option) == 1 and want.path == "/etc/default/grub" and want.value:
            commands = [f"/^{want.key}/d", 's/ *systemd.confirm_spawn[^ "]*//']
            script = edit(want.path, commands, "Switch interactive and recovery boot off.")
            return Script(
                f"{script.fix}\necho '{want.text}' >> {want.path}", script.revert, script.does
            )
    return None
