"""The two sandboxes as bubblewrap command lines.

Each has its own namespaces, an empty environment, no network, few capabilities
and no file of the host: `/usr` is the tree of tools. In the first the root is
`/`; in the second it is `/target`, read-only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from watchdog import PATH

_MERGED = ("bin", "sbin", "lib", "lib64")
_APPLY_CAPS = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID")
_JUDGE_CAPS = ("CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_SYS_CHROOT")


def program(base: str, loader: str, name: str) -> list[str]:
    """Return the command line that starts a program of the tree outside the sandboxes.

    Args:
        loader: the dynamic loader's path in the tree, beside the libraries.
    """
    path = f"{base}/{loader}"
    libraries = f"{os.path.dirname(path)}:{base}/usr/lib"  # noqa: PTH120
    return [path, "--library-path", libraries, f"{base}/usr/bin/{name}"]


def applying(base: str, protected: Sequence[str], script: str) -> list[str]:
    """Return bubblewrap's arguments for the sandbox in which a script changes the root.

    Args:
        base: the folder of `root`, `usr` and `stubs`.
        protected: folders of the root that stay read-only.
    """
    words = _alone(_APPLY_CAPS)
    words += ["--bind", f"{base}/root", "/", "--ro-bind", f"{base}/usr", "/usr"]
    words += ["--ro-bind", f"{base}/stubs", "/usr/local/bin"]
    for path in protected:
        words += ["--ro-bind", f"{base}/root{path}", path]
    words += [*_kernel(), "--setenv", "HOME", "/root", "--chdir", "/"]
    return [*words, "/usr/bin/bash", "-c", script]


def judging(base: str, options: Sequence[str]) -> list[str]:
    """Return bubblewrap's arguments for the sandbox in which the scanner reads the root.

    Args:
        base: the folder of `root`, `usr`, `judge` and `home`.
        options: further options of the scanner.
    """
    words = [*_alone(_JUDGE_CAPS), "--ro-bind", f"{base}/usr", "/usr"]
    for name in _MERGED:
        words += ["--symlink", f"usr/{name}", f"/{name}"]
    for name, place in (("root", "/target"), ("judge", "/judge"), ("home", "/home")):
        words += ["--ro-bind", f"{base}/{name}", place]
    words += [*_kernel(), "--size", "16777216", "--tmpfs", "/tmp"]  # noqa: S108
    words += ["--symlink", "/proc/self/mounts", "/etc/mtab"]  # it says which disks are local
    words += ["--setenv", "HOME", "/home", "--setenv", "OSCAP_PROBE_ROOT", "/target"]
    words += ["--remount-ro", "/", "--chdir", "/judge"]
    words += ["/usr/bin/oscap", "xccdf", "eval", "--skip-validation", "--progress"]
    return [*words, *options, "/judge/xccdf.xml"]


def _alone(capabilities: Sequence[str]) -> list[str]:
    words = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    words += ["--hostname", "target", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--setenv", "PATH", PATH, "--setenv", "LANG", "C.UTF-8", "--cap-drop", "ALL"]
    for capability in capabilities:
        words += ["--cap-add", capability]
    return words


def _kernel() -> list[str]:
    # bwrap's /dev is a tmpfs without a size limit: make it read-only.
    words = ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"]
    return [*words, "--dev", "/dev", "--remount-ro", "/dev"]
