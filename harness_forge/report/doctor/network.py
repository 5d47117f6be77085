"""Ports that forge would listen on, and what of a config leads off this machine."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.hosts import is_loopback
from harness_forge.report.doctor.finding import Finding, fail, note, ok
from harness_forge.serving import state
from harness_forge.serving.proxy import own_address


def ports(config: ForgeConfig) -> Iterator[Finding]:
    """Yield whether each port is free, or is taken by forge itself."""
    home = Path(config.forge_home)
    served = {one.port for one in state.servers(home)[0]}
    for name, host, port in (
        ("serve.port", config.serve.host, config.serve.port),
        ("proxy.port", config.proxy.host, config.proxy.port),
    ):
        if not port or (why := _refused(host, port)) is None:
            yield ok("ports", name, f"{port or 'any'} is free")
        elif (name == "serve.port" and port in served) or (
            name == "proxy.port" and _is_proxy(config)
        ):
            yield ok("ports", name, f"{port}: forge's own server listens")
        else:
            yield fail("ports", name, f"{port} on {host}: {why}", f"{name}=PORT of another")


def _refused(host: str, port: int) -> str | None:
    """Return why nothing can listen on a port; None if it can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trying:
            # As servers do: a connection that has just ended keeps no port.
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trying.bind(address)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None


def _is_proxy(config: ForgeConfig) -> bool:
    url, headers = own_address.url(config.proxy), own_address.headers(config.proxy)
    with suppress(httpx.HTTPError, ValueError, AttributeError):
        answer = httpx.get(f"{url}/forge/health", headers=headers, timeout=3, trust_env=False)
        return "state" in answer.json()
    return False


def air_gap(config: ForgeConfig, dvc: Path = Path(".dvc/config")) -> Iterator[Finding]:
    """Yield what would leave this machine, or let others in."""
    away = 0
    for key, url in _addresses(config):
        host = _host(url)
        if host and not is_loopback(host):
            away += 1
            yield note("air gap", key, f"{host} is not this machine", f"{key} on this machine")
    for key, host in (("serve.host", config.serve.host), ("proxy.host", config.proxy.host)):
        if not is_loopback(host):
            away += 1
            yield note("air gap", key, f"{host} lets other machines in", f"{key}=127.0.0.1")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        if os.environ.get(name) or os.environ.get(name.lower()):
            yield note("air gap", name, "is set: some tools ask through it", f"unset {name}")
    if not away:
        yield ok("air gap", "config", "every address in it is on this machine")
    if dvc.is_file() and not _silent(dvc):
        remedy = "dvc config core.analytics false"
        yield note("air gap", "dvc", "reports its use to its makers", remedy)
    said = "has a route to other machines" if _has_route() else "has no route to other machines"
    yield ok("air gap", "network", f"this machine {said}")


def _addresses(config: ForgeConfig) -> Iterator[tuple[str, str | None]]:
    yield "store.url", config.store.url
    yield "graph.url", config.graph.url
    yield "judge.endpoint", config.judge.endpoint
    yield "policy.endpoint", config.policy.endpoint
    yield "prove.server", config.prove.server
    yield "health.webhook", config.health.webhook
    for name, upstream in config.proxy.upstreams.items():
        yield f"proxy.upstreams.{name}.url", upstream.url


def _host(url: str | None) -> str:
    """Return the host of an address; '' where it names none, as a socket's folder."""
    found = re.match(r"[\w+.-]+://(?:[^/@]*@)?(\[[^\]]*\]|[^:/?#]*)", url or "")
    return found[1] if found else ""


def _silent(dvc: Path) -> bool:
    text = dvc.read_text(encoding="utf-8", errors="replace")
    return bool(re.search(r"^\s*analytics\s*=\s*false", text, re.MULTILINE | re.IGNORECASE))


def _has_route() -> bool:
    """Return whether a network beyond the loopback can be reached, by Linux's own tables."""
    with suppress(OSError):
        lines = Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]
        if any(line.split()[0] != "lo" for line in lines):
            return True
    with suppress(OSError):
        lines = Path("/proc/net/ipv6_route").read_text(encoding="ascii").splitlines()
        return any(
            line.split()[0] == "0" * 32 and line.split()[-1] != "lo" for line in lines if line
        )
    return False
