"""Aliases: an alias means one adapter on one server, and can be moved.

vLLM knows an adapter by one name, for good: give the name to other weights, and
what it cached for the old ones answers for the new. So an adapter's name is
made of its content, and what an agent asks for (`stig-champion`) is an alias,
kept in `<home>/serving/aliases.json` and followed for each request by whoever
stands at the door (`forge proxy`):

    {"stig-champion": {"model": "stig-worker-1f2e3d4c5b6a", "url": "http://127.0.0.1:8000/v1",
                       "generation": 3, "since": "2026-11-21T13:40:00Z", "digest": "1f2e…"}}

The file is replaced whole. A request holds a lease (a shared `flock`) on what
it was sent to; who wants to unload an adapter takes the lock alone, after the
alias was moved. A door that was killed holds no lock, so none is waited for in vain.
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
class Target:
    """What an alias stands for.

    Args:
        model: the name that the server knows; of one content for ever.
        url: the server's, up to and with /v1.
        generation: how often the alias was set, this time included.
        since: when, in UTC.
        digest: of the adapter; '' where it is the base model.
    """

    model: str
    url: str
    generation: int = 1
    since: str = ""
    digest: str = ""


class Aliases:
    """The aliases as a door follows them: read anew only when the file has changed.

    Threads and tasks of one process may share it.

    Args:
        home: forge's home.
    """

    def __init__(self, home: Path) -> None:
        self._home, self._file = home, path(home)
        self._stamp: tuple[int, int, int] | None = None
        self._known: Mapping[str, Target] = {}
        self._lock = threading.Lock()
        self._held: dict[Path, tuple[int, int]] = {}

    def known(self) -> Mapping[str, Target]:
        """Return every alias, as the file has it now; costs one `stat` where it is unchanged.

        Raises:
            ServeError: the file is not what `move` writes.
        """
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            # The stamp first: a file replaced in between is read again the next time.
            self._known, self._stamp = read(self._home), stamp
        return self._known

    def take(self, name: str) -> Target | None:
        """Return what an alias stands for and hold it until `give_back`; None for no alias.

        Costs an open file and a lock for the first request to a target, a
        count for those beside it.
        """
        while target := self.known().get(name):
            if self._hold(target):
                if self.known().get(name) == target:
                    return target
                # Moved between reading and holding: the old one may be gone by now.
                self.give_back(target)
            else:
                time.sleep(0)
        return None

    def give_back(self, target: Target) -> None:
        """End what `take` began: the last byte of the answer was read."""
        place = lease(self._home, target)
        with self._lock:
            handle, count = self._held[place]
            if count > 1:
                self._held[place] = (handle, count - 1)
            else:
                del self._held[place]
                os.close(handle)

    @contextmanager
    def leased(self, name: str) -> Iterator[Target | None]:
        """Hold what an alias stands for while the request is under way."""
        target = self.take(name)
        try:
            yield target
        finally:
            if target:
                self.give_back(target)

    def _hold(self, target: Target) -> bool:
        place = lease(self._home, target)
        with self._lock:
            if place in self._held:
                handle, count = self._held[place]
            else:
                handle, count = _locked(place, fcntl.LOCK_SH), 0
                if handle is None:
                    return False
            self._held[place] = (handle, count + 1)
        return True


def path(home: Path) -> Path:
    """Return the file of the aliases."""
    return home / "serving" / "aliases.json"


def lease(home: Path, target: Target) -> Path:
    """Return the file that requests to a target hold a shared lock on; never deleted."""
    name = quote(f"{target.model}@{urlsplit(target.url).netloc}", safe="@:")
    return home / "serving" / "leases" / name


def read(home: Path) -> dict[str, Target]:
    """Return every alias.

    Raises:
        ServeError: the file is not what `move` writes.
    """
    place = path(home)
    try:
        facts = json.loads(place.read_text(encoding="utf-8"))
        return {name: Target(**values) for name, values in facts.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        hint = "delete it, and `forge serve swap` makes it again"
        raise ServeError(str(place), "holds no aliases that can be read", hint) from None


def move(home: Path, name: str, model: str, url: str, digest: str = "") -> Target:
    """Let an alias stand for another model from now on, and return that."""
    return move_all(home, [name], model, url, digest)[name]


def move_all(
    home: Path, names: Sequence[str], model: str, url: str, digest: str = ""
) -> dict[str, Target]:
    """Let several aliases stand for another model, all at once.

    An alias that stands for it already keeps its generation.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with _changing(home) as aliases:
        for name in names:
            before = aliases.get(name, Target("", "", 0))
            if (before.model, before.url) != (model, url):
                aliases[name] = Target(model, url, before.generation + 1, now, digest)
    return {name: aliases[name] for name in names}


def remove(home: Path, name: str) -> bool:
    """Take an alias away; False if there was none."""
    with _changing(home) as aliases:
        return aliases.pop(name, None) is not None


def drained(home: Path, target: Target, timeout_s: float) -> bool:
    """Wait until no request holds a lease on a target; False if one still does.

    Right only after every alias was moved away from it.
    """
    until = time.monotonic() + timeout_s
    place = lease(home, target)
    while (handle := _locked(place, fcntl.LOCK_EX)) is None:
        if time.monotonic() >= until:
            return False
        time.sleep(_POLL_S)
    os.close(handle)
    return True


@contextmanager
def _changing(home: Path) -> Iterator[dict[str, Target]]:
    place = path(home)
    with locked(place.with_suffix(".lock")):
        aliases = read(home)
        before = dict(aliases)
        yield aliases
        if aliases != before:
            write_json(place, {key: asdict(one) for key, one in sorted(aliases.items())})


def _locked(place: Path, how: int) -> int | None:
    """Return a handle that holds a lock, or None where another holds one against it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
