"""Git and DVC for a project's folder, each only where there is none yet."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from harness_forge.config.compose import project
from harness_forge.core.errors import ConfigError


def begin(folder: Path) -> list[str]:
    """Start Git and DVC in a folder that has neither; return what was done, a line each.

    Raises:
        ConfigError: Git or DVC refused, in its own words.
    """
    top, said = _git(folder)
    return [said, _dvc(folder, top)]


def _git(folder: Path) -> tuple[Path | None, str]:
    """Return the top of the Git repository that holds the folder, and what was done."""
    if shutil.which("git") is None:
        return None, "git: is not installed, so nothing is versioned"
    top = _above(folder, ".git")
    if top == folder:
        return top, "git: has this folder already"
    if top and not _ignored(folder):
        return top, f"git: has this folder already, as part of {top}"
    _run(folder, "git", "init", "--quiet")
    inside = f", for {top} ignores it" if top else ""
    return folder, f"git: made a repository{inside}; nothing is committed"


def _dvc(folder: Path, top: Path | None) -> str:
    """Start DVC unless the folder, or one above it in the same repository, has it."""
    there = _above(folder, ".dvc")
    if there and (there == folder or top is None or there.is_relative_to(top)):
        where = _checked(folder) if there == folder else f", as part of {there}"
        return f"dvc: has this folder already{where}"
    flags = ["--no-scm"] if top is None else ["--subdir"] if top != folder else []
    _run(folder, sys.executable, "-m", "dvc", "init", *flags)
    own = project.shipped_file(".dvc/config").read_text(encoding="utf-8")
    # DVC refuses a section that is named twice, so its one line goes into ours.
    scm = "[core]\n    no_scm = True\n" if top is None else "[core]\n"
    (folder / ".dvc" / "config").write_text(own.replace("[core]\n", scm, 1), encoding="utf-8")
    return "dvc: made a project"


def _checked(folder: Path) -> str:
    """Return what to say of a folder's own `.dvc`; '' where all is well.

    Raises:
        ConfigError: it has no config, so that DVC does not work.
    """
    config = folder / ".dvc" / "config"
    left = "as a `dvc init` that failed leaves it"
    if not config.is_file():
        raise ConfigError(str(config), f"is missing, {left}", _again(folder))
    if config.stat().st_size:
        return ""
    return f"; its config is empty, {left}. If so: {_again(folder)}"


def _again(folder: Path) -> str:
    return f"rm -r {shlex.quote(str(folder / '.dvc'))}, then forge init again"


def _above(folder: Path, mark: str) -> Path | None:
    """Return the nearest folder from this one upwards that holds `mark`."""
    return next((one for one in (folder, *folder.parents) if (one / mark).exists()), None)


def _ignored(folder: Path) -> bool:
    command = ["git", "check-ignore", "--quiet", str(folder)]
    return subprocess.run(command, cwd=folder, env=_clean(), capture_output=True).returncode == 0


def _clean() -> dict[str, str]:
    """Return the environment without what points Git elsewhere, as a hook's does."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return own | {"DVC_NO_ANALYTICS": "1"}


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, env=_clean(), capture_output=True, text=True)
    if done.returncode:
        name = "git" if command[0] == "git" else "dvc"
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        # DVC says ERROR before what is wrong, and other things before and after.
        said = [line for line in said if "ERROR" in line] or said or ["no word why"]
        hint = f"run `{name} init` there yourself, then forge init again"
        if name == "dvc" and (folder / ".dvc").is_dir():
            # It was not there before: see `_dvc`. DVC takes no folder that has one.
            hint = f"see to that; what is left of it is in the way: {_again(folder)}"
        raise ConfigError(str(folder), f"{name} init failed: {said[0]}", hint)
