"""Lay an item's files out in a sandbox, carry an answer out on them, and ask the judge.

Owns the order of the steps. Each runs alone: when it ends, every process that it
started is dead. The answer's damage is looked for between `apply` and `judge`.
"""

from __future__ import annotations

import base64
import fnmatch
import io
import shlex
import tarfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from harness_forge.config.command import CommandConfig
from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.command.items import Item
from harness_forge.rollouts.environments.command.verdict import (
    CommandVerdict,
    NoVerdict,
    last_line,
    read,
)
from harness_forge.rollouts.environments.sandbox.pool import SandboxPool
from harness_forge.rollouts.environments.sandbox.sandbox import Disk, Limits, Sandbox, ScriptResult
from harness_forge.rollouts.environments.sandbox.tools import Tools

REVISION = 4
"""Increase it when the same answer would be run or judged differently."""

WORK = "work"
_SILENT = "the judge exits 0 and its last line, which says whether it passed, is not there"
_MIB = 1 << 20
_CHUNK = 60_000  # bytes of a file in one script, which the kernel limits to 128 KiB
_FOLDERS = ("dev", "etc", "proc", "root", "tmp", "usr", "var", "var/tmp", WORK)
_LINKS = ("bin", "sbin", "lib", "lib64")
_ETC = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
_SHELL = (
    "export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 TZ=UTC SOURCE_DATE_EPOCH=0\n"
    f"cd /{WORK} || exit 126\n"
)


@dataclass(frozen=True)
class AnswerFiles:
    """Args: files: path below `/work` -> text. None of them is written where nothing is done."""

    files: Mapping[str, str]


@dataclass(frozen=True)
class ItemRun:
    """What happened to an item.

    Args:
        setup: how the preparation ended, None if there is none or it went well.
        applied: how the answer was carried out; None if that was not asked.
        faults: what else the answer changed, or what the guard says.
        verdict: the judge's; None if `silence` says why there is none.
        killed: the limit that the judge met, if any.
    """

    setup: ScriptResult | None = None
    applied: ScriptResult | None = None
    faults: tuple[str, ...] = ()
    verdict: CommandVerdict | None = None
    silence: str = ""
    killed: str | None = None
    output: str = ""
    seconds: float = 0.0

    @property
    def word(self) -> str:
        """What it comes to, in a word or two; equal if two plays say the same."""
        if self.setup:
            return f"setup failed: {said(self.setup)}"
        if self.applied and self.applied.killed:
            return f"the answer was killed: limit on {self.applied.killed}"
        if self.verdict is None:
            return self.silence
        if self.faults:
            return "fail (guard)"
        passed = self.verdict.passed
        return ("pass" if passed else "fail") + (
            "" if self.verdict.value == passed else f" ({self.verdict.value:g})"
        )

    @property
    def passed(self) -> bool:
        """Whether it passes and nothing else was broken."""
        return self.word == "pass" or self.word.startswith("pass (")

    @property
    def by_line(self) -> bool:
        """Whether the judge's last line said the verdict, and its exit code did not."""
        return self.verdict is not None and self.verdict.by_line

    @property
    def spoke(self) -> bool:
        """Whether the judge said its verdict in a line, whatever its exit code."""
        return self.verdict is not None and self.verdict.spoke

    @property
    def by_exit_code(self) -> bool:
        """Whether it passes because the judge exited 0, and for nothing else."""
        return self.verdict is not None and self.verdict.passed and not self.verdict.spoke

    def without_pass(self) -> ItemRun:
        """Return it without a pass by exit code: a judge that speaks in lines has said nothing."""
        if not self.by_exit_code:
            return self
        return replace(self, verdict=None, silence=_SILENT)


_AS_IT_WAS = object()
_LOADED = (
    *("/etc/python", "/etc/ld.so", "/lib", "/bin", "/sbin"),
    *("/root/.local/lib/python", "/root/.bash", "/root/.profile"),
)
"""Beginnings of paths from which programs load code that nobody names."""

WIPE = AnswerFiles({})
"""Stands for deleting everything in `/work`."""


