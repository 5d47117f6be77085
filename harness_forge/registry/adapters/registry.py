"""Finds an adapter by name: the registry is the folder that trainings package into.

A name is a link to the newest adapter of that name. A folder's own name ends
with a hash of its content and always means the same adapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness_forge.core.errors import TrainError
from harness_forge.core.hints import did_you_mean_any
from harness_forge.registry.adapters.package import LINEAGE, Adapter, load

_UNPACKED = Path("outputs/adapters")
"""Where `dvc repro` leaves adapters: their folders have names of stages, not of adapters."""
_LISTED = 8
"""Names that a hint lists at most."""


def folder(home: Path) -> Path:
    """Return the registry's folder."""
    return home / "adapters"


def resolve(name: str, home: Path) -> Adapter:
    """Return the adapter that `name` means, after checking its files against its hash.

    Args:
        name: a folder, or a name in the registry (`stig-worker`, or
            `stig-worker-<hash>` for one that never changes).
        home: forge's home, which has the registry.

    Raises:
        TrainError: there is no such adapter, or it is damaged.
    """
    if is_folder(name):
        return load(Path(name))
    known = _names(home)
    if name in known:
        return load(folder(home) / name)
    raise unknown(name, known)


def unknown(name: str, known: Sequence[str]) -> TrainError:
    """Return the fault of a name that no adapter has; its hint names those that were meant.

    Args:
        known: the names that there are.
    """
    listed = f"there are: {', '.join(known[:_LISTED])}" if known else "train one with `forge train`"
    hint = did_you_mean_any(name, known, listed)
    made = _UNPACKED / name
    if (made / LINEAGE).is_file():
        hint = f"did you mean the folder {made}?"
    return TrainError(f"adapter {name}", "there is no adapter of that name", hint)


def is_adapter(name: str, home: Path) -> bool:
    """Return whether `name` means an adapter, whole or damaged."""
    return is_folder(name) or name in _names(home)


def is_folder(name: str) -> bool:
    """Return whether `name` means a folder, not a name in the registry."""
    here = Path(name)
    return here.is_absolute() or "/" in name or (here / LINEAGE).is_file()


def _names(home: Path) -> list[str]:
    return sorted(p.name for p in folder(home).glob("*") if not p.name.startswith("."))
