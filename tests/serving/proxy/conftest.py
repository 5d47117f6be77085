"""A proxy before a server of models that says what it is told to."""

from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
from fake_models import Server, in_thread, serving

from harness_forge.config.proxy import ProxyConfig, UpstreamConfig
from harness_forge.serving.proxy.event_loop import listen
from harness_forge.serving.proxy.gateway import Gateway
from harness_forge.serving.proxy.guard import ArmGuard
from harness_forge.serving.proxy.spool import Spool, read, segments


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    """Refusals do not linger for slow callers."""
    monkeypatch.setattr("harness_forge.serving.proxy.client_connection._LINGER_S", 0.1)


@pytest.fixture
def models():
    """A server of models and its URL."""
    server = Server()
    with serving(server) as url:
        server.url = url
        yield server


@pytest.fixture
def proxied(tmp_path, models):
    """Starts a proxy with settings; returns url, client, gateway and what it captured."""
    with ExitStack() as stack:

        def start(aliases=None, spool_mb=64, **settings):
            upstreams = settings.pop("upstreams", {"local": UpstreamConfig(models.url)})
            config = replace(ProxyConfig(port=0, upstreams=upstreams), **settings)
            folder = tmp_path / "spool"
            spool = Spool(folder, spool_mb, 32, False)
            gateway = Gateway(config, spool, ArmGuard(config.guard, tmp_path / "g.jsonl"), aliases)
            urls = []

            async def run(stop, ready):
                def told(url):
                    urls.append(url)
                    ready()

                await listen(gateway, told, stop)

            stack.enter_context(in_thread(run))
            kind = {"content-type": "application/json"}
            client = stack.enter_context(httpx.Client(base_url=urls[0], timeout=10, headers=kind))

            def kept():
                return [one for path in segments(folder) for one, _ in read(path, 0, 1 << 40)]

            stack.callback(spool.close)
            return SimpleNamespace(url=urls[0], client=client, gateway=gateway, kept=kept)

        yield start
