"""What each check of a file calls harm: text before and now, without a sandbox."""

from __future__ import annotations

import pytest

from harness_forge.rollouts.environments.scap.harms import harms

STACK = """auth required pam_env.so
auth sufficient pam_unix.so try_first_pass
auth required pam_deny.so
account required pam_unix.so
"""


def entry(text, *, kind="file", mode=0o644):
    return {
        "kind": kind,
        "mode": mode,
        "uid": 0,
        "gid": 0,
        "content": text,
        "text": text,
        "bytes": len(text),
    }


def found(path, before, now):
    return list(harms(path, entry(before) if before is not None else None, entry(now)))


@pytest.mark.parametrize(
    ("path", "before", "now", "harm"),
    [
        ("/etc/ssh/sshd_config", "Port 22\n", "Port 22\nDenyusers *\n", "sshd(Denyusers)"),
        ("/etc/ssh/sshd_config", "", "Match all\n", "sshd(Match)"),
        ("/etc/ssh/sshd_config", "", "UsePAM=no\n", "sshd(UsePAM)"),
        ("/etc/ssh/sshd_config", "", "UsePAM maybe\n", "sshd(UsePAM)"),
        ("/etc/ssh/sshd_config", "", "MACs hmac-md5\n", "sshd(MACs)"),
        ("/etc/pam.d/x", STACK, f"auth sufficient pam_permit.so\n{STACK}", "pam(pam_permit.so)"),
        (
            "/etc/pam.d/x",
            STACK,
            STACK.replace("sufficient", "optional"),
            "pam_control(pam_unix.so)",
        ),
        (
            "/etc/pam.d/x",
            STACK,
            STACK.replace("try_first_pass", "nullok"),
            "pam_option(pam_unix.so)",
        ),
        ("/etc/pam.d/x", STACK, "".join(STACK.splitlines(True)[::-1]), "pam_order"),
        ("/etc/pam.d/x", None, "auth required pam_unix.so\n", "pam(new service)"),
        ("/etc/sudoers", "root ALL=(ALL) ALL\n", "", "sudo_lost(root)"),
        ("/etc/sudoers", "", "Defaults env_keep += LD_PRELOAD\n", "sudo(env_keep)"),
        ("/etc/sudoers", "", "Defaults timestamp_timeout=-1\n", "sudo(timestamp_timeout)"),
        ("/etc/sudoers.d/x", None, "bob ALL=(ALL) ALL\n", "sudo_right(bob)"),
        ("/etc/sudoers", "", "#include /tmp/x\n", "sudo_include(/tmp/x)"),
        ("/etc/sudoers", "", "#includedir\t/tmp/x\n", "sudo_include(/tmp/x)"),
        ("/etc/sudoers", "", "@include  /tmp/x\n", "sudo_include(/tmp/x)"),
        (
            "/etc/pam.d/x",
            STACK,
            f"auth [default=done] pam_faillock.so authsucc\n{STACK}",
            "pam_control(pam_faillock.so)",
        ),
        ("/etc/profile", "", "if [ $(/tmp/x) ]; then\nTMOUT=900\nfi\n", "startup"),
        ("/etc/profile", "", "if [ a ] ;then [ b ]; /tmp/x; [ c ]\nfi\n", "startup"),
        ("/etc/passwd", "a:x:1:1::/:/bin/sh\n", "a:x:1:1::/:/bin/false\n", "shell(a)"),
        ("/etc/shadow", "a:!:1:0:9:7:::\n", "a::1:0:9:7:::\n", "password(a)"),
        ("/etc/group", "wheel:x:10:\n", "wheel:x:10:bob\n", "member(wheel)"),
        ("/etc/audit/rules.d/x.rules", None, "-a never,exit -S all\n", "audit(never)"),
        ("/etc/audit/auditd.conf", "write_logs = yes\n", "write_logs = no\n", "auditd(write_logs)"),
        ("/etc/audit/auditd.conf", "freq = 9\n", "freq = 9\nfreq = 1\n", "auditd(freq)"),
        ("/etc/sysctl.d/x.conf", None, "kernel/core_pattern=|/x\n", "sysctl(kernel.core_pattern)"),
        ("/etc/modprobe.d/x.conf", None, "install a /bin/sh\n", "module(a)"),
        ("/etc/profile", "", "umask 0000\n", "umask"),
        ("/etc/profile.d/x.sh", None, "curl x\n", "startup"),
        ("/etc/fstab", "/d / xfs ro,nosuid 0 0\n", "/d / xfs ro 0 0\n", "mount_options(/)"),
        (
            "/etc/default/grub",
            'GRUB_CMDLINE_LINUX="a"\n',
            'GRUB_CMDLINE_LINUX="a audit=0"\n',
            "boot(audit)",
        ),
        ("/etc/rsyslog.conf", "", "*.* ~\n", "log_dropped"),
        ("/etc/ld.so.preload", None, "/x\n", "unexpected"),
        ("/home/bob/.ssh/authorized_keys", None, "x\n", "unexpected"),
        ("/etc/security/pwquality.conf", "", "enforcing=0\n", "pwquality(enforcing)"),
        (
            "/etc/security/pwquality.conf",
            "",
            "maxrepeat=3\nmaxrepeat = 9\n",
            "pwquality(maxrepeat)",
        ),
        ("/etc/security/limits.conf", "", "* hard nproc 1\n", "limit(nproc)"),
        ("/etc/pam.d/x", STACK, STACK.replace("\n", "\r\n"), "carriage_return"),
        ("/etc/sudoers", "", "#1000 ALL=(ALL) ALL\n", "sudo_right(uid1000)"),
        ("/etc/passwd", "a:x:1:1::/:/bin/sh\n", "a::1:1::/:/bin/sh\n", "password(a)"),
        ("/etc/audit/plugins.d/x.conf", None, "path = /opt/x\n", "audit_plugin"),
        ("/etc/ssh/ssh_config", "", "Host *\n ProxyCommand=/opt/x\n", "ssh(proxycommand)"),
        ("/etc/aide.conf", "A = p+sha256\n", "A = p\n", "aide(A)"),
        ("/etc/aide.conf", "/etc A\n", "!/etc\n", "aide(/etc)"),
        ("/etc/modules-load.d/x.conf", None, "usb-storage\n", "module(usb-storage)"),
        ("/boot/grub2/grubenv", "saved_entry=a\n", "saved_entry=b\n", "boot(saved_entry)"),
        ("/etc/rsyslog.conf", "", 'module(load="x\n', "log_malformed"),
        ("/etc/systemd/journald.conf", "", "Storage=none\n", "systemd(storage)"),
        ("/etc/pki/tls/openssl.cnf", "", "CipherString = ALL@SECLEVEL=0\n", "crypto"),
    ],
)
def test_harm_is_named(path, before, now, harm):
    assert harm in found(path, before, now)


