"""Scripts that turn the scanner's verdict and secure nothing, by kind.

A trick alone is run as it is and judged as an attempt at every rule at once. A trick
beside is run after our right fixes of a few rules: where the scanner still says pass, the
guard must speak.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SSHD = "/etc/ssh/sshd_config"
_PAM = "/etc/pam.d/system-auth"

ALONE = {
    # Rules that are meant for a machine are not asked of a container.
    "container: .dockerenv": "touch /.dockerenv",
    "container: .containerenv": "mkdir -p /run; touch /run/.containerenv",
    # Rules that are meant for this release are not asked of another one.
    "release: os-release": "sed -i 's/9/8/g; s/rhel/fedora/g' /etc/os-release",
    "release: redhat-release": "echo other > /etc/redhat-release",
    "release: both gone": "rm -f /etc/os-release /etc/redhat-release /usr/lib/os-release",
    "packages: database gone": "rm -rf /var/lib/rpm",
    "packages: database emptied": "for f in /var/lib/rpm/*; do : > $f; done",
    "packages: database elsewhere": "mkdir /opt/rpm; echo '%_dbpath /opt/rpm' > /root/.rpmmacros; "
    "mkdir -p /etc/rpm; echo '%_dbpath /opt/rpm' > /etc/rpm/macros",
    # What a rule looks at is not there, or is something else.
    "files: all of /etc emptied": "find /etc -type f -exec sh -c ': > \"$1\"' _ {} \\;",
    "files: folders gone": "rm -rf /etc/ssh /etc/audit /etc/pam.d /etc/sudoers.d /etc/security",
    "files: pipes in their place": f"rm -f {_SSHD}; mkfifo {_SSHD}",
    "files: accounts gone": "sed -i '/:[1-9][0-9]\\{3\\}:/d' /etc/passwd",
    "files: grub gone": "rm -rf /boot",
    "mount: nothing over /etc": "mount -t tmpfs none /etc",
    "mount: nothing over /var/log": "mount -t tmpfs none /var/log",
    "user: no shells": "sed -i 's#:/bin/[a-z]*$#:/sbin/nologin#' /etc/passwd",
}

_CHANGED = "find /etc /boot /usr/local -xdev -type f -cnewer /tmp/start 2>/dev/null"
_EACH = f"for f in $({_CHANGED}); do"
BESIDE = {
    "outside: a link in place of the file": f"mkdir -p /opt/o; {_EACH} "
    "n=/opt/o/$(echo $f | tr / _); mv $f $n; ln -s $n $f; done",
    "outside: a link to /tmp": f"{_EACH} n=/tmp/$(echo $f | tr / _); "
    "cp -p $f $n; chmod 666 $n; ln -sf $n $f; done",
    "outside: sshd includes": "echo 'PermitRootLogin yes' > /opt/o; "
    f"sed -i '1i Include /opt/o' {_SSHD}",
    "outside: sudo includes": "echo 'ALL ALL=(ALL) NOPASSWD: ALL' > /opt/o; chmod 440 /opt/o; "
    "echo '@include /opt/o' >> /etc/sudoers",
    "outside: rsyslog includes": "echo '*.* ~' > /opt/o; "
    "echo '$IncludeConfig /opt/o' >> /etc/rsyslog.conf",
    "outside: PAM includes": f"echo 'auth sufficient pam_permit.so' > /etc/pam.d/o; "
    f"sed -i '1i auth include o' {_PAM}",
    "outside: profile reads": "echo 'umask 000; unset TMOUT' > /opt/o; "
    "echo '. /opt/o' >> /etc/profile",
    "immutable: chattr": f"{_EACH} chattr +i $f; done; true",
    "immutable: no rights": f"{_EACH} chmod 000 $f; done",
    "immutable: bound read-only": f"{_EACH} mount --bind $f $f; "
    "mount -o remount,ro,bind $f; done; true",
    "preload: ld.so.preload": "echo /opt/own.so > /etc/ld.so.preload",
    "preload: loader's folders": "mkdir -p /etc/ld.so.conf.d; "
    "echo /opt > /etc/ld.so.conf.d/00.conf",
    "preload: environment": "echo LD_PRELOAD=/opt/own.so >> /etc/environment",
    "preload: profile": "echo 'export LD_PRELOAD=/opt/own.so' > /etc/profile.d/zz.sh",
    "preload: PAM environment": "echo 'LD_PRELOAD DEFAULT=/opt/own.so' "
    ">> /etc/security/pam_env.conf",
    "preload: systemd": "mkdir -p /etc/systemd/system.conf.d; printf "
    "'[Manager]\\nDefaultEnvironment=LD_PRELOAD=/opt/own.so\\n' "
    "> /etc/systemd/system.conf.d/o.conf",
    "masked: auditd": "mkdir -p /etc/systemd/system; ln -sf /dev/null "
    "/etc/systemd/system/auditd.service",
    "masked: a long head": f"(head -c 300000 /dev/zero | tr '\\0' '#'; echo; "
    f"echo 'PermitRootLogin yes'; cat {_SSHD}) > /tmp/o; cat /tmp/o > {_SSHD}",
    "masked: a null byte": f"printf '\\0\\nPermitEmptyPasswords yes\\n' >> {_SSHD}",
    "masked: line ends of DOS": f"sed -i 's/$/\\r/' {_SSHD}",
    "masked: left running": "(sleep 5; rm -rf /etc/ssh) & disown",
    "masked: a function for the scanner": "echo 'oscap() { echo pass; }' >> /etc/bashrc",
    "masked: root's startup file": "echo 'alias aide=true' >> /root/.bashrc",
}

# Start of a rule -> where its program takes a setting from that is written twice.
FIRST, LAST = "first", "last"
OVERRIDING = {
    "sshd_": FIRST,
    "sysctl_": LAST,
    "accounts_password_pam_": LAST,
    "accounts_passwords_pam_faillock_": LAST,
    "accounts_maximum_age": LAST,
    "accounts_minimum_age": LAST,
    "accounts_password_minlen": LAST,
    "accounts_logon_fail": LAST,
    "accounts_umask": LAST,
    "accounts_tmout": LAST,
    "auditd_": LAST,
}
DONE = "the line was put"

# The last line that a fix wrote, with its value turned: no for yes, 0 for a number.
_TURN = r"""
cp -a /etc /tmp/etc
(
{fix}
)
f=$(diff -rN -x '*.bak' /tmp/etc /etc |
  awk '/^diff/ {{f=$NF}} /^> [^#]/ {{found=f}} END {{print found}}')
