"""Aliases: an alias means one adapter on one server, and can be moved.

vLLM knows an adapter by one name for good: if other weights get the name, its cache
for the old ones answers for the new. So an adapter's server name is made of its
content. Agents ask for an alias (`stig-champion`), which `forge proxy` resolves for
each request. Aliases are in `<home>/serving/aliases.json`:

    {"stig-champion": {"model": "stig-worker-1f2e3d4c5b6a", "url": "http://127.0.0.1:8000/v1",
     "generation": 3, "since": "2026-11-21T13:40:00Z", "digest": "1f2e…"}}

The file is replaced atomically. A request holds a lease (a shared `flock`) on its
target. To unload an adapter, its alias is moved first, then the lock is taken
exclusively. A killed proxy holds no lock, so no request waits for it.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from harness_forge.core.errors import ServeError
from harness_forge.core.files import locked, write_json

_POLL_S = 0.02


@dataclass(frozen=True)
class AliasTarget:
    """The model behind an alias.

    Args:
        model: the server's name of it; always of the same content.
        url: the server's, up to and with /v1.
        generation: how often the alias was set, this time included.
        since: when, in UTC.
        digest: of the adapter; '' for the base model.
    """

    model: str
    url: str
    generation: int = 1
    since: str = ""
    digest: str = ""


class Aliases:
    """The aliases, for a proxy: the file is read again only when it has changed.

    Threads and tasks of one process may share it.

    Args:
        home: forge's home.
    """

    def __init__(self, home: Path) -> None:
        self._home, self._file = home, path(home)
        self._stamp: tuple[int, int, int] | None = None
        self._known: Mapping[str, AliasTarget] = {}
        self._lock = threading.Lock()
        self._held: dict[Path, tuple[int, int]] = {}

    def known(self) -> Mapping[str, AliasTarget]:
        """Return every alias of the file; costs one `stat` if it is unchanged.

        Raises:
            ServeError: the file is not what `move` writes.
        """
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            # Get the stamp first: a file replaced in between is then read again the next time.
            self._known, self._stamp = read(self._home), stamp
        return self._known

    def take(self, name: str) -> AliasTarget | None:
        """Return the target of an alias and hold a lease on it until `give_back`; None without one.

        Costs an open file and a lock for the first request to a target, a counter
        for others at the same time.
        """
        while target := self.known().get(name):
            if self._hold(target):
                if self.known().get(name) == target:
                    return target
                # The alias was moved in between: the old target may be unloaded by now.
                self.give_back(target)
            else:
                time.sleep(0)
        return None

    def give_back(self, target: AliasTarget) -> None:
        """Release the lease of `take`, after the answer's last byte."""
        lease_file = lease(self._home, target)
        with self._lock:
            handle, count = self._held[lease_file]
            if count > 1:
                self._held[lease_file] = (handle, count - 1)
            else:
                del self._held[lease_file]
                os.close(handle)

    @contextmanager
    def leased(self, name: str) -> Iterator[AliasTarget | None]:
        """Hold a lease on an alias' target during a request."""
        target = self.take(name)
        try:
            yield target
        finally:
            if target:
                self.give_back(target)

    def _hold(self, target: AliasTarget) -> bool:
        lease_file = lease(self._home, target)
        with self._lock:
            if lease_file in self._held:
                handle, count = self._held[lease_file]
            else:
                handle, count = _locked(lease_file, fcntl.LOCK_SH), 0
                if handle is None:
                    return False
            self._held[lease_file] = (handle, count + 1)
        return True


def path(home: Path) -> Path:
    """Return the aliases' file."""
    return home / "serving" / "aliases.json"


def lease(home: Path, target: AliasTarget) -> Path:
    """Return the file on which requests to a target hold a shared lock; never deleted."""
    name = quote(f"{target.model}@{urlsplit(target.url).netloc}", safe="@:")
    return home / "serving" / "leases" / name


def read(home: Path) -> dict[str, AliasTarget]:
    """Return every alias.

    Raises:
        ServeError: the file is not what `move` writes.
    """
    file = path(home)
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return {name: AliasTarget(**values) for name, values in entries.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        hint = "delete it, and `forge serve swap` makes it again"
        raise ServeError(str(file), "holds no aliases that can be read", hint) from None


def move(home: Path, name: str, model: str, url: str, digest: str = "") -> AliasTarget:
    """Point an alias to another model, and return the new target."""
    return move_all(home, [name], model, url, digest)[name]


def move_all(
    home: Path, names: Sequence[str], model: str, url: str, digest: str = ""
) -> dict[str, AliasTarget]:
    """Point several aliases to another model, all at once.

    An alias that points to it already keeps its generation.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with _changing(home) as aliases:
        for name in names:
            before = aliases.get(name, AliasTarget("", "", 0))
            if (before.model, before.url) != (model, url):
                aliases[name] = AliasTarget(model, url, before.generation + 1, now, digest)
    return {name: aliases[name] for name in names}


def remove(home: Path, name: str) -> bool:
    """Remove an alias; False if there was none."""
    with _changing(home) as aliases:
        return aliases.pop(name, None) is not None


def drained(home: Path, target: AliasTarget, timeout_s: float) -> bool:
    """Wait until no request holds a lease on a target; False if one still does.

    Valid only after every alias was moved away from it.
    """
    until = time.monotonic() + timeout_s
    lease_file = lease(home, target)
    while (handle := _locked(lease_file, fcntl.LOCK_EX)) is None:
        if time.monotonic() >= until:
            return False
        time.sleep(_POLL_S)
    os.close(handle)
    return True


@contextmanager
def _changing(home: Path) -> Iterator[dict[str, AliasTarget]]:
    file = path(home)
    with locked(file.with_suffix(".lock")):
        aliases = read(home)
        before = dict(aliases)
        yield aliases
        if aliases != before:
            write_json(file, {key: asdict(one) for key, one in sorted(aliases.items())})


def _locked(place: Path, how: int) -> int | None:
    """Return a handle that holds a lock, or None if another process holds one against it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
