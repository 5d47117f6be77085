"""Enter the namespaces, report that, and serve requests over one disposable root."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

from cage import applying, judging, program
from namespaces import BIND, DETACH, NOSUID_NODEV, PRIVATE_RECURSIVE, call, enter, mount, write
from tree import Entry, described, differences, snapshot
from watchdog import read, run

_ARGUMENT_LIMIT = 120_000  # bytes; the kernel's for one argument is 128 KiB


class Warden:
    """One disposable root and the requests that can be made of it.

    Args:
        base: an empty folder to mount on; nothing below it is needed.
        tools: `loader`, the dynamic loader of the tree of tools (the current
            folder is its `usr`); `protected` folders of the root; and whether
            the map is `multi_uid`.
    """

    def __init__(self, base: str, tools: dict) -> None:
        self._base, self._tools = base, tools
        self._root = f"{base}/root"
        self._mounted = self._filtered = False
        self._baseline: dict[str, Entry] = {}
        self._size = ""
        mount("none", "/", "none", PRIVATE_RECURSIVE)
        mount("proc", "/proc", "proc", NOSUID_NODEV)
        mount("forge", base, "tmpfs", NOSUID_NODEV, "size=256m,nr_inodes=4096,mode=755")
        for name in ("root", "usr", "judge", "stubs", "home"):
            os.mkdir(f"{base}/{name}")  # noqa: PTH102
        mount(".", f"{base}/usr", "none", BIND)
        os.chdir("/")
        # No namespace can be made below this one: no new capabilities, no mounts.
        with contextlib.suppress(OSError):
            write("/proc/sys/user/max_user_namespaces", "0")

    def init(self, request: dict, blobs: dict) -> dict:
        """Take the root as a tar, the stub commands and the size of the disk."""
        self._size = f"size={request['disk_bytes']},nr_inodes={request['inodes']},mode=755"
        self._put("root.tar", blobs.pop("root.tar"))
        for name, data in blobs.items():
            self._put(f"stubs/{name}", data)
            os.chmod(f"{self._base}/stubs/{name}", 0o755)  # noqa: PTH101, S103
        for name, text in request["home"].items():
            self._put(f"home/{name}", text.encode())
        self._put("seccomp", bytes(request["seccomp"]))
        self._filtered = bool(request["seccomp"])
        self.reset({}, {})
        self._baseline = snapshot(self._root)
        return {"entries": len(self._baseline)}

    def reset(self, request: dict, blobs: dict) -> dict:
        """Throw the root away and unpack it again."""
        if self._mounted:
            call("umount2", self._root.encode(), DETACH)
        # The source must look like a device, or the scanner takes the disk for a remote one.
        mount("/dev/root", self._root, "tmpfs", NOSUID_NODEV, self._size)
        self._mounted = True
        command = [*self._program("tar"), "-xpf", f"{self._base}/root.tar", "-C", self._root]
        owner = "--numeric-owner" if self._tools["multi_uid"] else "--no-same-owner"
        subprocess.run([*command, owner], check=True, capture_output=True)
        return {}

    def apply(self, request: dict, blobs: dict) -> dict:
        """Run a script in the first sandbox, where the root is `/`."""
        script = blobs["script"]
        if b"\0" in script or len(script) > _ARGUMENT_LIMIT:
            return {"rc": 126, "killed": "script", "seconds": 0.0, "output": "", "full": False}
        protected = self._tools["protected"] if request["protect"] else []
        words = applying(self._base, protected, os.fsdecode(script))
        result = self._sandboxed(words, request["limits"])
        space = os.statvfs(self._root)
        result["full"] = space.f_bavail * 4 < space.f_blocks or space.f_favail * 4 < space.f_files
        return result

    def scan(self, request: dict, blobs: dict) -> dict:
        """Ask the scanner in the second sandbox, which sees the root read-only."""
        for name in ("xccdf.xml", "oval.xml"):
            self._put(f"judge/{name}", blobs[name])
        words = judging(self._base, request["options"])
        with open(f"{self._base}/errors", "wb+") as errors:  # noqa: PTH123
            # Keep errors apart from the verdicts: a warning may come in the middle of a line.
            return self._sandboxed(words, request["limits"], errors)

    def tree(self, request: dict, blobs: dict) -> dict:
        """Return every entry that differs from the untouched root."""
        return {"changed": differences(self._root, self._baseline)}

    def baseline(self, request: dict, blobs: dict) -> dict:
        """Reset, and return every entry of the untouched root."""
        self.reset({}, {})
        return {"entries": described(self._root, self._baseline)}

    def _put(self, name: str, data: bytes) -> None:
        with open(f"{self._base}/{name}", "wb") as file:  # noqa: PTH123
            file.write(data)

    def _program(self, name: str) -> list[str]:
        return program(self._base, self._tools["loader"], name)

    def _sandboxed(self, command: list[str], limits: dict, errors=None) -> dict:
        """Run bubblewrap, and check that the command ended and not the set-up."""
        status_r, status_w = os.pipe()
        filter_r, filter_w = os.pipe()
        os.write(filter_w, read(f"{self._base}/seccomp"))
        os.close(filter_w)
        words = [*self._program("bwrap"), "--json-status-fd", str(status_w)]
        words += ["--seccomp", str(filter_r)] if self._filtered else []
        try:
            sink = errors.fileno() if errors else subprocess.STDOUT
            result = run([*words, *command], limits, (status_w, filter_r), sink)
        finally:
            os.close(status_w)
            os.close(filter_r)
            with open(status_r, "rb") as file:  # noqa: PTH123
                status = file.read()
        if result["killed"] is None and b"exit-code" not in status:
            if errors:
                errors.seek(0)
            said = errors.read(1000).decode(errors="replace") if errors else result["output"]
            raise OSError(said.strip() or "bwrap ended without a word")
        return result


def serve(warden: Warden) -> None:
    """Answer requests until the other side closes."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline():
        request = json.loads(line)
        sizes = request.get("blobs", {}).items()
        blobs = {name: source.read(size) for name, size in sizes}
        try:
            answer = getattr(warden, request["op"])(request, blobs)
        except (OSError, subprocess.SubprocessError) as error:
            answer = {"error": str(error)}
        sink.write(json.dumps(answer).encode() + b"\n")
        sink.flush()


def main() -> None:
    """Enter the namespaces, report that, and serve."""
    options = json.loads(sys.argv[1])
    os.umask(0o022)
    try:
        enter(options["map"])
        warden = Warden(options["base"], options["tools"])
    except (OSError, subprocess.SubprocessError) as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        sys.stdout.flush()
        os._exit(1)
    said = {"uid_map": read("/proc/self/uid_map").decode()}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    serve(warden)


if __name__ == "__main__":
    main()
