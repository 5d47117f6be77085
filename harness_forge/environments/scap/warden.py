"""The process that keeps the sandboxes: standard library only, run as a script.

Owns everything that happens inside the user namespace: the maps of uids, the
disposable root on a size-limited tmpfs, the two bubblewrap sandboxes and the
watchdog over them. It is started once per worker by `sandbox.py` and serves
requests from its standard input until that closes.

It never acts as the real root: a warden that is started by uid 0 gives up that
uid before it makes its namespace, and no uid of its map is uid 0 outside. It
is process 1 of its own pid namespace, so that what it kills is all there is,
and all there is dies with it.

Wire form, both ways: one line of JSON; where it has `blobs`, a mapping of name
to length, the bytes follow in that order.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import resource
import select
import signal
import stat
import subprocess
import sys
import time

_CLONE = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000}
_CLONE |= {"ipc": 0x08000000, "uts": 0x04000000}
_MS_PRIVATE_REC = (1 << 18) | (1 << 14)
_MS_NOSUID_NODEV = 2 | 4
_MNT_DETACH = 2
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_SYSTEM_LINKS = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")
_APPLY_CAPS = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID")
_JUDGE_CAPS = ("CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_SYS_CHROOT")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
_TICK_S = 0.02
_PAGE = os.sysconf("SC_PAGE_SIZE")
_CLOCK = os.sysconf("SC_CLK_TCK")
_TEXT_LIMIT = 256 * 1024
_TEXT_TOTAL = 4 * 1024 * 1024
_ARG_LIMIT = 120_000  # the kernel's limit of one argument is 128 KiB

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: object) -> None:
    if getattr(_libc, name)(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    words = (source.encode(), target.encode(), kind.encode())
    _call("mount", *words, ctypes.c_ulong(flags), data.encode() or None)


# --- entering the namespaces -------------------------------------------------


def _drop_root(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _write_maps(pid: int, mapping: dict) -> None:
    """Write the child's uid and gid map; runs outside of its namespace."""
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
        _write(f"/proc/{pid}/setgroups", "deny")
    _write(f"/proc/{pid}/uid_map", f"0 {first} {count}")
    first = mapping.get("first_gid", first)
    _write(f"/proc/{pid}/gid_map", f"0 {first} {count}")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:  # noqa: PTH123
        file.write(text)


def _enter(mapping: dict) -> None:
    """Return inside all namespaces as process 1; the callers' side never returns."""
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
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _call("unshare", _CLONE["user"])
    os.write(ready_w, b"r")
    if not os.read(go_r, 1):
        os._exit(1)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    flags = sum(_CLONE[name] for name in ("mount", "pid", "net", "ipc", "uts"))
    _call("unshare", flags)
    child = os.fork()
    if child:
        _exit_like(child)
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _exit_like(child: int) -> None:
    os.close(0)
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


# --- what a script may use ---------------------------------------------------


def _limited(limits: dict):
    """Return the function that sets a child's own limits before it starts."""

    def apply() -> None:
        for name, value in (
            ("CORE", 0),
            ("NOFILE", 256),
            ("FSIZE", limits["file_bytes"]),
            ("AS", limits["address_bytes"]),
            ("CPU", int(limits["cpu_s"]) + 1),
            ("NPROC", limits["processes"]),
        ):
            kind = getattr(resource, f"RLIMIT_{name}")
            _, hard = resource.getrlimit(kind)
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(kind, (value, value))

    return apply


def _usage() -> tuple[int, int, float]:
    """Return processes, resident bytes and CPU seconds of everything but the warden."""
    processes, resident, ticks = 0, 0, 0
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdigit() or name == "1":
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()
            processes += 1
            ticks += sum(map(int, fields[11:15]))
            resident += int(fields[21]) * _PAGE
    return processes, resident, ticks / _CLOCK


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def _run(command: list[str], limits: dict, pass_fds: tuple[int, ...], errors: int) -> dict:
    """Run one sandbox to its end, or kill all of it at the first limit it meets."""
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        preexec_fn=_limited(limits),
        env={"PATH": _PATH},
        pass_fds=pass_fds,
    )
    output, killed = bytearray(), None
    pipe = process.stdout.fileno()
    while killed is None:
        if select.select([pipe], [], [], _TICK_S)[0]:
            chunk = os.read(pipe, 65536)
            if not chunk:
                break
            output += chunk
        killed = _broken_limit(limits, len(output), time.monotonic() - started)
    if killed is None:  # its output is closed: it may still be running
        killed = _await(process.pid, limits, started)
    status = _kill_everything(process.pid)
    process.returncode = status
    process.stdout.close()
    return {
        "rc": status,
        "killed": killed,
        "seconds": round(time.monotonic() - started, 4),
        "output": bytes(output[: limits["output_kept"]]).decode(errors="replace"),
    }


