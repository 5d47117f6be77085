"""Puts another adapter behind an alias of a running server, while requests come in.

load    it under a name made of its content
prove   that it answers as itself, not like the base and not like the old one
move    the alias: requests from now on go to the new one
drain   wait until no request to the old one is in progress
unload  adapters that no alias points to any more

Before `move` nothing changes for clients, and a fault unloads the new one again.
After it the old one stays loaded until no request uses it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from harness_forge.core.errors import ServeError
from harness_forge.core.files import locked
from harness_forge.serving import aliases, hot
from harness_forge.serving.aliases import AliasTarget

Prove = Callable[[str, str | None], None]
"""Called with the new model's name and the old one's; raises ServeError if it is not live."""


@dataclass(frozen=True)
class Incoming:
    """An adapter to be put behind an alias.

    Args:
        name: made of its content, so that no other ever has it.
        rank: the highest of its matrices.
    """

    name: str
    folder: Path
    digest: str
    rank: int = 0


@dataclass
class SwapResult:
    """The result of a swap.

    Args:
        before: old target of each alias, by name; a new alias is absent.
        after: the new targets.
        unloaded: names that the server has unloaded.
        kept: names without an alias that are still loaded, with the reason.
    """

    before: dict[str, AliasTarget] = field(default_factory=dict)
    after: dict[str, AliasTarget] = field(default_factory=dict)
    unloaded: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


def swap(
    home: Path,
    url: str,
    names: Sequence[str],
    new: Incoming,
    *,
    prove: Prove,
    drain_s: float,
) -> SwapResult:
    """Point aliases to another adapter, and unload adapters without an alias.

    Args:
        url: of the server, up to and with /v1.
        names: of the aliases, all moved at once.
        drain_s: seconds that requests to the old one may take to end.

    Raises:
        ServeError: it could not be loaded or is not live; the aliases are
            unchanged.
    """
    with alone(home):
        before = {name: one for name, one in aliases.read(home).items() if name in names}
        served = hot.listed(url)
        fresh = _loaded(url, new, served)
        try:
            here = [one.model for one in before.values() if one.url == url]
            old = next((model for model in here if model in served and model != new.name), None)
            prove(new.name, old)
            done = SwapResult(before, aliases.move_all(home, names, new.name, url, new.digest))
        except BaseException:
            if fresh and not _is_target(home, url, new.name):
                with contextlib.suppress(ServeError):
                    hot.unload(url, new.name)
            raise
        sweep(home, url, done, drain_s)
        return done


def sweep(home: Path, url: str, done: SwapResult, drain_s: float) -> None:
    """Unload adapters that swaps have loaded and no alias points to, once no request uses them."""
    for name, folder in hot.listed(url).items():
        if not _ours(home, name, folder) or _is_target(home, url, name):
            continue
        if not aliases.drained(home, AliasTarget(name, url), drain_s):
            done.kept[name] = f"requests to it are still under way after {drain_s:g} s"
            continue
        try:
            hot.unload(url, name)
            done.unloaded.append(name)
        except ServeError as error:
            done.kept[name] = error.what


def alone(home: Path) -> AbstractContextManager[None]:
    """Allow one swap at a time; others wait.

    An adapter that one swap has loaded but not yet put behind its alias would
    look unused to another.
    """
    return locked(home / "serving" / "swap.lock")


def _loaded(url: str, new: Incoming, served: dict[str, Path | None]) -> bool:
    """Load the adapter unless the server has it; True if it had to."""
    if new.name not in served:
        hot.load(url, new.name, new.folder)
        return True
    there = served[new.name]
    if there is None or there.resolve() != new.folder.resolve():
        what = f"the server already gives this name to {there or 'the base model'}"
        raise ServeError(f"adapter {new.name}", what, "restart the server")
    return False


def _ours(home: Path, name: str, folder: Path | None) -> bool:
    """Return whether an adapter is named by its content, as swaps and champions are."""
    if folder is None or folder.name != name:
        return False
    return folder.resolve().parent == (home / "adapters").resolve()


def _is_target(home: Path, url: str, name: str) -> bool:
    return any(one.model == name and one.url == url for one in aliases.read(home).values())
