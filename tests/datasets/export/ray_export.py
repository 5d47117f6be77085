"""One export on a Ray cluster of its own, as a process: Ray starts threads and servers.

Read from stdin: the store's URL, the folder, the recipe, the treatment, and
what goes wrong midway: nothing, `kill` of a worker, or `stop` of it all.
What was listening then is written to `listening`.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from pathlib import Path

from harness_forge.config.engine import EngineConfig, EngineKind
from harness_forge.core.errors import ExportError
from harness_forge.datasets import ray_engine
from harness_forge.datasets.export import export
from harness_forge.datasets.request import ExportPart, ExportRequest
from harness_forge.store.database import open_store

LISTENS = "0A"


def main() -> None:
    # As the command line has it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    url, folder, recipe, treatment, wrong = pickle.load(sys.stdin.buffer)
    ray_engine.Cluster.batch, ray_engine._LEAST = 40, 5
    send = ray_engine.Cluster._sent

    def sent(self, part, rows):
        told = folder.parent / "listening"
        if not told.exists():
            told.write_text("\n".join(listening(str(folder.parent).encode())))
            if wrong == "kill":
                self._ray.kill(self._workers[0])
            elif wrong == "stop":
                os.kill(os.getpid(), signal.SIGTERM)
        return send(self, part, rows)

    ray_engine.Cluster._sent = sent
    engine = EngineConfig(EngineKind.ray, workers=2)
    request = ExportRequest(
        folder,
        recipe.name,
        "stig",
        "worker",
        recipe.kind.value,
        ["content: BSD-3-Clause"],
        engine=engine,
        treatment=treatment,
    )
    with open_store(url, folder) as store:
        part = ExportPart(store.skill("stig"), "worker", recipe)
        try:
            export([part], request)
        except ExportError as error:
            sys.exit(str(error))
        except KeyboardInterrupt:
            sys.exit("stopped")


def listening(mark: bytes) -> list[str]:
    """Return addresses, in hex, that processes with `mark` in their environment listen on."""
    inodes = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                links = [str(link.readlink()) for link in (process / "fd").iterdir()]
                inodes.update(link[8:-1] for link in links if link.startswith("socket:["))
        except OSError:  # it has ended, or is another user's
            continue
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if rest[5] in inodes and (state == LISTENS or table.startswith("udp")):
                found.append(local.partition(":")[0])
    return found


if __name__ == "__main__":
    main()