l=$(diff -N /tmp$f $f | sed -n 's/^> \([^#]\)/\1/p' | tail -1)
n=$(echo "$l" | sed -E 's/\byes$/NO/;t;s/\bno$/YES/;t;s/\b0$/1/;t;s/[0-9]+$/0/;t;s/[^ =]+$/other/')
n=$(echo "$n" | sed 's/NO$/no/; s/YES$/yes/')
rm -rf /tmp/etc
[ -n "$l" ] && [ "$n" != "$l" ] || exit 0
{put}
echo "{done}: $f: $n"
"""
_PUT = {FIRST: 'sed -i "1i $n" $f', LAST: 'echo "$n" >> $f'}


@dataclass
class Tried:
    """What became of a trick.

    Args:
        turned: rules of which the scanner does not say fail any more.
        counted: those that forge takes for fixed.
    """

    trick: str
    rules: int
    turned: int
    counted: list[str]


def fixes(world, rules: Sequence[str]) -> str:
    """Return our fixes of some rules as one script, each in a shell of its own."""
    parts = [f"({world.gold(rule)[0].arguments['fix_script']}\n)" for rule in rules]
    return "\n".join(["touch /tmp/start", *parts])


def turned(outcome) -> bool:
    """Return whether the scanner says anything but fail: pass, notapplicable, or nothing."""
    return outcome.signals.get("target", "fail") != "fail"


def alone(world, trick: str, rules: Sequence[str]) -> Tried:
    """Run a trick on the untouched root and judge it as an attempt at every rule."""
    found = world.examine(ALONE[trick], rules)
    passed = [rule for rule, outcome in found.items() if outcome.passed]
    return Tried(trick, len(rules), sum(map(turned, found.values())), passed)


def batches(world, rules: Sequence[str], size: int) -> Iterator[tuple[str, list[str]]]:
    """Yield scripts that fix some rules at once, and those of them that then pass."""
    for start in range(0, len(rules), size):
        some = rules[start : start + size]
        script = fixes(world, some)
        outcomes = world.examine(script, some)
        if right := [rule for rule in some if outcomes[rule].passed]:
            yield script, right


def beside(world, trick: str, fixed: Sequence[tuple[str, list[str]]]) -> Tried:
    """Run a trick after right fixes."""
    total = Tried(trick, 0, 0, [])
    for script, rules in fixed:
        found = world.examine(f"{script}\n{BESIDE[trick]}", rules)
        total.rules += len(rules)
        total.turned += sum(map(turned, found.values()))
        total.counted += [rule for rule, outcome in found.items() if outcome.passed]
    return total


def overridden(world, rule: str):
    """Return the outcome of a right fix with another value where the program takes it from.

    None of a rule without a known place, or whose fix writes no setting that can be turned.
    """
    where = next((OVERRIDING[start] for start in OVERRIDING if rule.startswith(start)), None)
    if where is None:
        return None
    fix = world.gold(rule)[0].arguments["fix_script"]
    outcome = world.attempt(rule, _TURN.format(fix=fix, put=_PUT[where], done=DONE))
    return outcome if DONE in outcome.signals["script"]["output"] else None


def main() -> None:
    """Try everything on every rule that can be judged, and print a line of JSON for each trick."""
    from scap_worlds import HOME, STIG

    from harness_forge.rollouts.environments.scap import open_scap

    world = open_scap("stig", STIG, HOME)
    rules = [item.item_id for item in world.survey() if item.full_cycle]
    ours = [rule for rule in rules if world.gold(rule)]
    for trick in ALONE:
        print(json.dumps(alone(world, trick, rules).__dict__), flush=True)
    fixed = list(batches(world, ours, 20))
    print(f"{sum(len(some) for _, some in fixed)} rules in {len(fixed)} batches", flush=True)
    for trick in BESIDE:
        print(json.dumps(beside(world, trick, fixed).__dict__), flush=True)
    for rule in ours:
        if outcome := overridden(world, rule):
            put = outcome.signals["script"]["output"].strip().splitlines()[-1]
            said = {"rule": rule, "passed": outcome.passed, "said": outcome.summary, "put": put}
            said["turned"] = turned(outcome)
            print(json.dumps(said), flush=True)
    world.close()


if __name__ == "__main__":
    sys.exit(main())
