"""Writes captured requests to the spool, and reports when it cannot."""

from __future__ import annotations

import sys
from contextlib import suppress
from time import perf_counter
from typing import Any

from harness_forge.serving.proxy.meters import Meters
from harness_forge.serving.proxy.spool import Spool


class SpoolWriter:
    """Writes records to the spool and counts those that are lost.

    Args:
        spool: None stores nothing.

    Attributes:
        fault: what is wrong; '' for nothing.
        blocked: a record could not be written; the housekeeping resets it once a second.
    """

    def __init__(self, spool: Spool | None, meters: Meters) -> None:
        self._spool, self._meters = spool, meters
        self.fault, self.blocked, self._said = "", False, 0.0

    def __bool__(self) -> bool:
        return self._spool is not None

    def write(self, facts: dict[str, Any], request: bytes, response: bytes) -> bool:
        """Write a record; False if it is lost."""
        written = self._append(facts, request, response)
        self._meters.counts["captured" if written else "not_captured"] += 1
        return written

    def note(self, facts: dict[str, Any]) -> None:
        """Write a record that is no capture and is not counted as one."""
        self._append(facts, b"", b"")

    def _append(self, facts: dict[str, Any], request: bytes, response: bytes) -> bool:
        try:
            self._spool.append(facts, request, response)
        except OSError as error:
            self.blocked = True
            self.report_fault("the spool", error)
            return False
        self.fault = ""
        return True

    def waiting(self) -> int:
        """Return how many bytes wait for the store."""
        return self._spool.measure() if self._spool else 0

    def report_fault(self, where: str, error: Exception) -> None:
        """Record a fault and print it."""
        self.fault = f"{where}: {error}"
        self.warn(f"{where}: {type(error).__name__}: {error}")

    def warn(self, what: str) -> None:
        """Print a warning, at most once a second."""
        now = perf_counter()
        if now - self._said > 1.0 or not self._said:
            self._said = now
            with suppress(OSError):
                print(f"proxy: {what[:300]}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Release the spool for another proxy."""
        if self._spool is not None:
            self._spool.close()
