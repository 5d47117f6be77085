"""Make the disposable root on which rules are attempted.

A recipe is a tree as text in `roots/`, the packages in its database, and the
stub commands in `stubs/`. This project wrote all of it; it is small (under
1 MB), so that a reset takes a few milliseconds.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from harness_forge.core.errors import SandboxError
from harness_forge.core.hints import did_you_mean
from harness_forge.rollouts.environments.sandbox.sandbox import Disk
from harness_forge.rollouts.environments.scap.packagedb import dpkg_status, rpm_database

_STUBS = (
    "auditctl",
    "augenrules",
    "awk",
    "dconf",
    "newaliases",
    "restorecon",
    "update-grub",
    "visudo",
)
_KINDS = {"d": tarfile.DIRTYPE, "f": tarfile.REGTYPE, "l": tarfile.SYMTYPE}


@dataclass(frozen=True)
class Recipe:
    """How to make one platform's root.

    Args:
        tree: name of the file in `roots/`.
        packages: name -> version of what the package database claims.
        database: path of the package database; its folder is read-only for scripts.
        stubs: commands offered beyond the host's.
    """

    tree: str
    packages: Mapping[str, str]
    database: str
    stubs: tuple[str, ...]
    home: Mapping[str, str] = field(default_factory=dict)


def _el9(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "1.0-1.el9")


RECIPES = {
    "rhel9": Recipe(
        tree="rhel9.root",
        packages={"redhat-release": "9.1-1.0.el9"}
        | _el9(
            *("aide", "audit", "bash", "chrony", "coreutils", "crypto-policies", "dconf"),
            *("dnf", "fapolicyd", "firewalld", "gdm", "glibc", "grub2-common", "kernel"),
            *("libreswan", "libselinux", "libuser", "opensc", "openssh-clients"),
            *("openssh-server", "openssl", "pam", "policycoreutils", "postfix", "rsyslog"),
            *("setup", "shadow-utils", "sssd-common", "sudo", "systemd", "tmux", "usbguard"),
            *("util-linux", "yum"),
        ),
        database="/var/lib/rpm/rpmdb.sqlite",
        stubs=("rpm", "grubby", *_STUBS),
        home={".rpmmacros": "%_dbpath /var/lib/rpm\n"},
    ),
    "ubuntu2004": Recipe(
        tree="ubuntu2004.root",
        packages=dict.fromkeys(
            (
                *("aide", "apparmor", "apt", "auditd", "bash", "chrony", "coreutils", "dconf"),
                *("dpkg", "gdm3", "grub2-common", "libpam-pkcs11", "libpam-pwquality"),
                *("libpam-runtime", "linux-base", "login", "opensc-pkcs11", "openssh-server"),
                *("passwd", "rsyslog", "sudo", "systemd", "ufw", "util-linux", "vlock"),
            ),
            "1.0-1",
        ),
        database="/var/lib/dpkg/status",
        stubs=_STUBS,
    ),
}


def disk(platform: str) -> Disk:
    """Return everything a sandbox needs for a root of `platform`.

    Raises:
        SandboxError: there is no recipe of that name.
    """
    recipe = recipe_of(platform)
    return Disk(
        archive=_archive(recipe),
        stubs=_stubs(recipe),
        protected=[str(Path(recipe.database).parent)],
        home=recipe.home,
    )


def recipe_of(platform: str) -> Recipe:
    """Return the recipe of `platform`.

    Raises:
        SandboxError: there is no recipe of that name.
    """
    if platform not in RECIPES:
        raise SandboxError(
            "skill.scap.platform",
            f"no root for '{platform}'",
            f"{did_you_mean(platform, RECIPES)}known platforms: {', '.join(sorted(RECIPES))}",
        )
    return RECIPES[platform]


def digest(made: Disk) -> str:
    """Return a hash of the root and of the commands that a script may call in it."""
    total = hashlib.sha256(made.archive)
    for name in sorted(made.stubs):
        total.update(name.encode() + b"\0" + made.stubs[name])
    return total.hexdigest()[:16]


def _stubs(recipe: Recipe) -> dict[str, bytes]:
    folder = files(__package__) / "stubs"
    stubs = {name: (folder / name).read_bytes() for name in recipe.stubs}
    lines = (f"{name}-{version}.noarch\n" for name, version in sorted(recipe.packages.items()))
    return stubs | {"packages": "".join(lines).encode()}


def _archive(recipe: Recipe) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in _entries((files(__package__) / "roots" / recipe.tree).read_text()):
            archive.addfile(info, io.BytesIO(data))
        info = tarfile.TarInfo(recipe.database.lstrip("/"))
        data = _database(recipe)
        info.size, info.mode = len(data), 0o644
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _database(recipe: Recipe) -> bytes:
    if recipe.database.endswith(".sqlite"):
        return rpm_database(recipe.packages)
    return dpkg_status(recipe.packages).encode()


def _entries(text: str) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """Yield the entries of a tree file; its header describes the format."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        kind, _, rest = line.partition(" ")
        if kind not in _KINDS:
            continue
        info = tarfile.TarInfo()
        info.type = _KINDS[kind]
        if kind == "l":
            path, _, info.linkname = rest.partition(" -> ")
            info.mode = 0o777
        else:
            mode, owner, path = rest.split(" ", 2)
            info.mode = int(mode, 8)
            info.uid, info.gid = map(int, owner.split(":"))
        info.name = path.lstrip("/")
        data = _text_after(lines, number) if kind == "f" else b""
        info.size = len(data)
        yield info, data


def _text_after(lines: list[str], number: int) -> bytes:
    text = []
    for line in lines[number + 1 :]:
        if not line.startswith("|"):
            break
        text.append(line[2:])
    return "".join(f"{line}\n" for line in text).encode()
