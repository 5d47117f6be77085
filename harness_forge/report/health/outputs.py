"""Where a report is written: files, each whole or not at all, and a webhook on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from harness_forge.config.health import HealthConfig
from harness_forge.core.errors import ConfigError, EndpointError
from harness_forge.core.files import append, whole_file, write_text
from harness_forge.core.hosts import is_loopback
from harness_forge.report.health import otlp, prometheus
from harness_forge.report.health.collect import Health
from harness_forge.report.health.metrics import metrics

_OTLP_BYTES = 10_000_000
"""A file of so many bytes is begun anew."""
_TIMEOUT_S = 10.0


def check(config: HealthConfig) -> None:
    """Refuse places that cannot be meant, before anything is read.

    Raises:
        ConfigError: a webhook that is no URL or not on this machine, or a file of metrics
            that the collector would not read.
    """
    if config.prometheus and not config.prometheus.endswith(".prom"):
        hint = f"health.prometheus={config.prometheus}.prom"
        raise ConfigError("health.prometheus", "the collector reads files of *.prom alone", hint)
    if config.webhook:
        _checked(config)


def _checked(config: HealthConfig) -> httpx.URL:
    try:
        url = httpx.URL(config.webhook)
    except httpx.InvalidURL as error:
        raise ConfigError("health.webhook", f"is no URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        hint = "health.webhook=http://127.0.0.1:9093/forge"
        raise ConfigError("health.webhook", "is no URL of a server", hint)
    if not (is_loopback(url.host) or url.host in config.allow):
        what = f"{url.host} is not this machine: names of skills and models would leave it"
        raise ConfigError("health.webhook", what, f"health.allow=[{url.host}] if they may")
    return url


def outputs(
    found: Health, config: HealthConfig, as_json: Callable[[], str]
) -> Iterator[Callable[[], None]]:
    """Yield what writes each output that is set.

    Args:
        as_json: makes the report as JSON text.
    """
    if config.json_file:
        yield lambda: write_text(Path(config.json_file), as_json() + "\n")
    if config.prometheus:
        yield lambda: _expose(Path(config.prometheus), prometheus.text(metrics(found)))
    if config.otlp:
        yield lambda: _add(Path(config.otlp), otlp.line(metrics(found), found.window.now))
    if config.webhook and found.alerts:
        yield lambda: _send(_checked(config), as_json())


def _expose(path: Path, text: str) -> None:
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")
        # The node exporter is another user.
        draft.chmod(0o644)


def _add(path: Path, line: bytes) -> None:
    if path.exists() and path.stat().st_size > _OTLP_BYTES:
        path.unlink()
    append(path, line)


def _send(url: httpx.URL, text: str) -> None:
    """Post a report; no proxy of the environment is used and no redirect followed.

    Raises:
        EndpointError: nobody answers there, or not with a 2xx.
    """
    # Its path and query may be a secret.
    where = f"health.webhook {url.host}:{url.port or {'http': 80, 'https': 443}[url.scheme]}"
    try:
        answer = httpx.post(
            url,
            content=text.encode(),
            headers={"content-type": "application/json"},
            timeout=_TIMEOUT_S,
            trust_env=False,
            follow_redirects=False,
        )
    except httpx.HTTPError as error:
        raise EndpointError(where, f"cannot be told: {error}", "does it listen?") from None
    if not answer.is_success:
        raise EndpointError(where, f"answered {answer.status_code}", "see that server's log")
