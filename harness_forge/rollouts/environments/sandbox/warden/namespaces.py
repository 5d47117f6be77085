"""Give up the real root, then enter new namespaces.

Holds the maps of uids and the system calls that Python lacks.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess

PRIVATE_RECURSIVE = (1 << 18) | (1 << 14)
NOSUID_NODEV = 2 | 4
DETACH = 2
BIND = 4096

_CLONE = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000}
_CLONE |= {"ipc": 0x08000000, "uts": 0x04000000}
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4

_libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *args: object) -> None:
    """Call a C function that returns 0, or raise OSError with its name."""
    if getattr(_libc, name)(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount a filesystem in this namespace."""
    words = (source.encode(), target.encode(), kind.encode())
    call("mount", *words, ctypes.c_ulong(flags), data.encode() or None)


def _drop_root(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _write_maps(pid: int, mapping: dict) -> None:
    """Write the child's uid and gid map; runs outside the child's namespace."""
    if mapping["kind"] == "subuid":
        for tool, own, ranges in (
            ("newuidmap", os.getuid(), mapping["uids"]),
            ("newgidmap", os.getgid(), mapping["gids"]),
        ):
            command = [mapping["tools"][tool], str(pid), "0", str(own), "1", "1", *map(str, ranges)]
            subprocess.run(command, check=True, capture_output=True)
        return
    first, count = mapping["first"], mapping["count"]
    if os.getuid() != 0:
        write(f"/proc/{pid}/setgroups", "deny")
    write(f"/proc/{pid}/uid_map", f"0 {first} {count}")
    first = mapping.get("first_gid", first)
    write(f"/proc/{pid}/gid_map", f"0 {first} {count}")


def write(path: str, text: str) -> None:
    """Write a small file, such as one of the kernel's."""
    with open(path, "w") as file:  # noqa: PTH123
        file.write(text)


def enter(mapping: dict) -> None:
    """Return inside all namespaces as process 1; the caller's process never returns."""
    ready_r, ready_w = os.pipe()
    go_r, go_w = os.pipe()
    child = os.fork()
    if child:
        os.close(ready_w)
        if os.read(ready_r, 1):
            _write_maps(child, mapping)
            os.write(go_w, b"g")
        os.close(go_w)
        _exit_like(child)
    os.close(go_w)
    if os.getuid() == 0:
        _drop_root(mapping["first"])
    call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    call("unshare", _CLONE["user"])
    os.write(ready_w, b"r")
    if not os.read(go_r, 1):
        os._exit(1)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    flags = sum(_CLONE[name] for name in ("mount", "pid", "net", "ipc", "uts"))
    call("unshare", flags)
    child = os.fork()
    if child:
        _exit_like(child)
    call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _exit_like(child: int) -> None:
    os.close(0)
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
