"""Tools that another folder near a project has already, which the project may use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.compose import project
from harness_forge.config.schema import ForgeConfig


@dataclass(frozen=True)
class Tools:
    """What a forge home has of what takes long to get.

    Args:
        home: absolute, for `forge_home=`.
        names: of worksets and base models that are whole; `scanner`.
    """

    home: Path
    names: tuple[str, ...]

    @property
    def setting(self) -> str:
        """What uses them: an entry of `overrides` in params.yaml."""
        return f"forge_home={self.home}"


def near(folder: Path) -> Tools | None:
    """Return the tools nearest to a project: of a folder above it, or of forge's source.

    Args:
        folder: the project; where it has tools of its own, there is nothing to reuse.

    Returns:
        None where no other folder has any.
    """
    name = ForgeConfig().forge_home
    if _names(folder / name):
        return None
    for home in _homes(folder.absolute(), name):
        if names := _names(home):
            return Tools(home, names)
    return None


def _homes(folder: Path, name: str) -> Iterator[Path]:
    yield from (above / name for above in folder.parents)
    if source := project.source_tree():
        yield source / name


def _names(home: Path) -> tuple[str, ...]:
    worksets = (one.parent.parent for one in home.glob("worksets/*/bin/python"))
    models = (one.parent for one in home.glob("models/[!.]*/config.json"))
    scanner = ["scanner"] if (home / "scap" / "tools").is_dir() else []
    return (*_sorted(worksets), *_sorted(models), *scanner)


def _sorted(folders: Iterable[Path]) -> list[str]:
    return sorted(one.name for one in folders)
