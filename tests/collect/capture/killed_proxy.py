"""A proxy, or what empties its spool, as a process to be killed: no start-up but what it needs.

python killed_proxy.py proxy FOLDER PORT MODELS_URL
python killed_proxy.py drain FOLDER STORE_URL
"""

import asyncio
import sys
from pathlib import Path


def proxy(folder, port, models):
    from harness_forge.config.proxy import ProxyConfig, UpstreamConfig
    from harness_forge.serving.proxy.event_loop import listen
    from harness_forge.serving.proxy.gateway import Gateway
    from harness_forge.serving.proxy.guard import ArmGuard
    from harness_forge.serving.proxy.spool import Spool

    config = ProxyConfig(port=int(port), upstreams={"local": UpstreamConfig(models)})
    spool = Spool(Path(folder), 256, 1, False)
    gateway = Gateway(config, spool, ArmGuard(config.guard, Path(folder) / "g.jsonl"))
    asyncio.run(listen(gateway, lambda url: print(url, flush=True)))


def drain(folder, store):
    from harness_forge.collect.capture.drain import Drain
    from harness_forge.config.proxy import ProxyConfig
    from harness_forge.store.database import Store, open_store

    def opened():
        return Store(store) if store.startswith("postgresql") else open_store(None, Path(store))

    print("ready", flush=True)
    Drain(Path(folder), ProxyConfig(), opened, ["killed"]).follow(lambda: True)


if __name__ == "__main__":
    {"proxy": proxy, "drain": drain}[sys.argv[1]](*sys.argv[2:])
