"""Charts as inline SVG: coloured by the page's own style, readable without it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness_forge.report.html import Html, tag

Point = tuple[float, float]
Row = tuple[str, str, float | None, float, float]
"""Label, class, estimate, lower and upper bound; all shares."""

_WIDTH = 640


def dots(rows: Sequence[Row], title: str) -> Html:
    """Return a dot plot of rates with their intervals, on an axis from 0 to 100%."""
    left, right, top, step = 96, 16, 8, 26
    bottom = top + step * len(rows)
    parts = [tag("title", title)]
    for tick in range(0, 101, 25):
        x = _across(tick / 100, left, right)
        parts.append(tag("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid"))
        anchor = "end" if tick == 100 else "middle"
        parts.append(tag("text", f"{tick}%", x=x, y=bottom + 16, text_anchor=anchor))
    for number, (label, kind, value, low, high) in enumerate(rows):
        y = top + step * number + step / 2
        parts.append(tag("text", label, x=left - 10, y=y + 4, text_anchor="end"))
        if value is None:
            parts.append(tag("text", "not measured", x=left + 4, y=y + 4))
            continue
        ends = _across(low, left, right), _across(high, left, right)
        parts.append(tag("line", x1=ends[0], x2=ends[1], y1=y, y2=y, class_=f"bar {kind}"))
        parts.append(tag("circle", cx=_across(value, left, right), cy=y, r=5, class_=f"dot {kind}"))
    return _svg(parts, bottom + 24, title)


def whiskers(found: Sequence[tuple[str, float, float, float]]) -> Html:
    """Return small dots with their intervals, one under the other, for a table's cell.

    Args:
        found: class, estimate, lower and upper bound of each.
    """
    width, step = 160, 8
    height = step * (len(found) + 1)

    def across(share: float) -> str:
        return _px(4 + share * (width - 8))

    parts = [
        tag("line", x1=across(tick / 4), x2=across(tick / 4), y1=0, y2=height, class_="grid")
        for tick in range(5)
    ]
    for number, (kind, value, low, high) in enumerate(found, start=1):
        y = step * number
        parts.append(tag("line", x1=across(low), x2=across(high), y1=y, y2=y, class_=f"bar {kind}"))
        parts.append(tag("circle", cx=across(value), cy=y, r=3, class_=f"dot {kind}"))
    box = f"0 0 {width} {height}"
    return tag("svg", parts, viewBox=box, class_="whisker", aria_hidden="true")


def line(points: Sequence[Point], title: str) -> Html:
    """Return a line chart; x are steps, y from 0."""
    left, right, top, bottom = 48, 16, 12, 220
    most = max(x for x, _ in points)
    peak = _ceiling(max(y for _, y in points))

    def place(x: float, y: float) -> tuple[str, str]:
        across = left + (x / most if most else 0) * (_WIDTH - left - right)
        return _px(across), _px(bottom - y / peak * (bottom - top))

    parts = [tag("title", title)]
    for tick in range(5):
        value = peak * tick / 4
        y = place(0, value)[1]
        parts.append(tag("line", x1=left, x2=_WIDTH - right, y1=y, y2=y, class_="grid"))
        parts.append(tag("text", f"{value:.3g}", x=left - 8, y=float(y) + 4, text_anchor="end"))
    for share in (0, 0.5, 1):
        x = place(round(most * share), 0)[0]
        anchor = "end" if share == 1 else "middle"
        parts.append(tag("text", f"{most * share:.0f}", x=x, y=bottom + 18, text_anchor=anchor))
    drawn = " ".join(",".join(place(x, y)) for x, y in points)
    parts.append(tag("polyline", points=drawn, class_="curve"))
    return _svg(parts, bottom + 26, title)


def _across(share: float, left: float, right: float) -> str:
    return _px(left + share * (_WIDTH - left - right))


def _px(value: float) -> str:
    return f"{value:.1f}"


def _ceiling(value: float) -> float:
    """Return the next of some round multiples of a power of ten."""
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return next(
        step * power for step in (1, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * power >= value
    )


def _svg(parts: Sequence[Html], height: float, title: str) -> Html:
    box = f"0 0 {_WIDTH} {height:.0f}"
    return tag("svg", parts, viewBox=box, role="img", aria_label=title, class_="chart")
