"""Connections to model servers: kept open, answers parsed as they arrive."""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol
from urllib.parse import urlsplit

import httptools

_CONNECT_S = 5.0
_IDLE_S = 30.0
_OWN = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"content-length",
    )
)
"""Headers that belong to one connection and are not passed on."""

Headers = list[tuple[bytes, bytes]]


def end_to_end(headers: Headers) -> Headers:
    """Return the end-to-end headers, without those for the next hop."""
    named = {
        word.strip().lower()
        for key, value in headers
        if key.lower() == b"connection"
        for word in value.split(b",")
    }
    return [pair for pair in headers if pair[0].lower() not in _OWN | named]


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a server.

    Args:
        base: path before `/v1/…`; '' for none.
    """

    host: str
    port: int
    secure: bool
    base: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Return the address of a URL, with or without its /v1."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        base = parts.path.rstrip("/").removesuffix("/v1")
        return cls(parts.hostname or "", parts.port or (443 if secure else 80), secure, base)

    @property
    def header(self) -> bytes:
        """Its Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}".encode()


class Owner(Protocol):
    """The object that waits for an answer."""

    def connected(self, connection: Connection) -> None:
        """Receive the requested connection."""

    def unreachable(self, why: str) -> None:
        """The connection failed."""

    def on_head(self, status: int, reason: bytes, headers: Headers, sized: bool) -> None:
        """Receive the head of the answer."""

    def on_piece(self, data: bytes) -> None:
        """Receive a piece of its body."""

    def on_end(self) -> None:
        """The answer is complete."""

    def on_lost(self, why: str) -> None:
        """The answer was cut off."""

    def flush(self) -> None:
        """Pass on what arrived in one packet."""


class Connection(asyncio.Protocol):
    """One connection to a server; one answer at a time."""

    def __init__(self, pool: ConnectionPool, address: Address) -> None:
        self._pool, self.address = pool, address
        self.transport: Any = None
        self.owner: Owner | None = None
        self.used = 0
        self.idle_since = 0.0
        self._parser: Any = None
        self._fresh()

    def _fresh(self) -> None:
        self._reason, self._headers = b"", []
        self._head_passed = self._done = self._interim = False
        self._framed = self._sized = self._keep = False

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self.transport = transport

    def send(self, owner: Owner, head: bytes, body: bytes) -> None:
        """Send a request; the answer goes to `owner`."""
        self.owner, self.used = owner, self.used + 1
        self._fresh()
        self._parser = httptools.HttpResponseParser(self)
        if body:
            self.transport.writelines((head, body))
        else:
            self.transport.write(head)

    def drop(self) -> None:
        """Close the connection: no caller waits for the answer, so the server can stop."""
        self.owner = None
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        owner = self.owner
        if owner is None:
            self.transport.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self._done:
                self.owner = None
                owner.on_lost(f"the answer is no HTTP: {error}"[:200])
            self.transport.abort()
        owner.flush()
        if self._done and self.owner is owner:
            self._release()

    def connection_lost(self, error: Exception | None) -> None:
        """End the answer that is still open."""
        self._pool.forget(self)
        owner, self.owner = self.owner, None
        if owner is None or self._done:
            return
        if self._head_passed and not self._framed and error is None:
            owner.on_end()  # such an answer ends with its connection
        else:
            owner.on_lost("the connection broke off" if self._head_passed else "no answer came")
        owner.flush()

    def on_status(self, reason: bytes) -> None:
        """Store the reason phrase."""
        self._reason += reason

    def on_header(self, key: bytes, value: bytes) -> None:
        """Store a header; those after the body are dropped."""
        if not self._head_passed:
            self._headers.append((key, value))

    def on_headers_complete(self) -> None:
        """Pass on the head, unless it only announces the answer."""
        status = self._parser.get_status_code()
        self._interim = 100 <= status < 200
        if self._interim:
            return
        names = {key.lower() for key, _ in self._headers}
        self._sized = b"content-length" in names
        self._framed = self._sized or b"transfer-encoding" in names or status in (204, 304)
        self._head_passed = True
        if self.owner is not None:
            self.owner.on_head(status, self._reason, self._headers, self._sized)

    def on_body(self, data: bytes) -> None:
        """Pass on a piece."""
        if self.owner is not None:
            self.owner.on_piece(data)

    def on_message_complete(self) -> None:
        """Pass on the end."""
        if self._interim:
            self._fresh()
            return
        self._done = True
        # After the next message starts, the parser no longer knows this one's framing.
        self._keep = self._parser.should_keep_alive()
        if self.owner is not None:
            self.owner.on_end()

    def _release(self) -> None:
        self.owner = None
        if self._keep and not self.transport.is_closing():
            self._pool.give_back(self)
        else:
            self.transport.close()


class ConnectionPool:
    """Connections that wait for the next request."""

    def __init__(self) -> None:
        self._idle: dict[Address, deque[Connection]] = defaultdict(deque)
        self._context: ssl.SSLContext | None = None
        self._tasks: set[asyncio.Task] = set()

    def idle(self, address: Address) -> Connection | None:
        """Return a connection that is open, the one used last, or None."""
        waiting = self._idle[address]
        while waiting:
            connection = waiting.pop()
            if not connection.transport.is_closing():
                connection.transport.resume_reading()
                return connection
        return None

    def connect(self, address: Address, owner: Owner) -> None:
        """Open a connection and give it to `owner`."""
        task = asyncio.get_running_loop().create_task(self._connect(address, owner))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, address: Address, owner: Owner) -> None:
        loop = asyncio.get_running_loop()
        made: Callable[[], Connection] = lambda: Connection(self, address)  # noqa: E731
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, connection = await loop.create_connection(
                    made, address.host, address.port, ssl=self._tls() if address.secure else None
                )
        except (OSError, TimeoutError) as error:
            owner.unreachable(str(error) or "no connection in time")
            return
        owner.connected(connection)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next request."""
        connection.idle_since = perf_counter()
        self._idle[connection.address].append(connection)

    def forget(self, connection: Connection) -> None:
        """Remove a closed connection."""
        waiting = self._idle.get(connection.address)
        if waiting and connection in waiting:
            waiting.remove(connection)

    def sweep(self, now: float) -> None:
        """Close connections that were idle for long, before servers do: a race costs a retry."""
        for waiting in self._idle.values():
            while waiting and now - waiting[0].idle_since > _IDLE_S:
                waiting.popleft().transport.close()

    def close(self) -> None:
        """Close the idle connections."""
        for waiting in self._idle.values():
            while waiting:
                waiting.popleft().transport.abort()

    def _tls(self) -> ssl.SSLContext:
        self._context = self._context or ssl.create_default_context()
        return self._context
