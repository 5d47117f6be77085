"""Which servers and aliases answer with an adapter, by the files that serving keeps."""

from __future__ import annotations

from pathlib import Path

from harness_forge.serving import aliases, given_names, state


def served_by(home: Path, name: str, label: str, digest: str) -> tuple[list[str], list[str]]:
    """Return the aliases that mean an adapter, and the URLs of servers that run with it.

    A server that was started with a plain name counts: which content that name meant then
    is not kept.

    Args:
        name: of the adapter; `label` with the start of its hash.
        digest: of its content.

    Raises:
        ServeError: the file of the aliases cannot be read.
    """
    running, _ = state.servers(home)
    urls = {one.url for one in running}
    called = {name, label, *given_names.of(home, digest)}
    targets = {alias: one for alias, one in aliases.read(home).items() if one.model in called}
    with_it = {one.url for one in running if called & set(one.adapters)}
    with_it |= {one.url for one in targets.values() if one.url in urls}
    return sorted(targets), sorted(with_it)
