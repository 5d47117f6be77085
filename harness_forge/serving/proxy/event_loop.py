"""The listening socket, the event loop and its housekeeping."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

from harness_forge.core.errors import ServeError
from harness_forge.serving.proxy.client_connection import ClientConnection
from harness_forge.serving.proxy.gateway import Gateway

_BACKLOG = 1024


async def listen(
    gateway: Gateway,
    ready: Callable[[str], None] = lambda url: None,
    stop: asyncio.Event | None = None,
    listener: socket.socket | None = None,
    heartbeat: Callable[[], bool] = lambda: True,
) -> None:
    """Serve until SIGINT or SIGTERM, or until `stop` is set.

    Args:
        ready: called with the URL once callers can connect.
        listener: a socket that listens already; None makes one.
        heartbeat: called once a second; False ends it.

    Raises:
        ServeError: the port is taken, or not to be had.
    """
    loop, config = asyncio.get_running_loop(), gateway.config
    stop = stop or asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError, NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
    listener = listener or bind(config.host, config.port)
    server = await loop.create_server(
        lambda: ClientConnection(gateway), sock=listener, backlog=_BACKLOG
    )
    # What is loaded so far lives as long as the process: exclude it from collections.
    gc.collect()
    gc.freeze()
    port = server.sockets[0].getsockname()[1]
    host = f"[{config.host}]" if ":" in config.host else config.host
    ready(f"http://{host}:{port}")
    try:
        while not stop.is_set() and heartbeat():
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await stop.wait()
            gateway.sweep()
    finally:
        server.close()
        gateway.close()
        await asyncio.sleep(0.05)


def run(
    gateway: Gateway,
    ready: Callable[[str], None],
    listener: socket.socket | None = None,
    heartbeat: Callable[[], bool] = lambda: True,
) -> None:
    """Serve on the fastest loop there is until SIGINT or SIGTERM; see `listen`."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(listen(gateway, ready, listener=listener, heartbeat=heartbeat))


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        ServeError: the port is taken, or not to be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise _taken(host, port, error) from error


def _taken(host: str, port: int, error: OSError) -> ServeError:
    where = f"proxy.port={port}"
    if error.errno == errno.EADDRINUSE:
        return ServeError(
            where, f"{host}:{port} is taken", "stop what listens there, or set proxy.port"
        )
    return ServeError(where, f"cannot listen on {host}:{port}: {error.strerror or error}")
