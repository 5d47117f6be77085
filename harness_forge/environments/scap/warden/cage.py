"""The two sandboxes as bubblewrap command lines.

Owns what each of them sees. Both have namespaces of their own, an empty
environment, no network, few capabilities and nothing of the host but `/usr`.
In the first the root is `/`; in the second it is `/target`, read-only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from watchdog import PATH

_SYSTEM_LINKS = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")
_APPLY_CAPS = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID")
_JUDGE_CAPS = ("CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_SYS_CHROOT")


def applying(bwrap: str, base: str, protected: Sequence[str], script: str) -> list[str]:
    """Return the sandbox in which a script changes the root.

    Args:
        base: where `root` and `stubs` lie.
        protected: folders of the root that stay read-only.
    """
    words = _alone(bwrap, _APPLY_CAPS)
    words += ["--bind", f"{base}/root", "/", "--ro-bind", "/usr", "/usr"]
    words += ["--ro-bind", f"{base}/stubs", "/usr/local/bin"]
    for path in protected:
        words += ["--ro-bind", f"{base}/root{path}", path]
    words += [*_kernel(), "--setenv", "HOME", "/root", "--chdir", "/"]
    return [*words, "/usr/bin/bash", "-c", script]


def judging(
    bwrap: str, base: str, scanner: str, libraries: Sequence[str], options: Sequence[str]
) -> list[str]:
    """Return the sandbox in which the scanner reads the root.

    Args:
        base: where `root`, `judge` and `home` lie.
        scanner: folder of an unpacked scanner, '' for the system's.
        libraries: folders in it that hold shared libraries.
        options: more of them for the scanner.
    """
    prefix = "/scanner/usr" if scanner else "/usr"
    words = [*_alone(bwrap, _JUDGE_CAPS), "--ro-bind", "/usr", "/usr", *_system_links()]
    if scanner:
        search = ":".join(f"/scanner/{folder}" for folder in libraries)
        words += ["--ro-bind", scanner, "/scanner", "--setenv", "LD_LIBRARY_PATH", search]
    for name, place in (("root", "/target"), ("judge", "/judge"), ("home", "/home")):
        words += ["--ro-bind", f"{base}/{name}", place]
    words += [*_kernel(), "--size", "16777216", "--tmpfs", "/tmp"]  # noqa: S108
    words += ["--symlink", "/proc/self/mounts", "/etc/mtab"]  # tells which disks are local
    words += ["--setenv", "HOME", "/home", "--setenv", "OSCAP_PROBE_ROOT", "/target"]
    for name, folder in (("SCHEMA", "schemas"), ("XSLT", "xsl"), ("CPE", "cpe")):
        words += ["--setenv", f"OSCAP_{name}_PATH", f"{prefix}/share/openscap/{folder}"]
    words += ["--remount-ro", "/", "--chdir", "/judge"]
    words += [f"{prefix}/bin/oscap", "xccdf", "eval", "--skip-validation", "--progress"]
    return [*words, *options, "/judge/xccdf.xml"]


def _alone(bwrap: str, capabilities: Sequence[str]) -> list[str]:
    words = [bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    words += ["--hostname", "target", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--setenv", "PATH", PATH, "--setenv", "LANG", "C.UTF-8", "--cap-drop", "ALL"]
    for capability in capabilities:
        words += ["--cap-add", capability]
    return words


def _kernel() -> list[str]:
    # bwrap's /dev is a tmpfs without a size: read-only, or it is a way to memory.
    words = ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"]
    return [*words, "--dev", "/dev", "--remount-ro", "/dev"]


def _system_links() -> list[str]:
    words: list[str] = []
    for name in _SYSTEM_LINKS:
        if os.path.islink(f"/{name}"):  # noqa: PTH114
            words += ["--symlink", f"usr/{name}", f"/{name}"]
        elif os.path.isdir(f"/{name}"):  # noqa: PTH112
            words += ["--ro-bind", f"/{name}", f"/{name}"]
    return words
