"""The time of a ledger line. The order of lines is their position, not their time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def now() -> datetime:
    """Return what the clock says."""
    return datetime.now(UTC)


def stamp(
    lines: Sequence[Mapping[str, Any]], say: Callable[[str], None] = lambda text: None
) -> dict[str, str]:
    """Return the time of the next line: never before that of the last.

    A clock that was put back would otherwise let a champion begin before the
    one it follows. What it said is kept under `clock`.

    Args:
        say: told where the clock stands before the last line.
    """
    read = now().isoformat(timespec="seconds")
    last = lines[-1]["time"] if lines else ""
    # Always UTC and of one form, so that text sorts as time does.
    if read >= last:
        return {"time": read}
    say(f"the clock says {read}, the last decision {last}: it was set back, or that one ahead")
    return {"time": last, "clock": read}
