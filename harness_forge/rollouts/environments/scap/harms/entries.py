"""Unexpected entries: new privileges, and new places from which something runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_ANYBODYS = re.compile(r"/(tmp|var/tmp|dev/shm|run/lock)(/.*)?")
_SETID, _OTHERS_WRITE, _STICKY = 0o6000, 0o002, 0o1000
_LONGEST = 256 * 1024
"""Bytes of a file that the guard reads; a longer file could hide something after them."""
_OWN = re.compile(r"/(etc|usr|s?bin|lib(64)?|run|proc|boot|var/lib|dev/null$)")
_READ_WHOLE = re.compile(r"/(etc|root|home|usr|var/spool)/.*")

SENSITIVE = re.compile(
    "|".join(
        (
            # loaded into every program, or run by time, at boot or on events
            r"/etc/ld\.so\.(preload|conf|cache|conf\.d/.*)",
            r"/etc/(cron\.(daily|hourly|weekly|monthly)/.*|anacrontab|at\.(allow|deny))",
            r"/var/spool/(cron|at|anacron)/.*",
            r"/etc/cron\.d/[^/]*\.[^/]*",
            r"/(etc|run|usr/lib|usr/local/lib)/(systemd/[\w.-]+|udev|environment\.d)/.*",
            r"/(root|home/[^/]+)/\.config/(systemd|autostart|environment\.d)/.*",
            r"/var/lib/systemd/linger/.*|/etc/cloud/.*|/etc/grub\.d/.*",
            r"/etc/(sudo|sudo_logsrvd|rsyncd)\.conf|/etc/(vimrc|gitconfig|inputrc|crypttab|screenrc)",
            r"/etc/(zshenv|zprofile|zlogin|wgetrc|curlrc|rpm/.*|dnf/[^/]+/.*)",
            r"/etc/(rc\.local|rc\d?\.d/.*|rc\.d/.*|init\.d/.*|inittab|init/.*|xinetd\.d/.*)",
            r"/etc/(inetd\.conf|xdg/autostart/.*|X11/.*|NetworkManager/.*|network/.*)",
            r"/etc/(logrotate\.(conf|d/.*)|tmpfiles\.d/.*|binfmt\.d/.*|dbus-1/.*|polkit-1/.*)",
            r"/etc/(apparmor(\.d)?/.*|profile\.d/.*|bash_completion\.d/.*|update-motd\.d/.*)",
            r"/usr/(?!lib/(sysctl|modprobe|modules-load)\.d/).*",
            # who may log in, from where, and how that is checked
            r"(.*/)?\.ssh/.*",
            r"(.*/)?(\.rhosts|\.shosts|\.netrc|\.k5login|\.forward)|/etc/(hosts|shosts)\.equiv",
            r"/etc/ssh/(ssh_host_.*|authorized.*|sshrc|.*\.pub|revoked.*|moduli|ssh_known_hosts)",
            r"(/etc|/run|/var/run)/nologin",
            r"/etc/(nsswitch|host|resolv|krb5|ldap|openldap/ldap|nslcd|doas)\.conf|/etc/krb5\.conf\.d/.*",
            r"/etc/(services|protocols|locale\.conf|machine-id|selinux/(?!config$).*)",
            r"/etc/(hosts|hosts\.allow|hosts\.deny|shells|securetty|environment|subuid|subgid)",
            r"/etc/security/(access|time|group|namespace|pam_env|sepermit)\.(conf|init|d/.*)",
            r"/etc/(iptables|(sysconfig/)?(ip6?tables|nftables))(/.*|\.conf)?",
            r"/etc/(firewalld/(zones|services|direct|policies).*|ufw/.*|exports(\.d/.*)?|samba/.*)",
            # whom the machine trusts, and where it gets its programs
            r"/etc/pki/(ca-trust|rpm-gpg|tls/certs)/.*|/etc/ssl/.*|/usr/local/share/ca-certificates/.*",
            r"/etc/(yum\.repos\.d|apt/(sources\.list.*|trusted.*|preferences.*|auth\.conf.*))/?.*",
        )
    )
)
"""A new or changed file here has power over logins, programs or trust."""

_EXPECTED = re.compile(r".*(\.bak|~|\.off|\.orig|\.save)")
"""Backup copies of an existing file, as `sed -i.bak` leaves them: no program reads them."""


def entry(
    path: str, before: Mapping[str, Any] | None, now: Mapping[str, Any], *, read: bool
) -> Iterable[str]:
    """Yield why an entry is unexpected.

    Args:
        read: a check of this package reads the file's text; a link would hide it.
    """
    if now["kind"] != "link":
        yield from _powers(path, before, now)
    fresh = before is None
    device = now["kind"] == "other" and (fresh or before["kind"] != "other")
    link = now["kind"] == "link" and fresh and (read or _strays(path, now["content"]))
    if device or link:
        yield "unexpected"
    elif now["kind"] == "file":
        changed = fresh or before.get("content") != now.get("content")
        if changed and not read and SENSITIVE.fullmatch(path) and not _copy(path, fresh):
            yield "unexpected"
        if changed and _READ_WHOLE.fullmatch(path) and _hidden(now):
            yield "too_long"


def _powers(path: str, before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> Iterable[str]:
    mode = now["mode"]
    had = before["mode"] if before is not None else 0
    if now["kind"] == "file" and mode & _SETID & ~had:
        yield "setuid"
    open_to_all = mode & _OTHERS_WRITE and not (now["kind"] == "dir" and mode & _STICKY)
    if before is None and open_to_all and not _ANYBODYS.fullmatch(path):
        yield "writable"


def _strays(path: str, target: str) -> bool:
    """Return whether a link gives its target power, or leads out of the system's folders."""
    leaves = path.startswith("/etc/") and target.startswith("/") and not _OWN.match(target)
    return leaves or bool(SENSITIVE.fullmatch(path))


def _copy(path: str, fresh: bool) -> bool:
    return fresh and bool(_EXPECTED.fullmatch(path)) and not path.startswith("/etc/cron.")


def _hidden(now: Mapping[str, Any]) -> bool:
    size = int(now.get("bytes") or 0)
    return size > _LONGEST or (size > 0 and not now.get("text"))
