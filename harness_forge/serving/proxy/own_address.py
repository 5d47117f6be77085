"""Where a config's own proxy is asked, and with which key."""

from __future__ import annotations

import os

from harness_forge.config.proxy import ProxyConfig

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def url(proxy: ProxyConfig) -> str:
    """Return the proxy's URL on this machine; one that listens everywhere is asked on loopback."""
    host = _EVERYWHERE.get(proxy.host, proxy.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{proxy.port}"


def headers(proxy: ProxyConfig) -> dict[str, str]:
    """Return the headers by which the proxy lets a caller in: the first of its keys, if any."""
    key = os.environ.get(proxy.key_env, "").split(",")[0] if proxy.key_env else ""
    return {"authorization": f"Bearer {key}"} if key else {}
