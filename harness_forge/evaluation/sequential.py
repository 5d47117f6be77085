"""A test of live A/B traffic that may be looked at after every request.

A fixed-size test that is looked at repeatedly will find a difference sooner or
later even if there is none. This test is a bet against "both arms succeed alike",
with a starting capital of 1. If that is true the capital is not expected to grow,
so the chance that it ever reaches 1/alpha is at most alpha (Ville's inequality),
however often and whenever anyone looks.

Source: testing by betting with predictable bets, Waudby-Smith and Ramdas,
J. R. Stat. Soc. B 86 (2024) 1-27, on inverse-probability weighted outcomes as
in Howard, Ramdas, McAuliffe and Sekhon, Ann. Statist. 49 (2021) 1055-1080.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log

_CAUTION = 4.0
_LARGEST = 700.0  # exp() of more is no float


@dataclass(frozen=True, slots=True)
class SequentialResult:
    """The result so far.

    Args:
        e_value: capital; 20 or more rejects "no difference" at 5% at any time.
        p: anytime-valid, 1 over the highest capital so far, at most 1.
        difference: estimated rate of B minus rate of A.
        seen: outcomes of A and of B.
        passed: of A and of B.
    """

    e_value: float
    p: float
    difference: float
    seen: tuple[int, int]
    passed: tuple[int, int]


class SequentialTest:
    """Two arms, outcomes in the order they arrive.

    Each outcome becomes a number with a mean equal to the difference of the
    rates: y/w for arm B, -y/(1-w) for arm A; w is the chance that the request
    went to B. Half the capital bets that B is better, half that A is.

    Args:
        weight: chance that a request goes to arm B, strictly between 0 and 1;
            it may change with any request, but not depend on that request's outcome.

    Raises:
        ValueError: an arm that never gets a request.
    """

    def __init__(self, weight: float = 0.5) -> None:
        self._default = _weight(weight)
        self._up = self._down = 0.0  # log capital of each half
        self._best = 0.0
        self._seen, self._passed = [0, 0], [0, 0]
        # Start with squares of imaginary outcomes, so that the first bets are small. Bets
        # may depend on past outcomes only.
        self._sum, self._squares = 0.0, _CAUTION

    def add(self, arm_b: bool, passed: bool, weight: float | None = None) -> SequentialResult:
        """Add one outcome and return the reading after it."""
        w = self._default if weight is None else _weight(weight)
        value = (1 / w if arm_b else -1 / (1 - w)) if passed else 0.0
        # About the bet that grows fastest if the past continues (Kelly); at most half of the
        # capital is at stake on any one outcome.
        edge = self._sum / self._squares
        self._up += log(1 + min(max(edge, 0.0), (1 - w) / 2) * value)
        self._down += log(1 - min(max(-edge, 0.0), w / 2) * value)
        self._sum += value
        self._squares += value * value
        self._seen[arm_b] += 1
        self._passed[arm_b] += passed
        self._best = max(self._best, self._log_capital())
        return self.reading()

    def reading(self) -> SequentialResult:
        """Return the result so far."""
        rates = [p / n if n else 0.0 for p, n in zip(self._passed, self._seen, strict=True)]
        now = self._log_capital()
        return SequentialResult(
            e_value=exp(now) if now < _LARGEST else inf,
            p=exp(-self._best),
            difference=rates[1] - rates[0],
            seen=(self._seen[0], self._seen[1]),
            passed=(self._passed[0], self._passed[1]),
        )

    def _log_capital(self) -> float:
        high, low = max(self._up, self._down), min(self._up, self._down)
        return high + log((1 + exp(low - high)) / 2)


def _weight(weight: float) -> float:
    if not 0 < weight < 1:
        raise ValueError(f"a share of requests must lie between 0 and 1, not {weight}")
    return weight
