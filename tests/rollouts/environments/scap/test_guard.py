"""The guard notices what a pass was bought with."""

from __future__ import annotations

import pytest

from harness_forge.rollouts.environments.scap.guard import malformed, never_allowed, tree_faults


def entry(text="", *, kind="file", mode=0o644, uid=0, gid=0):
    return {
        "kind": kind,
        "mode": mode,
        "uid": uid,
        "gid": gid,
        "content": str(hash(text)),
        "text": text,
    }


PASSWD = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n"
ROOT = {
    "/etc": entry(kind="dir", mode=0o755),
    "/etc/passwd": entry(PASSWD),
    "/etc/login.defs": entry("A 1\nB 2\nC 3\nD 4\nE 5\n"),
    "/etc/link": entry("x", kind="link"),
}


def faults(**changes):
    names = {"passwd": "/etc/passwd", "defs": "/etc/login.defs", "etc": "/etc", "link": "/etc/link"}
    return tree_faults(ROOT, {names.get(name, name): value for name, value in changes.items()})


def test_a_changed_value_is_no_fault():
    assert faults(defs=entry("A 9\nB 2\nC 3\nD 4\nE 5\n")) == set()


def test_a_new_line_is_no_fault():
    assert faults(defs=entry("A 1\nB 2\nC 3\nD 4\nE 5\nF 6\n")) == set()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"passwd": None}, "gone:/etc/passwd"),
        ({"defs": entry("A 1\n")}, "lost:/etc/login.defs"),
        ({"defs": entry("")}, "lost:/etc/login.defs"),
        ({"defs": entry("# A 1\n# B 2\n# C 3\nD 4\nE 5\n")}, "lost:/etc/login.defs"),
        ({"passwd": entry(PASSWD, mode=0)}, "unreadable:/etc/passwd"),
        ({"etc": entry(kind="dir", mode=0o600)}, "unreadable:/etc"),
        ({"passwd": entry(PASSWD, mode=0o666)}, "writable:/etc/passwd"),
        ({"passwd": entry(PASSWD, uid=12)}, "owner:/etc/passwd"),
        ({"passwd": entry(kind="dir")}, "replaced:/etc/passwd"),
        ({"link": entry("y", kind="link")}, "replaced:/etc/link"),
    ],
)
def test_what_got_worse_is_a_fault(change, fault):
    assert fault in faults(**change)


def test_only_the_topmost_of_what_is_gone_is_told():
    assert tree_faults(ROOT, dict.fromkeys(ROOT)) == {"gone:/etc"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/passwd", PASSWD + "broken\n"),
        ("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"),  # alice is missing
        ("/etc/passwd", PASSWD.replace("x:1000:", "x:0:")),
        ("/etc/ssh/sshd_config", "PermitRootLogin\n"),
        ("/etc/sysctl.d/x.conf", "net.ipv4.ip_forward 0\n"),
        ("/etc/sudoers", "what is this\n"),
        ("/etc/fstab", "/dev/sda1\n"),
        ("/etc/pam.d/system-auth", "nonsense\n"),
        ("/etc/systemd/coredump.conf", "Storage=none\n"),
        ("/etc/audit/rules.d/x.rules", "audit all\n"),
        ("/etc/modprobe.d/x.conf", "no usb\n"),
    ],
)
def test_files_their_programs_cannot_read_are_malformed(path, text):
    assert malformed(path, text, ROOT)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/ssh/sshd_config", "# x\n\nPermitRootLogin no\nMatch User x\n  X11Forwarding no\n"),
        ("/etc/sysctl.d/x.conf", "; x\n# y\nnet.ipv4.ip_forward = 0\n"),
        ("/etc/sudoers", "Defaults env_reset\nroot ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n"),
        ("/etc/fstab", "/dev/sda1 / xfs defaults,nodev 0 0\nnone none swap sw\n"),
        ("/etc/pam.d/x", "auth [success=1 default=ignore] pam_unix.so\n@include common-auth\n"),
        ("/etc/systemd/coredump.conf", "[Coredump]\nStorage=none\n"),
        ("/etc/whatever", "anything\n"),
    ],
)
def test_files_their_programs_can_read_are_not(path, text):
    assert not malformed(path, text, ROOT)


@pytest.mark.parametrize(
    "fault",
    ["gone:/etc/passwd", "disk:full", "malformed:/etc/fstab", "lost:/var/lib/rpm/rpmdb.sqlite"],
)
def test_no_reference_fix_may_cause(fault):
    assert never_allowed(fault, ["/var/lib/rpm"])


@pytest.mark.parametrize(
    "fault", ["gone:/shosts.equiv", "unreadable:/etc/shadow", "rule:x", "lost:/etc/issue"]
)
def test_a_reference_fix_may_cause(fault):
    assert not never_allowed(fault, ["/var/lib/rpm"])


SHADOW = "root:$6$salt$hash:1:0:9:7:::\n"


def modes(path, before, now, kind="dir"):
    return tree_faults({path: entry(kind=kind, mode=before)}, {path: entry(kind=kind, mode=now)})


@pytest.mark.parametrize(
    ("path", "before", "now", "kind", "fault"),
    [
        ("/etc", 0o755, 0o700, "dir", "closed"),
        ("/etc/passwd", 0o644, 0o600, "file", "closed"),
        ("/var/log/secure", 0o600, 0o644, "file", "readable"),
        ("/tmp", 0o1777, 0o777, "dir", "writable"),
        ("/", 0o755, 0o777, "dir", "writable"),
    ],
)
def test_modes_that_shut_out_or_let_in_are_told(path, before, now, kind, fault):
    assert f"{fault}:{path}" in modes(path, before, now, kind)


def test_a_secret_that_only_root_reads_by_its_rights_is_no_fault():
    assert modes("/etc/shadow", 0o640, 0, "file") == set()


@pytest.mark.parametrize(
    ("path", "mode", "told"),
    [("/srv/x", 0o644, True), ("/srv/x", 0o600, False), ("/etc/shadow.bak", 0o644, False)],
)
def test_a_copy_of_the_passwords_that_others_may_read_is_told(path, mode, told):
    found = tree_faults({"/etc/shadow": entry(SHADOW)}, {path: entry(SHADOW, mode=mode)})
    assert (f"secret:{path}" in found) is told


def test_a_file_that_trusts_other_hosts_may_go():
    assert tree_faults({"/etc/hosts.equiv": entry("x\n")}, {"/etc/hosts.equiv": None}) == set()


def test_a_banner_may_be_written_anew_but_not_emptied():
    before = {"/etc/issue": entry("Welcome.\n")}
    assert tree_faults(before, {"/etc/issue": entry("Keep out.\n")}) == set()
    assert tree_faults(before, {"/etc/issue": entry("")}) == {"lost:/etc/issue"}
