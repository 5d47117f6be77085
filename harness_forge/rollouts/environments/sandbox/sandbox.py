"""The caller's side of a sandbox: start a warden and send it requests.

Decides what a script may use in total, and turns the failures of machines without sandboxes into
one-line errors. `warden` is the other side.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.sandbox.seccomp import syscall_filter
from harness_forge.rollouts.environments.sandbox.tools import Tools
from harness_forge.rollouts.environments.sandbox.uids import uid_map

REVISION = 2
"""Increase it when the same script would be run or judged differently."""

_MIB = 1 << 20
_BASES = ("/media", "/srv", "/mnt", "/opt", "/home")


class ScannerFiles(Protocol):
    """What the scanner is asked, as the XML of its two files."""

    @property
    def xccdf(self) -> bytes:
        """Rules and profile."""

    @property
    def oval(self) -> bytes:
        """Their checks."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one script and everything it starts, in total.

    Args:
        wall_s, cpu_s: seconds; the CPU time is summed over all processes.
        memory_bytes: resident memory, summed over all processes;
            address_bytes: what one process may map.
        processes: how many at once.
        file_bytes: size of one file; the whole disk is the sandbox's.
        output_bytes: killed beyond it; output_kept: how much is returned.
    """

    wall_s: float = 20.0
    cpu_s: float = 15.0
    memory_bytes: int = 512 * _MIB
    address_bytes: int = 1024 * _MIB
    processes: int = 128
    file_bytes: int = 48 * _MIB
    output_bytes: int = _MIB
    output_kept: int = 16 * 1024


FAILURES = {
    "wall": "timeout",
    "cpu": "timeout",
    "memory": "resource_limit",
    "processes": "resource_limit",
    "output": "resource_limit",
    "script": "script_too_long",
}
"""The limit that killed a script -> failure mode."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The contents of the root, and its largest size.

    Args:
        archive: the untouched root as a tar.
        stubs: commands the sandbox offers beyond the tools', by name.
        protected: folders of the root that are read-only for a script.
        home: files in the scanner's home folder.
    """

    archive: bytes
    stubs: Mapping[str, bytes] = field(default_factory=dict)
    protected: Sequence[str] = ()
    home: Mapping[str, str] = field(default_factory=dict)
    disk_bytes: int = 64 * _MIB
    inodes: int = 8192


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """How a script ended.

    Args:
        killed: the limit it met (`wall`, `cpu`, `memory`, `processes`,
            `output`, `script`), None if it ended by itself.
        full: it left the disk more than three quarters full.
    """

    rc: int
    killed: str | None
    seconds: float
    output: str
    full: bool


class Sandbox:
    """One warden with its disposable root. It takes one request at a time.

    Args:
        single: map one uid even if more are available.
    """

    def __init__(self, tools: Tools, disk: Disk, *, single: bool = False) -> None:
        self._lock = threading.Lock()
        try:
            self._enter(tools, disk, uid_map(single))
        except SandboxError:
            if single:
                raise
            self._enter(tools, disk, uid_map(single=True))  # newuidmap may not work
        self.load(disk)

    def _enter(self, tools: Tools, disk: Disk, mapping: dict[str, Any]) -> None:
        """Start the warden, and wait until it is in its namespaces."""
        self.multi_uid = mapping["kind"] != "single"
        words = {
            "loader": tools.loader,
            "multi_uid": self.multi_uid,
            "protected": list(disk.protected),
        }
        self._process = _start({"map": mapping, "base": _base(), "tools": words}, tools.tree)
        try:
            self._receive()
        except BaseException:
            self.close()
            raise

    def load(self, disk: Disk) -> None:
        """Take another root, and make it as it is untouched; protected folders stay the first's."""
        self._ask(
            {
                "op": "init",
                "disk_bytes": disk.disk_bytes,
                "inodes": disk.inodes,
                "home": dict(disk.home),
                "seccomp": list(syscall_filter()),
            },
            {"root.tar": disk.archive, **disk.stubs},
        )

    def reset(self) -> None:
        """Restore the untouched root."""
        self._ask({"op": "reset"})

    def apply(self, script: str, limits: Limits, *, protect: bool = True) -> ScriptResult:
        """Run `script` as the root user of the disposable root.

        Args:
            protect: keep the protected folders read-only; a test of the guard
                turns it off.
        """
        try:
            raw = script.encode(errors="surrogateescape")
        except UnicodeEncodeError:  # half of a pair, as broken escapes of a model have it
            raw = script.encode(errors="surrogatepass")
        blobs = {"script": raw}
        request = {"op": "apply", "limits": asdict(limits), "protect": protect}
        return ScriptResult(**self._ask(request, blobs))

    def scan(
        self, files: ScannerFiles, limits: Limits, options: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Run the scanner; return `rc`, `killed`, `seconds` and `output`.

        Args:
            options: further options of `oscap xccdf eval`.
        """
        blobs = {"xccdf.xml": files.xccdf, "oval.xml": files.oval}
        request = {"op": "scan", "limits": asdict(limits), "options": list(options)}
        return self._ask(request, blobs)

    def changes(self) -> dict[str, dict[str, Any] | None]:
        """Return every entry that differs from the untouched root; None: deleted."""
        return self._ask({"op": "tree"})["changed"]

    def baseline(self) -> dict[str, dict[str, Any]]:
        """Reset, and return every entry of the untouched root."""
        return self._ask({"op": "baseline"})["entries"]

    def close(self) -> None:
        """Stop the warden and everything in it."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()

    def _ask(self, request: dict[str, Any], blobs: Mapping[str, bytes] | None = None) -> Any:
        blobs = blobs or {}
        request["blobs"] = {name: len(data) for name, data in blobs.items()}
        with self._lock:
            try:
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                for data in blobs.values():
                    self._process.stdin.write(data)
                self._process.stdin.flush()
            except (BrokenPipeError, ValueError) as error:
                raise self._fault() from error
            return self._receive()

    def _receive(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise self._fault()
        answer = json.loads(line)
        if "error" in answer:
            raise explained(answer["error"])
        return answer

    def _fault(self) -> SandboxError:
        stderr = self._process.stderr.read().decode(errors="replace").strip()
        last = stderr.splitlines()[-1] if stderr else "the sandbox ended"
        return explained(last)


def _start(options: dict[str, Any], tree: str) -> subprocess.Popen[bytes]:
    warden = Path(__file__).with_name("warden")
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(warden), json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # the caller handles Ctrl-C
        # It mounts its current folder: a path could lead through folders that are closed
        # to the user it becomes, such as /root.
        cwd=f"{tree}/usr",
    )


def _base() -> str:
    """Return a folder to mount on that hides nothing that the warden needs."""
    for base in _BASES:
        if Path(base).is_dir() and not Path(sys.base_prefix).is_relative_to(base):
            return base
    raise SandboxError("", f"none of {', '.join(_BASES)} is a folder", "make an empty /media")


def explained(what: str) -> SandboxError:
    """Return the error of a warden that did not start, with a remedy."""
    what = re.sub(r"^\[Errno \d+\] ", "", what)
    if what.startswith(("unshare:", "mount:")) or "uid_map" in what:
        return SandboxError(
            "", f"user namespaces are not to be had here ({what})", namespace_hint(what)
        )
    return SandboxError("", f"the sandbox failed: {what}", "run `forge env doctor`")


def namespace_hint(what: str) -> str:
    """Return how to get user namespaces on this machine.

    Args:
        what: the system call's error.
    """
    for path, wanted, command in (
        ("kernel/unprivileged_userns_clone", "1", "sysctl -w kernel.unprivileged_userns_clone=1"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "0",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ):
        file = Path("/proc/sys") / path
        if file.exists() and file.read_text().strip() != wanted:
            return f"as root: {command}"
    if "No space left" in what:  # the limit on namespaces was reached
        return "as root: sysctl -w user.max_user_namespaces=10000"
    return "in a container: allow unshare and mount (for Docker: --security-opt seccomp=unconfined)"
