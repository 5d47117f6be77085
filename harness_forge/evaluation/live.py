"""The results of a route's arms so far, read by a test that allows looking at any time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import EvalError
from harness_forge.core.hints import did_you_mean
from harness_forge.evaluation.sequential import Reading, SequentialTest
from harness_forge.store.escaping import restored
from harness_forge.store.opening import opened_skill

_OUTCOMES = """
SELECT c.arm, a.eval_passed, c.probability FROM (
    -- The first request of a unit is the one that was drawn.
    SELECT DISTINCT ON (unit) attempt_id, arm, probability, started_at FROM (
        SELECT attempt_id, arm, probability, started_at, id,
               CASE WHEN sticky = '' THEN attempt_id::text ELSE sticky END AS unit
        FROM captures
        WHERE route = %(route)s AND attempt_id IS NOT NULL AND shadow_of IS NULL
          AND escalated_from IS NULL AND probability < 1 AND probability > 0
    ) drawn ORDER BY unit, started_at, id
) c JOIN attempts a ON a.id = c.attempt_id
WHERE NOT a.infrastructure ORDER BY a.id
"""

_TIMES = ("first_s", "total_s")

_ARMS = """
SELECT arm, count(*), count(*) FILTER (WHERE (fault <> '' AND NOT whole) OR status >= 500),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY first_s),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY total_s),
       count(*) FILTER (WHERE shadow_of IS NOT NULL)
FROM captures WHERE route = %(route)s AND arm <> '' GROUP BY arm ORDER BY arm
"""


@dataclass(frozen=True)
class Live:
    """The results of a route's traffic.

    Args:
        arms: of both sides of the test, A first.
        reading: of the sequential test; None without outcomes.
        traffic: by arm: requests, failed, seconds to the first byte and in total
            (medians), and how many of them were shadows.
    """

    route: str
    arms: tuple[str, str]
    reading: Reading | None
    alpha: float
    traffic: Mapping[str, Mapping[str, Any]]

    @property
    def decision(self) -> str:
        """The result of the test, in one sentence."""
        if self.reading is None or self.reading.p > self.alpha:
            return f"no difference shown yet at alpha {self.alpha:g}: go on"
        better = self.arms[self.reading.difference > 0]
        return f"{better} is better, at alpha {self.alpha:g}"


def read(config: ForgeConfig, name: str = "") -> Live:
    """Return the results of a route's arms so far.

    An attempt counts once; with a sticky route, a run or an item counts once. The
    test compares what was drawn, in the order in which outcomes arrived.

    Args:
        name: of the route; '' if there is only one.

    Raises:
        EvalError: there is no such route, or it does not have two arms.
    """
    routes = config.proxy.routes
    known = ", ".join(routes) or "none; see conf/proxy"
    if not name and len(routes) != 1:
        raise EvalError("--live", "which route?", f"--live=ROUTE; there are: {known}")
    name = name or next(iter(routes))
    if name not in routes:
        hint = f"{did_you_mean(name, routes)}there are: {known}"
        raise EvalError(f"route '{name}'", "is not in proxy.routes", hint)
    arms = [arm for arm, one in routes[name].arms.items() if one.weight > 0]
    if len(arms) != 2:
        raise EvalError(f"route '{name}'", f"draws among {len(arms)} arms", "the test is of two")
    with opened_skill(config) as store, store.connect_read_only() as connection:
        outcomes = connection.execute(_OUTCOMES, {"route": name}).fetchall()
        found = connection.execute(_ARMS, {"route": name}).fetchall()
    fields = ("requests", "failed", "first_s", "total_s", "shadows")
    traffic = {restored(arm): dict(zip(fields, rest, strict=True)) for arm, *rest in found}
    test, reading = SequentialTest(), None
    for arm, passed, probability in outcomes:
        if arm in arms:
            second = arm == arms[1]
            reading = test.add(second, passed, probability if second else 1 - probability)
    return Live(name, (arms[0], arms[1]), reading, config.proxy.alpha, traffic)


def as_dict(found: Live) -> dict[str, Any]:
    """Return it as plain JSON."""
    reading = asdict(found.reading) if found.reading else None
    return {
        "route": found.route,
        "arms": list(found.arms),
        "decision": found.decision,
        "alpha": found.alpha,
        "reading": reading,
        "traffic": {arm: dict(one) for arm, one in found.traffic.items()},
    }


def render(found: Live) -> str:
    """Return it as a few lines of text."""
    lines = [f"{'':20}{'requests':>10}{'failed':>8}{'shadows':>9}{'first byte':>12}{'in all':>9}"]
    for arm, one in found.traffic.items():
        first, total = (f"{one[key]:.3f} s" if one[key] is not None else "-" for key in _TIMES)
        lines.append(
            f"{arm[:19]:20}{one['requests']:>10}{one['failed']:>8}{one['shadows']:>9}"
            f"{first:>12}{total:>9}"
        )
    if found.reading is None:
        return "\n".join([*lines, "", "no outcome of a drawn request is known yet"])
    seen, passed = found.reading.seen, found.reading.passed
    lines += ["", f"{'':20}{'outcomes':>10}{'passed':>8}"]
    for place, arm in enumerate(found.arms):
        share = f"{passed[place] / seen[place]:.1%}" if seen[place] else "-"
        lines.append(f"{arm[:19]:20}{seen[place]:>10}{share:>8}")
    lines += [
        "",
        f"{found.arms[1]} minus {found.arms[0]}: {found.reading.difference:+.1%},"
        f" e-value {found.reading.e_value:.3g}, p {found.reading.p:.3g} (valid whenever looked at)",
        found.decision,
    ]
    return "\n".join(lines)