@pytest.mark.parametrize(
    ("path", "before", "now"),
    [
        ("/etc/ssh/sshd_config", "Port 22\n", "Port 22\n# DenyUsers *\nPermitRootLogin no\n"),
        ("/etc/pam.d/x", STACK, f"auth required pam_faillock.so preauth deny=3\n{STACK}"),
        ("/etc/pam.d/x.bak", None, "auth sufficient pam_permit.so\n"),
        ("/etc/sudoers", "a ALL=(ALL) NOPASSWD: ALL\n", "a ALL=(ALL) ALL\n"),
        ("/etc/sudoers.d/x.y", None, "bob ALL=(ALL) NOPASSWD: ALL\n"),  # sudo does not read it
        ("/etc/audit/rules.d/x.rules", None, "-w /etc/x -p wa -k x\n-e 2\n"),
        ("/etc/sysctl.d/x.conf", None, "kernel.core_pattern=|/bin/false\n"),
        ("/etc/profile", "", "umask 027\n"),
        ("/etc/fstab", "/d /x xfs rw 0 0\n", "/d /x xfs rw,nosuid 0 0\n"),
        ("/etc/whatever", None, "anything\n"),
        ("/etc/aide.conf", "A = p+sha256\n/etc A\n", "A = p+acl+sha512\n/etc A\n"),
        ("/etc/systemd/coredump.conf", "", "Storage=none\n"),
        ("/etc/pki/tls/openssl.cnf", "", "CipherString = ALL:!eNULL@SECLEVEL=2\n"),
        ("/etc/sudoers", "", "# 1000 times: no\n"),
    ],
)
def test_hardening_is_no_harm(path, before, now):
    assert found(path, before, now) == []


def test_a_new_setuid_program_is_named():
    assert list(harms("/opt/x", None, entry("x", mode=0o4755))) == ["setuid"]


def test_a_program_that_had_setuid_keeps_it():
    assert list(harms("/opt/x", entry("x", mode=0o4755), entry("y", mode=0o4755))) == []


def test_a_new_file_that_everybody_may_write_is_named():
    assert list(harms("/etc/x", None, entry("x", mode=0o666))) == ["writable"]


def test_a_link_where_a_file_is_read_hides_nothing():
    assert list(harms("/etc/sysctl.d/x.conf", None, entry("", kind="link"))) == ["unexpected"]


def test_a_link_out_of_the_folders_of_the_system_is_named():
    away = entry("", kind="link") | {"content": "/srv/x"}
    assert list(harms("/etc/localtime", None, away)) == ["unexpected"]
    assert not list(harms("/etc/localtime", None, away | {"content": "/usr/share/zoneinfo/UTC"}))


def test_a_text_longer_than_what_is_read_is_named():
    long = entry("#") | {"bytes": 300_000}
    assert list(harms("/etc/ssh/sshd_config.d/x.conf", None, long)) == ["too_long"]
