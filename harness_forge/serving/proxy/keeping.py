"""Puts what passed into the spool, and knows when it cannot."""

from __future__ import annotations

import sys
from contextlib import suppress
from time import perf_counter
from typing import Any

from harness_forge.serving.proxy.meters import Meters
from harness_forge.serving.proxy.spool import Spool


class Keeper:
    """The way into the spool.

    Args:
        spool: None keeps nothing.

    Attributes:
        sick: what is wrong; '' for nothing.
        blocked: a record could not be kept; who has waited a while sets it to False.
    """

    def __init__(self, spool: Spool | None, meters: Meters) -> None:
        self._spool, self._meters = spool, meters
        self.sick, self.blocked, self._said = "", False, 0.0

    def __bool__(self) -> bool:
        return self._spool is not None

    def keep(self, facts: dict[str, Any], request: bytes, response: bytes) -> bool:
        """Write a record; False if it is lost."""
        try:
            self._spool.append(facts, request, response)
        except OSError as error:
            self._meters.counts["not_captured"] += 1
            self.blocked = True
            self.trouble("the spool", error)
            return False
        self._meters.counts["captured"] += 1
        self.sick = ""
        return True

    def waiting(self) -> int:
        """Return how many bytes wait for the store."""
        return self._spool.measure() if self._spool else 0

    def trouble(self, where: str, error: Exception) -> None:
        """Be sick, and say so."""
        self.sick = f"{where}: {error}"
        self.complain(f"{where}: {type(error).__name__}: {error}")

    def complain(self, what: str) -> None:
        """Tell the operator, once a second at most."""
        now = perf_counter()
        if now - self._said > 1.0 or not self._said:
            self._said = now
            with suppress(OSError):
                print(f"proxy: {what[:300]}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Let another proxy have the spool."""
        if self._spool is not None:
            self._spool.close()
