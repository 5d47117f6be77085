"""Block the few system calls that reach memory outside all limits, or the kernel's keys.

A classic BPF program for bubblewrap's `--seccomp`. Files in memory (memfd,
System V shared memory) are neither on the size-limited disk nor in a process'
resident memory, so the sandbox has none.
"""

from __future__ import annotations

import platform
import struct

_LOAD, _JUMP_EQ, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_EPERM = 0x00050000 | 1
_ENOSYS = 0x00050000 | 38
_MACHINES = {
    "x86_64": (
        0xC000003E,
        {
            "memfd_create": 319,
            "memfd_secret": 447,
            "shmget": 29,
            "msgget": 68,
            "userfaultfd": 323,
            "keyctl": 250,
            "add_key": 248,
            "request_key": 249,
            "bpf": 321,
            "perf_event_open": 298,
            "io_uring_setup": 425,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "memfd_create": 279,
            "memfd_secret": 447,
            "shmget": 194,
            "msgget": 186,
            "userfaultfd": 282,
            "keyctl": 219,
            "add_key": 217,
            "request_key": 218,
            "bpf": 280,
            "perf_event_open": 241,
            "io_uring_setup": 425,
        },
    ),
}
_X32_BIT = 0x40000000


def syscall_filter() -> bytes:
    """Return the compiled filter, b'' on an unknown machine type.

    Calls of another architecture (32-bit programs) kill the process: their
    numbers mean other calls.
    """
    if platform.machine() not in _MACHINES:
        return b""
    audit_arch, calls = _MACHINES[platform.machine()]
    program = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQ, 1, 0, audit_arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (0x35, 0, 1, _X32_BIT),  # at or above: the x32 numbering
        (_RETURN, 0, 0, _ENOSYS),
    ]
    for number in calls.values():
        program += [(_JUMP_EQ, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    program.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in program)