def _broken_limit(limits: dict, output: int, seconds: float) -> str | None:
    if seconds > limits["wall_s"]:
        return "wall"
    if output > limits["output_bytes"]:
        return "output"
    processes, resident, cpu = _usage()
    if resident > limits["memory_bytes"]:
        return "memory"
    if processes > limits["processes"]:
        return "processes"
    return "cpu" if cpu > limits["cpu_s"] else None


def _await(pid: int, limits: dict, started: float) -> str | None:
    while True:
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                if killed := _broken_limit(limits, 0, time.monotonic() - started):
                    return killed
                time.sleep(0.005)
                continue
        return None


def _kill_everything(pid: int) -> int:
    """Kill every process but the warden and return the exit status of `pid`."""
    code = -signal.SIGKILL
    with contextlib.suppress(ChildProcessError):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
    while True:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return code


# --- the warden --------------------------------------------------------------


class Warden:
    """One disposable root and the requests that can be made of it.

    Args:
        base: an empty place to mount on; hidden from everything else.
        tools: `bwrap`, `tar` and the scanner's folder, '' where it is the system's.
    """

    def __init__(self, base: str, tools: dict) -> None:
        self._base, self._tools = base, tools
        self._root = f"{base}/root"
        self._mounted = False
        self._baseline: dict[str, tuple] = {}
        self._size, self._filtered = "", False
        self._text_left = 0
        _mount("none", "/", "none", _MS_PRIVATE_REC)
        _mount("proc", "/proc", "proc", _MS_NOSUID_NODEV)
        _mount("forge", base, "tmpfs", _MS_NOSUID_NODEV, "size=256m,nr_inodes=4096,mode=755")
        for name in ("root", "judge", "stubs", "home"):
            os.mkdir(f"{base}/{name}")  # noqa: PTH102
        # No namespace can be made below this one: no new capabilities, no mounts.
        with contextlib.suppress(OSError):
            _write("/proc/sys/user/max_user_namespaces", "0")

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
        self._baseline = dict(self._walk())
        return {"entries": len(self._baseline)}

    def _put(self, name: str, data: bytes) -> None:
        with open(f"{self._base}/{name}", "wb") as file:  # noqa: PTH123
            file.write(data)

    def reset(self, request: dict, blobs: dict) -> dict:
        """Throw the root away and unpack it again."""
        if self._mounted:
            _call("umount2", self._root.encode(), _MNT_DETACH)
        _mount("/dev/root", self._root, "tmpfs", _MS_NOSUID_NODEV, self._size)
        self._mounted = True
        command = [self._tools["tar"], "-xpf", f"{self._base}/root.tar", "-C", self._root]
        owner = "--numeric-owner" if self._tools["multi_uid"] else "--no-same-owner"
        subprocess.run([*command, owner], check=True, capture_output=True)
        return {}

    def apply(self, request: dict, blobs: dict) -> dict:
        """Run a script in the first sandbox, where the root is `/`."""
        script = blobs["script"]
        if b"\0" in script or len(script) > _ARG_LIMIT:
            return {"rc": 126, "killed": "script", "seconds": 0.0, "output": "", "full": False}
        command = [
            *self._bwrap(_APPLY_CAPS),
            *("--bind", self._root, "/"),
            *("--ro-bind", "/usr", "/usr"),
            *self._stub_binds(),
            *(self._protected() if request["protect"] else ()),
            *self._kernel(),
            *("--setenv", "HOME", "/root", "--chdir", "/"),
            *("/usr/bin/bash", "-c", os.fsdecode(script)),
        ]
        result = self._sandboxed(command, request["limits"])
        space = os.statvfs(self._root)
        result["full"] = space.f_bavail * 4 < space.f_blocks or space.f_favail * 4 < space.f_files
        return result

    def scan(self, request: dict, blobs: dict) -> dict:
        """Ask the scanner in the second sandbox, which sees the root read-only."""
        for name in ("xccdf.xml", "oval.xml"):
            self._put(f"judge/{name}", blobs[name])
        scanner = self._tools["scanner"]
        prefix = "/scanner/usr" if scanner else "/usr"
        command = [
            *self._bwrap(_JUDGE_CAPS),
            *("--ro-bind", "/usr", "/usr"),
            *self._system_links(),
            *(("--ro-bind", scanner, "/scanner") if scanner else ()),
            *("--ro-bind", self._root, "/target"),
            *("--ro-bind", f"{self._base}/judge", "/judge"),
            *("--ro-bind", f"{self._base}/home", "/home"),
            *self._kernel(),
            *("--size", "16777216", "--tmpfs", "/tmp"),  # noqa: S108
            *("--symlink", "/proc/self/mounts", "/etc/mtab"),  # which disks are local
            *("--setenv", "HOME", "/home", "--setenv", "OSCAP_PROBE_ROOT", "/target"),
            *(("--setenv", "LD_LIBRARY_PATH", self._libraries()) if scanner else ()),
            *("--setenv", "OSCAP_SCHEMA_PATH", f"{prefix}/share/openscap/schemas"),
            *("--setenv", "OSCAP_XSLT_PATH", f"{prefix}/share/openscap/xsl"),
            *("--setenv", "OSCAP_CPE_PATH", f"{prefix}/share/openscap/cpe"),
            *("--remount-ro", "/", "--chdir", "/judge"),
            *(f"{prefix}/bin/oscap", "xccdf", "eval", "--skip-validation", "--progress"),
            *(*request["options"], "/judge/xccdf.xml"),
        ]
        with open(f"{self._base}/errors", "wb+") as errors:  # noqa: PTH123
            # Apart from the verdicts: a warning may come in the middle of a line.
            return self._sandboxed(command, request["limits"], errors)

    def tree(self, request: dict, blobs: dict) -> dict:
        """Return every entry that differs from the untouched root, gone ones as None.

        Texts come with them up to a total: those of old files before new ones.
        """
        self._text_left = _TEXT_TOTAL
        now = dict(self._walk())
        changed: dict[str, dict | None] = {path: None for path in self._baseline if path not in now}
        different = [path for path, entry in now.items() if self._baseline.get(path) != entry]
        for path in sorted(different, key=lambda path: path not in self._baseline):
            changed[path] = self._described(path, now[path])
        return {"changed": changed}

    def baseline(self, request: dict, blobs: dict) -> dict:
        """Return every entry of the untouched root."""
        self.reset({}, {})
        return {"entries": {path: self._described(path, e) for path, e in self._baseline.items()}}

    def _walk(self):
        """Yield path and (kind, mode, uid, gid, digest or link) of every entry."""
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                names = sorted(os.listdir(f"{self._root}/{folder}"))  # noqa: PTH208
            except OSError:
                continue  # deeper than a path can be long
            for name in names:
                path = f"{folder}/{name}"
                try:
                    entry = self._entry(path)
                except OSError:
                    continue
                yield path, entry
                if entry[0] == "dir":
                    waiting.append(path)

    def _entry(self, path: str) -> tuple:
        info = os.lstat(self._root + path)
        kind, content = "other", ""
        if stat.S_ISDIR(info.st_mode):
            kind = "dir"
        elif stat.S_ISLNK(info.st_mode):
            kind, content = "link", os.readlink(self._root + path)  # noqa: PTH115
        elif stat.S_ISREG(info.st_mode):
            kind = "file"
            # A sparse file costs nothing to make and hours to read: only its start counts.
            data = self._start_of(path)
            content = f"{info.st_size} {hashlib.sha256(data).hexdigest()}"
        return kind, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, content

    def _start_of(self, path: str) -> bytes:
        descriptor = os.open(self._root + path, os.O_RDONLY | os.O_NOFOLLOW)
        with open(descriptor, "rb") as file:  # noqa: PTH123
            return file.read(_TEXT_LIMIT)

    def _described(self, path: str, entry: tuple) -> dict:
        kind, mode, uid, gid, content = entry
        described = {"kind": kind, "mode": mode, "uid": uid, "gid": gid, "content": content}
        if kind == "file":
            described["bytes"] = int(content.partition(" ")[0])
            data = self._start_of(path) if self._text_left > 0 else b""
            self._text_left -= len(data)
            described["text"] = data.decode(errors="replace")
        return described

    def _sandboxed(self, command: list[str], limits: dict, errors=None) -> dict:
        """Run bubblewrap and make sure that it was the command that ended, not the set-up."""
        status_r, status_w = os.pipe()
        filter_r, filter_w = os.pipe()
        os.write(filter_w, _read(f"{self._base}/seccomp"))
        os.close(filter_w)
        words = [command[0], "--json-status-fd", str(status_w)]
        words += ["--seccomp", str(filter_r)] if self._filtered else []
        try:
            sink = errors.fileno() if errors else subprocess.STDOUT
            result = _run([*words, *command[1:]], limits, (status_w, filter_r), sink)
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

    def _bwrap(self, capabilities: tuple[str, ...]) -> list[str]:
        """Return what both sandboxes share: nothing of the outside but `/usr`."""
        command = [self._tools["bwrap"], "--unshare-ipc", "--unshare-pid", "--unshare-net"]
        command += ["--unshare-uts", "--hostname", "target", "--die-with-parent", "--new-session"]
        command += ["--clearenv", "--setenv", "PATH", _PATH, "--setenv", "LANG", "C.UTF-8"]
        command += ["--cap-drop", "ALL"]
        for capability in capabilities:
            command += ["--cap-add", capability]
        return command

    def _kernel(self) -> list[str]:
        # bwrap's /dev is a tmpfs without a size: read-only, or it is a way to memory.
        return [
            *("--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"),
            *("--dev", "/dev", "--remount-ro", "/dev"),
        ]

    def _system_links(self) -> list[str]:
        words: list[str] = []
        for name in _SYSTEM_LINKS:
            if os.path.islink(f"/{name}"):  # noqa: PTH114
                words += ["--symlink", f"usr/{name}", f"/{name}"]
            elif os.path.isdir(f"/{name}"):  # noqa: PTH112
                words += ["--ro-bind", f"/{name}", f"/{name}"]
        return words

    def _libraries(self) -> str:
        return ":".join(f"/scanner/{folder}" for folder in self._tools["libraries"])

    def _stub_binds(self) -> list[str]:
        return ["--ro-bind", f"{self._base}/stubs", "/usr/local/bin"]

    def _protected(self) -> list[str]:
        words: list[str] = []
        for path in self._tools["protected"]:
            words += ["--ro-bind", self._root + path, path]
        return words

    def serve(self) -> None:
        """Answer requests until the other side closes."""
        source, sink = sys.stdin.buffer, sys.stdout.buffer
        while line := source.readline():
            request = json.loads(line)
            sizes = request.get("blobs", {}).items()
            blobs = {name: source.read(size) for name, size in sizes}
            try:
                answer = getattr(self, request["op"])(request, blobs)
            except (OSError, subprocess.SubprocessError) as error:
                answer = {"error": str(error)}
            sink.write(json.dumps(answer).encode() + b"\n")
            sink.flush()


def main() -> None:
    """Enter the namespaces, say so, and serve."""
    options = json.loads(sys.argv[1])
    os.umask(0o022)
    try:
        _enter(options["map"])
        warden = Warden(options["base"], options["tools"])
    except (OSError, subprocess.SubprocessError) as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        sys.stdout.flush()
        os._exit(1)
    sys.stdout.write(json.dumps({"uid_map": _read("/proc/self/uid_map").decode()}) + "\n")
    sys.stdout.flush()
    warden.serve()


if __name__ == "__main__":
    main()
