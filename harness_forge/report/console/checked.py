"""The loop's health, collected beside the pages: over a million attempts it takes seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ForgeError
from harness_forge.report.health.collect import Health, collect

_FRESH_S = 60
"""Seconds for which what was collected is shown again."""
_WAIT_S = 0.1
"""Seconds for which a page waits; a small store is read by then."""


@dataclass
class HealthCheck:
    """What `forge health` finds, collected by one thread at a time, never twice a minute."""

    config: ForgeConfig
    found: Health | None = None
    fault: ForgeError | None = None
    _at: float = float("-inf")
    _running: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def newest(self) -> Health | None:
        """Return what was collected last; None while the first is under way.

        Raises:
            ForgeError: why nothing was collected, this time.
        """
        with self._lock:
            if self._running is None and time.monotonic() - self._at > _FRESH_S:
                self._running = threading.Thread(target=self._collect, daemon=True)
                self._running.start()
            running = self._running
        if running is not None:
            running.join(_WAIT_S)
        if self.fault is not None:
            raise self.fault
        return self.found

    @property
    def is_running(self) -> bool:
        """Whether newer figures are under way."""
        return self._running is not None

    def close(self) -> None:
        """Wait for what is under way."""
        running = self._running
        if running is not None:
            running.join()

    def _collect(self) -> None:
        try:
            self.found, self.fault = collect(self.config), None
        except ForgeError as error:
            self.fault = error
        finally:
            self._at = time.monotonic()
            self._running = None
