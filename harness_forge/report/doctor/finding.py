"""One line of `forge doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness_forge.core.errors import ForgeError


class CheckVerdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    NOTE = "note"  # good to know; nothing stops working
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One check.

    Args:
        group: machine, clock, disk, store, model, worksets, training, skill, ports or air gap.
        said: what was found.
        remedy: what to do; '' where nothing is to be done.
    """

    group: str
    name: str
    verdict: CheckVerdict
    said: str
    remedy: str = ""


def ok(group: str, name: str, said: str) -> Finding:
    """Return a check that holds."""
    return Finding(group, name, CheckVerdict.OK, said)


def note(group: str, name: str, said: str, remedy: str = "") -> Finding:
    """Return what is good to know."""
    return Finding(group, name, CheckVerdict.NOTE, said, remedy)


def fail(group: str, name: str, said: str, remedy: str) -> Finding:
    """Return a check that does not hold."""
    return Finding(group, name, CheckVerdict.FAIL, said, remedy)


def of_error(
    group: str, name: str, error: ForgeError, verdict: CheckVerdict = CheckVerdict.FAIL
) -> Finding:
    """Return an error as a check."""
    return Finding(group, name, verdict, error.said, error.hint)
