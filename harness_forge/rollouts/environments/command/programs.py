"""The programs that commands see as `/usr`: the sandbox's tree, with packages and mounts added.

Copies, so that an upgrade of this machine changes no verdict unseen: what is copied
is in the tree's name, and that is in `evaluator_version`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness_forge.config.command import CommandConfig
from harness_forge.core.errors import ConfigError
from harness_forge.rollouts.environments.sandbox.tools import Tools, find_tools
from harness_forge.worksets.worksets import package_of

_FORM = 1
"""Increase it when the same parts would be put together differently."""

_CACHE = "__pycache__"
"""Left out of what is mounted: such files differ between machines, and say nothing new."""

_SETUP = "install it there, or name the Python that has it: skill.command.python=PATH"

_PACKAGES = """
import importlib.metadata as metadata, json, re, sys
found, waiting = {}, [(name, True) for name in sys.argv[1:]]
while waiting:
    name, needed = waiting.pop()
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        continue
    try:
        one = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        if needed:
            sys.exit(name)
        continue
    files = [[str(file), str(one.locate_file(file))] for file in one.files or ()]
    found[key] = {"version": one.version, "files": files}
    for line in one.requires or ():
        head, _, marker = line.partition(";")
        if "extra" not in marker:
            waiting.append((re.match(r"[A-Za-z0-9._-]+", head)[0], not marker.strip()))
print(json.dumps(found))
"""


def find_programs(config: CommandConfig, home: Path) -> Tools:
    """Return the tree of programs that a config's commands see; it is made on first use.

    Raises:
        SandboxError: the sandbox's tools are missing.
        ConfigError: a package or a folder is.
    """
    base = find_tools(home)
    packages = _packages(config)
    mounts = {name: _mount(name, folder) for name, folder in config.mounts.items()}
    mounts |= packages_of_worksets(config, home)
    parts = {f"python:{name}": one["version"] for name, one in packages.items()}
    parts |= {f"mount:{name}": _digest(folder) for name, folder in mounts.items()}
    tools = replace(base, packages={**base.packages, **parts}, files={})
    tree = home.absolute() / "command" / "programs" / f"{tools.name}-{_FORM}"
    if not (tree / "whole").is_file():
        _make(base, tree, packages, mounts)
    return replace(tools, tree=str(tree))


def packages_of_worksets(config: CommandConfig, home: Path) -> dict[str, Path]:
    """Return the folder of each package that a config takes from a workset, by the workset's name.

    Raises:
        WorksetError: a workset is not installed, or has no such package.
    """
    return {name: package_of(name, one, home) for name, one in config.worksets.items()}


def _packages(config: CommandConfig) -> dict[str, Any]:
    if not config.python_packages:
        return {}
    python = config.python or sys.executable
    command = [python, "-c", _PACKAGES, *config.python_packages]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        what = f"{python}: {error.strerror}"
        raise ConfigError("skill.command.python", what, "the path of a Python") from None
    if done.returncode:
        missing = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise ConfigError("skill.command.python_packages", f"{python} has no {missing}", _SETUP)
    return json.loads(done.stdout)


def _mount(name: str, folder: str) -> Path:
    path = Path(folder)
    if not path.is_dir() or "/" in name or name in ("", ".", ".."):
        what = f"there is no folder {folder}" if not path.is_dir() else "is no name of a folder"
        raise ConfigError(f"skill.command.mounts.{name}", what, "name: folder of this machine")
    return path


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _CACHE not in path.parts:
            data = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(folder)}\0{data}\0".encode())
    return total.hexdigest()[:16]


def _make(base: Tools, tree: Path, packages: dict[str, Any], mounts: dict[str, Path]) -> None:
    tree.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=tree.parent) as scratch:
        made = Path(scratch, "tree")
        shutil.copytree(f"{base.tree}/usr", made / "usr", symlinks=True, copy_function=_linked)
        (python,) = (made / "usr/lib").glob("python3.[0-9]*")
        place = made / "usr/local/lib" / python.name / "dist-packages"
        for name, one in packages.items():
            _copy_package(name, one["files"], place, python.name)
        left = shutil.ignore_patterns(_CACHE)
        for name, folder in mounts.items():
            shutil.copytree(folder, made / "usr/local/mounts" / name, symlinks=True, ignore=left)
        for path in made.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        made.chmod(0o755)
        _compile(replace(base, tree=str(made)), python)
        (made / "whole").touch()
        shutil.rmtree(tree, ignore_errors=True)
        made.rename(tree)


def _compile(tools: Tools, python: Path) -> None:
    """Write Python's compiled files beside the sources: a judge in Python starts in half the time.

    A package that is unpacked and not installed has none, and no command can write them.
    """
    command = [*tools.command("python3"), "-m", "compileall", "-q", "--invalidation-mode"]
    where = [str(python), f"{tools.tree}/usr/local/lib/{python.name}"]
    environment = {"PYTHONHOME": f"{tools.tree}/usr"}
    # Some files are meant for other Pythons and do not compile.
    subprocess.run([*command, "unchecked-hash", *where], capture_output=True, env=environment)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _copy_package(name: str, files: list[list[str]], place: Path, python: str) -> None:
    """Copy a package's files, with their compiled forms; programs of its own are left out.

    Raises:
        ConfigError: it has parts compiled for another Python than the sandbox's.
    """
    tag = f"cpython-{python.removeprefix('python').replace('.', '')}"
    if not files:
        what = f"what {name} consists of is not recorded (an editable installation?)"
        raise ConfigError("skill.command.python_packages", what, "install it as a wheel")
    for relative, source in files:
        if relative.startswith("..") or not Path(source).is_file():
            continue
        if relative.endswith(".so") and tag not in relative and ".abi3." not in relative:
            what = f"{name} is compiled for another Python than the sandbox's {python}"
            hint = f"skill.command.python: a {python} that has it"
            raise ConfigError("skill.command.python_packages", what, hint)
        target = place / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        target.chmod(0o644)
