"""Metrics as OTLP JSON, one request a line, as OpenTelemetry's file exporter writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from harness_forge.core.version import __version__
from harness_forge.report.health.metrics import Labels, Metric

_ATTRIBUTES = {"model": "gen_ai.request.model", "version": "service.version"}
"""Names that OpenTelemetry has; all others are below harness_forge."""


def line(metrics: Sequence[Metric], at: datetime) -> bytes:
    """Return one ExportMetricsServiceRequest, without a line's end."""
    nanoseconds = str(int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000)
    scope = {"name": "harness_forge.health", "version": __version__}
    resource = {"service.name": "harness-forge", "service.version": __version__}
    found = {
        "resource": {"attributes": _attributes(resource)},
        "scopeMetrics": [
            {"scope": scope, "metrics": [_metric(metric, nanoseconds) for metric in metrics]}
        ],
    }
    return orjson.dumps({"resourceMetrics": [found]})


def _metric(metric: Metric, nanoseconds: str) -> dict[str, Any]:
    points = [
        {"attributes": _attributes(_named(labels)), "timeUnixNano": nanoseconds, "asDouble": value}
        for labels, value in metric.points
    ]
    return {
        "name": metric.name,
        "description": metric.help,
        "unit": metric.unit,
        "gauge": {"dataPoints": points},
    }


def _named(labels: Labels) -> Labels:
    return {
        _ATTRIBUTES.get(key, f"harness_forge.{key}"): value
        for key, value in labels.items()
        if value
    }


def _attributes(values: Labels) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"stringValue": value.encode(errors="backslashreplace").decode()}}
        for key, value in values.items()
    ]
