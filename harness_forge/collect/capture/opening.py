"""Opens the proxy of a config: its gateway, its spool, the process that empties it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness_forge.collect.capture.drain import Drain
from harness_forge.config.proxy import Fsync
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.serving.proxy.gateway import Gateway
from harness_forge.serving.proxy.guard import ArmGuard
from harness_forge.serving.proxy.spool import Spool

_GRACE_S = 20.0


def folder_of(config: ForgeConfig) -> Path:
    """Return the folder of a proxy's spool and events: one a port."""
    return Path(config.forge_home) / "proxy" / str(config.proxy.port)


def gateway(config: ForgeConfig) -> Gateway:
    """Return the proxy without its socket.

    Raises:
        ConfigError: an upstream is elsewhere, a route or a pattern is wrong.
        ServeError: another proxy has the spool.
    """
    from harness_forge.serving.aliases import Aliases

    proxy, folder = config.proxy, folder_of(config)
    guard = ArmGuard(proxy.guard, folder / "guard.jsonl")
    aliases = Aliases(Path(config.forge_home))
    # Faults of the config first: they must not leave a spool behind.
    Gateway(proxy, None, guard, aliases)
    spool = None
    if proxy.capture and not proxy.bypass:
        always = proxy.spool.fsync is Fsync.always
        spool = Spool(folder / "spool", proxy.spool.max_mb, proxy.spool.segment_mb, always)
    return Gateway(proxy, spool, guard, aliases, proxy.skill)


def drain(config: ForgeConfig) -> Drain:
    """Return what empties the spool of a config's proxy."""
    from harness_forge.store.database import open_store
    from harness_forge.store.splits import recorded

    names = [one.skill.name for one in skills_of(config)]
    first = [config.proxy.skill] if config.proxy.skill in names else []
    return Drain(
        folder_of(config) / "spool",
        config.proxy,
        lambda: open_store(config.store.url, Path(config.forge_home)),
        [*first, *names, *(one for one in config.proxy.patterns if one not in names)],
        lambda store: recorded.assign_recorded(store, config.split),
        _redact(config),
    )


def _redact(config: ForgeConfig) -> Callable[[Any], Any] | None:
    if not config.proxy.redact:
        return None
    from harness_forge.datasets.redaction.key import load_key
    from harness_forge.datasets.redaction.redactor import Redactor

    redactor = Redactor(config.redaction, load_key(Path(config.forge_home)))
    return lambda value: redactor.value(value)[0]


class DrainProcess:
    """The process that empties the spool; it ends by itself when this one does.

    Args:
        overrides: of the config, as on the command line.
    """

    def __init__(self, overrides: Sequence[str]) -> None:
        self._command = [
            sys.executable, "-m", "harness_forge.cli", "proxy", "drain", "--follow", *overrides
        ]  # fmt: skip
        self._process: subprocess.Popen | None = None
        self._started, self.restarts = 0.0, -1
        self.check()

    def check(self) -> dict[str, Any]:
        """Start it again if it has died, and return how it does."""
        dead = self._process is None or self._process.poll() is not None
        if dead and time.monotonic() - self._started > min(2.0 ** max(self.restarts, 0), 60.0):
            self._started = time.monotonic()
            self.restarts += 1
            # A session of its own: Ctrl-C is for the proxy, the writer has the rest to write.
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, start_new_session=True
            )
        return {"writer": {"alive": not dead or self.restarts == 0, "restarts": self.restarts}}

    def close(self) -> None:
        """Let it write the rest."""
        if self._process is None:
            return
        with suppress(OSError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
            return
        print("proxy: captures wait in the spool: the store is slow or away", file=sys.stderr)
        self._process.terminate()
        self._process.wait()
