"""Metrics as Prometheus text, for the node exporter's textfile collector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness_forge.report.health.metrics import Labels, Metric

_UNITS = {"s": "seconds", "By": "bytes", "1": "ratio"}
"""How a unit ends a name; what is counted, in braces, does not."""

_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def text(metrics: Sequence[Metric]) -> str:
    """Return the text format 0.0.4: HELP and TYPE of each, then its values, no timestamps."""
    return "\n".join(_lines(metrics)) + "\n"


def name_of(metric: Metric) -> str:
    """Return a metric's Prometheus name."""
    parts = [metric.name.replace(".", "_"), _UNITS.get(metric.unit, "")]
    return "_".join(part for part in parts if part)


def _lines(metrics: Sequence[Metric]) -> Iterator[str]:
    for metric in metrics:
        name = name_of(metric)
        yield f"# HELP {name} {metric.help}"
        yield f"# TYPE {name} gauge"
        for labels, value in metric.points:
            yield f"{name}{_braced(labels)} {value!r}"


def _braced(labels: Labels) -> str:
    # An empty label is the same as none.
    pairs = [f'{key}="{_sound(value)}"' for key, value in labels.items() if value]
    return "{" + ",".join(pairs) + "}" if pairs else ""


def _sound(value: str) -> str:
    """Return a label's value escaped; what is no UTF-8 is written out."""
    return value.encode(errors="backslashreplace").decode().translate(_ESCAPED)
