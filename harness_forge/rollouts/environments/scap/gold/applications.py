"""Programs with a configuration format of their own."""

from __future__ import annotations

import re

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import found, holds, sample
from harness_forge.rollouts.environments.scap.gold.plan import wants
from harness_forge.rollouts.environments.scap.gold.shell import (
    Script,
    edit,
    quoted,
    restore,
    write_file,
)


def aide_groups(rule: ScapRule) -> Script | None:
    """Add an attribute to every group of the file integrity checker."""
    for option in wants(rule):
        want = option[0]
        if len(option) == 1 and want.path.endswith("aide.conf") and want.key == "A":
            attribute = want.value
            command = f"/^ALLXTRA/! s/^[A-Z]\\w* *= *[a-z].*/&+{attribute}/"
            return edit(want.path, [command], f"Let AIDE check {attribute} everywhere.")
    return None


def aide_tools(rule: ScapRule) -> Script | None:
    """Let the integrity checker watch the audit tools."""
    for option in wants(rule):
        if len(option) < 3 or not all(want.path.endswith("aide.conf") for want in option):
            continue
        path, attributes = option[0].path, option[0].value
        folder = option[0].key.rpartition("/")[0]
        tools = " ".join(want.key.rpartition("/")[2] for want in option)
        return Script(
            f"sed -i.bak '\\|^{folder}/|d' {path}\n"
            f"for t in {tools}; do\n"
            f'echo "{folder}/$t {attributes}"\n'
            f"done >> {path}",
            restore(path),
            "Let AIDE check the audit tools.",
        )
    return None


def scheduled(rule: ScapRule) -> Script | None:
    """Run a command on a schedule that the content names."""
    jobs = re.findall(r'echo "((?:\S+ ){5}root .*?)" >>', rule.fix.replace('\\"', "'"))
    checks = [check for check in rule.checks if "aide" in check.pattern and check.pattern]
    for job in jobs:
        line = re.sub(r" +", " ", job)
        for name, value in re.findall(r"^(\w+)='([^']*)'", rule.fix, re.MULTILINE):
            line = line.replace(f"${name}", value)
        line = line.replace("$(hostname) - ", "").replace("\\", "").replace("'", '"')
        if any(found(check.pattern, line) is not None for check in checks):
            name = rule.id.rpartition("_")[2]
            script = write_file(f"/etc/cron.d/aide-{name}", [line])
            return Script(script.fix, script.revert, "Run AIDE every day.")
    return None


def mount_options(rule: ScapRule) -> Script | None:
    """Add an option to every remote file system in fstab."""
    for option in wants(rule):
        want = option[0]
        if len(option) != 1 or want.path != "/etc/fstab" or " nfs " not in want.text:
            continue
        word = want.value
        command = rf"/{word}/! s/(\snfs4?\s+\S+)/\1,{word}/"
        return edit(want.path, [command], f"Mount remote file systems with {word}.", " -E")
    return None


def time_servers(rule: ScapRule) -> Script | None:
    """Give every time server the option and value that the check asks for."""
    for option in wants(rule):
        named = [want for want in option if "chrony" in want.path and want.value.isdigit()]
        for want in named:
            word = re.search(r"([a-z]+)\[", want.check.pattern)
            name = re.findall(r"[a-z]{4,}", want.text)[-1] if word else ""
            name = name.removeprefix("x")
            commands = [rf"/^(server|pool|peer)/ {{s/ {name} \S+//; s/$/ {name} {want.value}/}}"]
            return edit(want.path, commands, f"Set {name} {want.value} for time servers.", " -E")
    return None


def usb_policy(rule: ScapRule) -> Script | None:
    """Let USBGuard write a policy from the devices that are connected."""
    if "usbguard generate-policy" not in rule.fix:
        return None
    path = "/etc/usbguard/rules.conf"
    return Script(
        f"usbguard generate-policy > {path}\n[ -s {path} ] || echo '# no devices' > {path}",
        f"rm {path}",
        "Allow the USB devices that are present.",
    )


def banner(rule: ScapRule) -> Script | None:
    """Write the shortest login banner that the check accepts."""
    for check in rule.checks:
        wanted = check.expected("subexpression")
        path = re.sub(r"\\|\(.*", "", check.target.get("filepath").value.strip("^$"))
        if check.pattern != "^(.*)$" or not path.startswith("/etc/issue"):
            continue
        texts = _alternatives(wanted.value)
        fitting = sorted((text for text in texts if holds(wanted, text)), key=len)
        if fitting and "\n" not in fitting[0]:
            fix = f"cp -p {path} {path}.bak\necho {quoted(fitting[0])} > {path}"
            return Script(fix, restore(path), f"Write the login banner to {path}.")
    return None


def _alternatives(pattern: str) -> list[str]:
    """Return a text for each alternative of `^(one|other)$`."""
    inner = pattern.removeprefix("^(").removesuffix(")$")
    texts: list[str] = []
    for cut in (match.start() for match in re.finditer(r"\|", inner)):
        for part in (inner[:cut], inner[cut + 1 :]):
            try:
                texts.append(sample(part))
            except ValueError:
                continue
    return texts


def crypto_policy(rule: ScapRule) -> Script | None:
    """Let OpenSSL include the policy of the system."""
    for option in wants(rule):
        want = option[0]
        line = re.fullmatch(r"\[(\w+)\]\n\.include(/\S+)", want.text)
        if line:
            commands = [
                rf"/^\[ *{line[1]} *\]/a .include = {line[2]}",
                r"/^\.include.*opensslcnf/d",
            ]
            return edit(want.path, commands, "Let OpenSSL follow the crypto policy.")
    return None


def remote_logging(rule: ScapRule) -> Script | None:
    """Send every log message to the host that the content names."""
    host = re.search(r"^\w*loghost\w*='([^']+)'", rule.fix, re.MULTILINE)
    for option in wants(rule) if host else []:
        if option[0].text == "*.* @" and option[0].folder:
            script = write_file(f"{option[0].folder}/remote.conf", [f"*.* @@{host.group(1)}"])
            return Script(script.fix, script.revert, f"Send all logs to {host.group(1)}.")
    return None


def log_facilities(rule: ScapRule) -> Script | None:
    """Log several facilities to the file that the content names."""
    file = re.search(r"/var/log/[\w.]+", rule.fix.replace("\\", ""))
    for option in wants(rule) if file else []:
        facilities = [want.text for want in option]
        if len(option) > 1 and all(re.fullmatch(r"\w+\.\*", text) for text in facilities):
            line = f"{';'.join(facilities)} {file.group()}"
            script = write_file("/etc/rsyslog.d/remote-access.conf", [line])
            return Script(script.fix, script.revert, f"Log remote access to {file.group()}.")
    return None


def session_lock(rule: ScapRule) -> Script | None:
    """Start a terminal multiplexer, which can lock, in every login shell."""
    for option in wants(rule):
        want = option[0]
        if len(option) == 1 and "tmux" in want.text and "\n" in want.text:
            script = write_file("/etc/profile.d/tmux.sh", want.text.splitlines())
            return Script(script.fix, script.revert, "Start tmux in login shells.")
    return None


def sudo_password(rule: ScapRule) -> Script | None:
    """Let sudo ask for the invoking user's own password."""
    for option in wants(rule):
        if len(option) > 1 and all(want.text.startswith("Defaults ") for want in option):
            line = "Defaults " + ", ".join(want.text.removeprefix("Defaults ") for want in option)
            lines = [want.text for want in option]
            script = write_file("/etc/sudoers.d/00-password", lines)
            return Script(script.fix, script.revert, f"Set {line} for sudo.")
    return None