class Bench:
    """Sandboxes in which items are laid out and judged; thread-safe."""

    def __init__(self, config: CommandConfig, tools: Tools) -> None:
        self._config, self._tools = config, tools
        asked = config.limits
        self._limits = Limits(
            wall_s=asked.wall_s,
            cpu_s=asked.cpu_s,
            memory_bytes=asked.memory_mb * _MIB,
            address_bytes=max(8 * asked.memory_mb, 4096) * _MIB,
            processes=asked.processes,
            file_bytes=asked.disk_mb * _MIB,
            output_bytes=asked.output_mb * _MIB,
            output_kept=asked.output_mb * _MIB,
        )
        self._pool = SandboxPool(lambda: Sandbox(tools, Disk(archive([]))))

    def close(self) -> None:
        """End every sandbox."""
        self._pool.close()

    def play(self, item: Item, answer: AnswerFiles | None) -> ItemRun:
        """Lay the item out, carry `answer` out (None: nothing at all) and judge.

        Raises:
            SandboxError: the sandbox failed, twice.
        """
        try:
            return self._play(item, answer)
        except SandboxError:
            return self._play(item, answer)

    def _play(self, item: Item, answer: AnswerFiles | None) -> ItemRun:
        with self._pool.lend() as box:
            disk_bytes = self._config.limits.disk_mb * _MIB
            box.load(Disk(archive(_entries(item)), disk_bytes=disk_bytes))
            if self._config.setup:
                prepared = self._run(box, self._config.setup)
                if prepared.killed or prepared.rc:
                    return ItemRun(setup=prepared)
            if answer is None:
                return self._judged(box, None, ())
            before = box.changes()
            applied = self._apply(box, item, answer)
            if applied.killed:
                return ItemRun(applied=applied, seconds=applied.seconds)
            # What the judge says of an empty folder is asked of the judge alone.
            faults = [] if answer is WIPE else self._damage(before, box.changes(), answer)
            if applied.full:
                faults.append("the disk is more than three quarters full")
            if self._config.guard:
                guarded = self._run(box, self._config.guard)
                if guarded.killed or guarded.rc:
                    faults.append(f"guard: {said(guarded)}")
            return self._judged(box, applied, faults)

    def _judged(self, box: Sandbox, applied: ScriptResult | None, faults: Sequence[str]) -> ItemRun:
        spoke = self._run(box, self._config.judge)
        verdict, silence = None, ""
        try:
            verdict = read(spoke)
        except NoVerdict as error:
            silence = error.args[0]
        return ItemRun(
            applied=applied,
            faults=tuple(faults),
            verdict=verdict,
            silence=silence,
            killed=spoke.killed,
            output=spoke.output,
            seconds=spoke.seconds + (applied.seconds if applied else 0.0),
        )

    def _apply(self, box: Sandbox, item: Item, answer: AnswerFiles) -> ScriptResult:
        """Write the answer's files, then run `apply`."""
        if answer is WIPE:
            return self._run(box, f"find /{WORK} -mindepth 1 -delete")
        wrote = None
        programs = {path for path, (_, executable) in item.files.items() if executable}
        for script in _writing(answer.files, programs):
            wrote = self._run(box, script)
            if wrote.killed or wrote.rc:
                return wrote
        if self._config.apply:
            return self._run(box, self._config.apply)
        return wrote or self._run(box, "true")

    def _run(self, box: Sandbox, command: str) -> ScriptResult:
        return box.apply(_SHELL + command, self._limits)

    def _damage(self, before: Mapping, after: Mapping, answer: AnswerFiles) -> list[str]:
        """Return the paths that an attempt must not change and did.

        These are below `/work`, and others by which the judge would run the answer's code.
        """
        may = self._config.may_change
        written = {*answer.files, *(one for path in answer.files for one in _parents(path))}
        start = f"/{WORK}/"
        # Of a path that is as it was laid out there is no entry; of a deleted one it is None.
        every = sorted(
            path
            for path in before.keys() | after.keys()
            if before.get(path, _AS_IT_WAS) != after.get(path, _AS_IT_WAS)
        )
        changed = [path.removeprefix(start) for path in every if path.startswith(start)]
        outside = [f"changed: {path}" for path in every if path.startswith(_LOADED)]
        return outside + [
            f"changed: {path}"
            for path in changed
            if path not in written and not any(fnmatch.fnmatch(path, one) for one in may)
        ]


def said(applied: ScriptResult) -> str:
    """Return how a command ended, in a few words."""
    if applied.killed:
        return f"killed, limit on {applied.killed}"
    return f"exits {applied.rc}: {last_line(applied.output)[:200]}".removesuffix(": ")


def archive(entries: Sequence[tuple[str, bytes, int]]) -> bytes:
    """Return a root as a tar: a few folders, and files as (path, bytes, mode)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as made:
        for name in _FOLDERS:
            _add(made, name, tarfile.DIRTYPE, 0o1777 if name in ("tmp", "var/tmp") else 0o755)
        for name in _LINKS:
            _add(made, name, tarfile.SYMTYPE, 0o777, link=f"usr/{name}")
        for name, text in _ETC.items():
            _add(made, name, tarfile.REGTYPE, 0o644, text.encode())
        folders: set[str] = set()
        for path, data, mode in entries:
            for parent in _parents(path):
                if parent not in folders and parent != WORK:
                    folders.add(parent)
                    _add(made, parent, tarfile.DIRTYPE, 0o755)
            _add(made, path, tarfile.REGTYPE, mode, data)
    return buffer.getvalue()


def _add(
    made: tarfile.TarFile, name: str, kind: bytes, mode: int, data: bytes = b"", link: str = ""
) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname = kind, mode, len(data), link
    made.addfile(info, io.BytesIO(data))


def _entries(item: Item) -> list[tuple[str, bytes, int]]:
    return [
        (f"{WORK}/{path}", data, 0o755 if executable else 0o644)
        for path, (data, executable) in sorted(item.files.items())
    ]


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _writing(files: Mapping[str, str], programs: Collection[str]) -> list[str]:
    """Return scripts that write the files, each small enough for the kernel.

    Args:
        programs: paths of files that can be run, which their new text can be too.
    """
    scripts = []
    for path, text in files.items():
        name, data = shlex.quote(path), text.encode("utf-8", "surrogatepass")
        folder = shlex.quote(path.rpartition("/")[0] or ".")
        run = f" && chmod +x {name}" if path in programs else ""
        scripts.append(f"mkdir -p {folder} && rm -rf {name} && : > {name}{run}")
        for start in range(0, len(data), _CHUNK):
            part = base64.b64encode(data[start : start + _CHUNK]).decode()
            scripts.append(f"echo {part} | base64 -d >> {name}")
    return _joined(scripts)


def _joined(scripts: list[str]) -> list[str]:
    """Put small scripts together: a sandbox takes longer to start than to write a file."""
    found: list[str] = []
    for script in scripts:
        if found and len(found[-1]) + len(script) < _CHUNK:
            found[-1] += f" && {script}"
        else:
            found.append(script)
    return found
