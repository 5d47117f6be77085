"""Latency and counters of the proxy."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any

_KEPT = 4096


class Meter:
    """The last few thousand values of one quantity, in milliseconds."""

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=_KEPT)

    def add(self, seconds: float) -> None:
        """Add a value."""
        self._values.append(seconds * 1000)

    def as_dict(self) -> dict[str, Any]:
        """Return how many there are, and their quantiles."""
        made = sorted(self._values)
        return {"count": len(made)} | {
            name: round(quantile(made, share), 3)
            for name, share in (("p50_ms", 0.5), ("p90_ms", 0.9), ("p99_ms", 0.99))
            if made
        }


class Meters:
    """All measurements of `forge proxy health`."""

    def __init__(self) -> None:
        self.before = Meter()
        """From a request's last byte to sending it upstream."""
        self.first = Meter()
        """From an answer's first byte to sending it to the caller."""
        self.last = Meter()
        """From an answer's last byte to sending it to the caller, storing in the spool included."""
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "overhead": {
                "before_upstream": self.before.as_dict(),
                "first_byte": self.first.as_dict(),
                "end": self.last.as_dict(),
            },
            "counts": dict(sorted(self.counts.items())),
            "statuses": {str(code): count for code, count in sorted(self.statuses.items())},
        }


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which a share of sorted values lies; 0.0 without values."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def rate(values: Iterable[bool]) -> float:
    """Return the share that is true; 0.0 without values."""
    made = list(values)
    return sum(made) / len(made) if made else 0.0
