"""One requirement of an environment, met or not, in a line of `forge env doctor`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness_forge.core.errors import ForgeError


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of the environment.

    Args:
        name: such as `scanner`; ok: it is met.
        said: what was found, or what is wrong and the remedy, in one line.
    """

    name: str
    ok: bool
    said: str

    def __str__(self) -> str:
        return f"{'ok' if self.ok else 'no':<3} {self.name:<10} {self.said}"


def check(name: str, find: Callable[[], str]) -> Requirement:
    """Return the check that holds unless `find` raises a ForgeError."""
    try:
        return Requirement(name, True, find())
    except ForgeError as error:
        where = f"{error.where}: " if error.where else ""
        return Requirement(name, False, f"{where}{error.what}; {error.hint}".removesuffix("; "))
