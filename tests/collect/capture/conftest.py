"""A proxy as `forge proxy` opens it, before a server of models, with a store of its own."""

from contextlib import ExitStack
from types import SimpleNamespace

import httpx
import pytest
from fake_models import Server, in_thread, serving

from harness_forge.cli import main
from harness_forge.collect.capture import opening
from harness_forge.config.compose.engine import compose
from harness_forge.serving.proxy.event_loop import listen


@pytest.fixture
def captured(store, tmp_path, capsys):
    """Starts a proxy; returns url, client, what drains it, and `forge` with its settings."""
    with ExitStack() as stack:

        def start(server=None, *words):
            server = server or Server()
            models = stack.enter_context(serving(server))
            overrides = [
                f"store.url='{store.url}'",
                f"forge_home={tmp_path}",
                f"data_dir={tmp_path / 'data'}",
                "proxy.port=0",
                f"proxy.upstreams.local.url={models}",
                *words,
            ]
            config = compose(None, overrides)
            gateway = opening.gateway(config)
            urls = []

            async def run(stop, ready):
                await listen(gateway, lambda url: (urls.append(url), ready()), stop)

            stack.enter_context(in_thread(run))
            stack.callback(gateway.release)
            kind = {"content-type": "application/json"}
            client = stack.enter_context(httpx.Client(base_url=urls[0], timeout=20, headers=kind))

            def forge(*argv):
                code = main([*argv, *overrides])
                printed = capsys.readouterr()
                return code, printed.out + printed.err

            def rows(query):
                with store.engine.connect() as connection:
                    return connection.exec_driver_sql(query).all()

            return SimpleNamespace(
                url=urls[0], client=client, forge=forge, rows=rows, config=config,
                drain=lambda: opening.drain(config).once(), gateway=gateway,
            )  # fmt: skip

        yield start
