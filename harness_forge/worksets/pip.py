"""Installs packages into a workset: output goes to a log, progress to a callback."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness_forge.core.errors import WorksetError
from harness_forge.worksets import uv
from harness_forge.worksets.locks import Locked, requirements

Say = Callable[[str], None]

_LOOK_S = 0.5
_TAKEN = ("Collecting ", "Processing ", "Requirement already satisfied: ")
_UNPACKING = "Installing collected packages"
_DOWNLOADED = " Downloaded "
_WHEELS = "--only-binary=:all:"


@dataclass(frozen=True)
class Pip:
    """The pip of one interpreter; uv does for it what it can.

    Args:
        python: the interpreter of the environment to change.
        log: file that its output is added to.
        fault: called with what failed and pip's last output; returns the error to raise.
        show: called with the progress.
        files: folder that is its only source of packages; None uses its own settings.
        cache: folder of uv's unpacked packages, which worksets share; None is pip alone.
    """

    python: Path
    log: Path
    fault: Callable[[str], WorksetError]
    show: Say = field(default=lambda text: None)
    files: Path | None = None
    cache: Path | None = None

    def install(self, packages: Sequence[Locked], *words: str | Path) -> None:
        """Install exactly these files, without dependencies."""
        if packages:
            with written(requirements(packages)) as path:
                exact = ["--no-deps", "--require-hashes", *words, "-r", path]
                if self._by_uv(exact):
                    return
                # Of 40,000 files a training imports a tenth; Python compiles those when it does.
                self.run(["install", "--no-compile", *exact], len(packages))

    def _by_uv(self, words: Sequence[str | Path]) -> bool:
        """Install by uv; False where pip has to: it has settings of its own, or uv failed."""
        if self.cache is None or self.files or _WHEELS not in words:
            return False
        command = uv.command(self.python, words)
        if command is None:
            return False
        env = uv.variables(self.cache, clean())
        return self._watched(command, env, self._count_uv)[1] == 0

    def run(self, words: Sequence[str | Path], total: int = 0) -> None:
        """Run one pip command."""
        local = ["--no-index", "--find-links", self.files] if self.files else []
        command = [self.python, "-m", "pip", words[0], "--no-input", *local, *words[1:]]
        env = clean(offline=self.files is not None)
        start, code = self._watched(command, env, lambda start: self._count(start, total))
        if code:
            raise self.fault(self._last_words(start) or f"pip ended with {code}")

    def _watched(
        self, command: Sequence[str | Path], env: Mapping[str, str], look: Callable[[int], None]
    ) -> tuple[int, int]:
        """Run a command, looking at what it says; return where that begins, and its exit code."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as log:
            print("$", *command, file=log, flush=True)
            start = log.tell()
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
            try:
                while process.poll() is None:
                    look(start)
                    time.sleep(_LOOK_S)
            finally:
                process.kill()
                process.wait()
        return start, process.returncode

    def _count_uv(self, start: int) -> None:
        # It names large files only, and puts all packages in place at the end.
        taken = sum(line.startswith(_DOWNLOADED) for line in self._said(start))
        self.show(f"{taken} large files fetched")

    def _count(self, start: int, total: int) -> None:
        lines = self._said(start)
        if not total:
            return
        if any(line.startswith(_UNPACKING) for line in lines):
            there = sum(1 for _ in self.python.parents[1].glob("lib/*/site-packages/*.dist-info"))
            self.show(f"{there} packages in place")
        else:
            taken = sum(line.lstrip().startswith(_TAKEN) for line in lines)
            self.show(f"{min(taken, total)} of {total} files fetched")

    def _said(self, start: int) -> list[str]:
        with self.log.open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace").splitlines()

    def _last_words(self, start: int) -> str:
        lines = [line.strip() for line in self._said(start)]
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
        return errors[-1][:300] if errors else ""


@contextmanager
def written(text: str) -> Iterable[str]:
    """Keep `text` in a temporary file while pip reads it."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        yield file.name


def attempt(command: Sequence[str | Path], extra: Mapping[str, str]) -> str:
    """Run a command; return '' if it succeeded, else its output."""
    done = subprocess.run(
        command, env=clean() | dict(extra), capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stderr.strip() or done.stdout.strip() or "failed"


def clean(offline: bool = False) -> dict[str, str]:
    """Return the environment variables for pip and Python.

    The caller's additions to Python's path are removed; without a network, so is
    the index of pip's settings.
    """
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    if offline:
        kept = {k: v for k, v in kept.items() if not k.startswith("PIP_")}
        kept["PIP_CONFIG_FILE"] = os.devnull
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
