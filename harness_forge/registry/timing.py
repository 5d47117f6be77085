"""The time of a ledger line. The order of lines is their position, not their time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def stamp(
    lines: Sequence[Mapping[str, Any]], say: Callable[[str], None] = lambda text: None
) -> dict[str, str]:
    """Return the time of the next line: never before that of the last.

    If the clock was set back, a champion would otherwise begin before its
    predecessor. The clock's own time is stored under `clock`.

    Args:
        say: called with a note if the clock is behind the last line.
    """
    read = now().isoformat(timespec="seconds")
    last = lines[-1]["time"] if lines else ""
    # Always UTC in one format, so that text sorts like time.
    if read >= last:
        return {"time": read}
    say(f"the clock says {read}, the last decision {last}: it was set back, or that one ahead")
    return {"time": last, "clock": read}
