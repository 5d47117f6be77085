"""The programs of the environment: a tree of the distribution's packages, and nothing else.

Lists the packages, makes their tree and names it. Scripts and the scanner see
this tree as `/usr`, never the machine's own, so that other installed programs
cannot change a verdict. No package is installed or runs its scripts, so root
and any other user make the same tree.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness_forge.core.errors import SandboxError
from harness_forge.worksets.apt import Apt, unpack

PACKAGES = (
    *("openscap-scanner", "rpm-common", "bubblewrap", "tar"),
    *("bash", "coreutils", "dash", "debianutils", "diffutils", "dpkg", "findutils", "gawk"),
    *("grep", "gzip", "hostname", "kmod", "libc-bin", "mount", "passwd", "perl-base", "procps"),
    *("python3", "sed", "util-linux"),
    "usr-is-merged",  # else apt picks the package that merges, and Perl with it
)
"""The packages of the tree; their dependencies are added.

`rpm-common` is only recommended by the RPM library, but without its rpmrc the
scanner reads no RPM database: package rules then do not apply, and rules that
first ask for a package pass untouched.
"""

SETUP_HINT = "run `forge env setup`"

_MERGED = ("bin", "sbin", "lib", "lib64")
_LINKS = {"awk": "gawk", "which": "which.debianutils"}
"""Links in usr/bin that an installation would make."""


@dataclass(frozen=True)
class Tools:
    """A tree of programs and its origin.

    Args:
        tree: folder that holds `usr`.
        release: distribution and version of it, such as `debian12`.
        packages: name -> version.
        files: path -> size of every file that was unpacked.
    """

    tree: str
    release: str
    packages: Mapping[str, str]
    files: Mapping[str, int]

    @cached_property
    def name(self) -> str:
        """The release and a hash of the packages: equal only if all packages are."""
        lines = "".join(f"{name}={v}\n" for name, v in sorted(self.packages.items()))
        return f"{self.release}-{hashlib.sha256(lines.encode()).hexdigest()[:8]}"

    @cached_property
    def loader(self) -> str:
        """The dynamic loader's path in the tree, beside the libraries.

        Raises:
            SandboxError: it is missing.
        """
        found = sorted(Path(self.tree).glob("usr/lib/*/ld-linux*.so.*"))
        if not found:
            raise SandboxError(self.tree, "holds no dynamic loader", SETUP_HINT)
        return str(found[0].relative_to(self.tree))

    def command(self, program: str) -> list[str]:
        """Return the command line of a program of the tree, with libraries of the tree only."""
        loader = Path(self.tree) / self.loader
        libraries = f"{loader.parent}:{loader.parent.parent}"
        return [str(loader), "--library-path", libraries, f"{self.tree}/usr/bin/{program}"]

    def damage(self) -> list[str]:
        """Return the unpacked files that are missing or have another size."""
        tree = Path(self.tree)

        def size(path: str) -> int:
            try:
                return (tree / path).lstat().st_size
            except OSError:
                return -1

        return [path for path, bytes_ in self.files.items() if size(path) != bytes_]


def folder_of(home: Path) -> Path:
    """Return the tree's folder in forge's home."""
    return home.absolute() / "scap" / "tools"


def find_tools(home: Path) -> Tools:
    """Return the tree.

    Raises:
        SandboxError: it was not made, is from another list of packages, or a
            file of it is missing.
    """
    found = _read(folder_of(home))
    if found is None:
        raise SandboxError("", "the tools of the sandbox are not unpacked", SETUP_HINT)
    if found["asked"] != sorted(PACKAGES):
        raise SandboxError("", "the tools of the sandbox are another version's", SETUP_HINT)
    tools = Tools(str(folder_of(home)), found["release"], found["packages"], found["files"])
    if damaged := tools.damage():
        more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
        gone = f"{', '.join(damaged[:3])}{more}"
        raise SandboxError(tools.tree, f"gone or changed since unpacked: {gone}", SETUP_HINT)
    return tools


def ensure(home: Path, say: Callable[[str], None] = print) -> None:
    """Make the tree unless it is there and whole."""
    try:
        find_tools(home)
    except SandboxError:
        make(home, say)


def make(home: Path, say: Callable[[str], None] = print) -> None:
    """Make the tree; it replaces an existing one only when it is complete.

    Raises:
        SandboxError: no apt, no network, or no such package.
    """
    apt = Apt(folder_of(home).with_name("apt"))
    plan = apt.plan(PACKAGES)
    target = folder_of(home)
    say(
        f"fetching {len(plan)} packages (about 60 MB) and unpacking them into {target}; "
        "nothing is installed or upgraded on this system"
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        tree = Path(scratch, "tools")
        _empty(tree)
        names = [f"{name}={version}" for name, version in plan.items()]
        for archive in apt.download(names, Path(scratch)):
            unpack(archive, tree)
        _finish(tree, plan)
        shutil.rmtree(target, ignore_errors=True)
        tree.rename(target)


def scanner_version(tools: Tools) -> str:
    """Return the scanner's version, such as `1.3.7`.

    Raises:
        SandboxError: it does not start.
    """
    command = [*tools.command("oscap"), "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, env={})
    for line in answer.stdout.splitlines():
        if "(oscap)" in line:
            return line.split()[-1]
    last = (answer.stderr.strip().splitlines() or ["it says nothing"])[-1]
    raise SandboxError("oscap", f"the scanner does not start: {last}", SETUP_HINT)


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / "tools.json").read_text())
    except (OSError, ValueError):
        return None
    return found if {"asked", "release", "packages", "files"} <= found.keys() else None


def _empty(tree: Path) -> None:
    """Make the folders that packages of older releases refer to by their old paths."""
    for name in _MERGED:
        (tree / "usr" / name).mkdir(parents=True)
        (tree / name).symlink_to(f"usr/{name}")


def _finish(tree: Path, packages: Mapping[str, str]) -> None:
    for path in list(tree.iterdir()):
        if path.name != "usr":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, target in _LINKS.items():
        if (tree / "usr/bin" / target).exists():
            (tree / "usr/bin" / name).symlink_to(target)
    (tree / "usr/local/bin").mkdir(parents=True, exist_ok=True)  # the stubs are mounted there
    tree.chmod(0o755)
    files = {}
    for path in sorted(tree.rglob("*")):
        info = path.lstat()
        if stat.S_ISREG(info.st_mode) and info.st_mode & 0o6000:
            path.chmod(info.st_mode & 0o777)  # no set-uid programs
        if not stat.S_ISDIR(info.st_mode):
            files[str(path.relative_to(tree))] = info.st_size
    release = _release(tree / "usr/lib/os-release")
    row = {"asked": sorted(PACKAGES), "release": release, "packages": packages, "files": files}
    (tree / "tools.json").write_text(json.dumps(row, indent=0))


def _release(path: Path) -> str:
    words = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return (words["ID"] + words.get("VERSION_ID", "")).replace('"', "")
