"""A client's connection: parses requests, refuses invalid ones, writes answers.

The proxy parses each request whole and writes a new one for the server, with a length
it counted itself. So two parsers cannot read one request in two ways.
"""

from __future__ import annotations

import asyncio
from collections import deque
from http import HTTPStatus
from time import perf_counter
from typing import Any, Protocol

import httptools
import orjson

from harness_forge.config.proxy import LimitsConfig
from harness_forge.serving.proxy.meters import Meters
from harness_forge.serving.proxy.privacy import KEY_HEADERS
from harness_forge.serving.proxy.request import ProxyRequest
from harness_forge.serving.proxy.upstream import Headers

_MB = 1 << 20
_QUEUED = 4
_LINGER_S = 1.0
_ONCE = (
    *(b"host", b"content-length", b"content-type", b"transfer-encoding"),
    *(name.encode() for name in KEY_HEADERS),
)


class PendingAnswer(Protocol):
    """The answer that a client waits for."""

    def caller_gone(self) -> None:
        """The client is gone."""

    def pause(self, paused: bool) -> None:
        """Stop or resume while the client does not read."""


class ProxyServer(Protocol):
    """The proxy, as a connection sees it."""

    limits: LimitsConfig
    meters: Meters

    def enter(self, client: ClientConnection) -> bool:
        """Register a client; False if there are too many."""

    def leave(self, client: ClientConnection) -> None:
        """Remove a client."""

    def begin(self, client: ClientConnection, request: ProxyRequest) -> None:
        """Answer a request."""


class ClientConnection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, server: ProxyServer) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._request: ProxyRequest | None = None
        self._in_head = False
        self._refusal: tuple[int, str] | None = None
        self._waiting: deque[ProxyRequest] = deque()
        self._current: ProxyRequest | None = None
        self.exchange: PendingAnswer | None = None
        self._closing = False
        self.transport: Any = None
        self._since = perf_counter()

    def connection_made(self, transport: Any) -> None:
        """Begin, unless there are too many already."""
        self.transport = transport
        if not self._server.enter(self):
            self._refuse_and_close(503, "too many connections")

    def connection_lost(self, error: Exception | None) -> None:
        """Cancel the answer that the client waited for."""
        self._server.leave(self)
        self._closing = True
        self._waiting.clear()
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.caller_gone()

    def pause_writing(self) -> None:
        """Pause the server: the client does not read."""
        if self.exchange is not None:
            self.exchange.pause(True)

    def resume_writing(self) -> None:
        """Resume the server."""
        if self.exchange is not None:
            self.exchange.pause(False)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self._closing:
            return
        if self._in_head and self._request is not None:
            self._request.head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refusal = 400, "this speaks HTTP and nothing else"
        except httptools.HttpParserError as error:
            self._refusal = self._refusal or (400, f"no valid HTTP: {error}"[:200])
        request = self._request
        if self._in_head and request is not None:
            limits = self._server.limits
            if max(request.head_size, len(data)) > limits.header_kb * 1024:
                self._refusal = self._refusal or (431, "the headers are too large")
        if self._refusal:
            self._refuse_and_close(*self._refusal)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._request, self._in_head = ProxyRequest(), True
        self._since = perf_counter()

    def on_url(self, url: bytes) -> None:
        """Store the target."""
        self._request.target += url

    def on_header(self, key: bytes, value: bytes) -> None:
        """Store a header."""
        request, limits = self._request, self._server.limits
        if not self._in_head or self._refusal:
            return  # trailers are not read
        request.headers.append((key, value))
        request.size += len(key) + len(value)
        if len(request.headers) > limits.headers or request.size > limits.header_kb * 1024:
            self._refusal = 431, "too many headers, or too large ones"

    def on_headers_complete(self) -> None:
        """Check the head before the body arrives."""
        request, self._in_head = self._request, False
        request.size = 0
        request.method = self._parser.get_method()
        request.modern = self._parser.get_http_version() == "1.1"
        request.keep = self._parser.should_keep_alive()
        self._refusal = self._refusal or self._of_head(request)
        if not self._refusal and request.header(b"expect").lower() == b"100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """Store a piece of the body."""
        request = self._request
        request.size += len(data)
        if request.size > self._server.limits.body_mb * _MB:
            self._refusal = self._refusal or self._too_large()
        elif not self._refusal:
            request.pieces.append(data)

    def on_message_complete(self) -> None:
        """Answer the request, or queue it behind the one before."""
        request, self._request = self._request, None
        if self._refusal:
            return
        if self._current is None:
            self._begin(request)
        else:
            self._waiting.append(request)
            if len(self._waiting) >= _QUEUED:
                self.transport.pause_reading()

    def _begin(self, request: ProxyRequest) -> None:
        self._current = request
        self._server.begin(self, request)

    def head(
        self, status: int, reason: bytes, headers: Headers, length: bytes | None, out: list[bytes]
    ) -> bool:
        """Put an answer's head into `out`; True if its body must be written in chunks.

        Args:
            length: of its body, where that is known.
        """
        request = self._current
        lines = [b"HTTP/1.1 %d %b" % (status, reason or _reason(status))]
        lines += [b"%b: %b" % pair for pair in headers]
        chunked = length is None and request.modern and status not in (204, 304)
        if length is not None:
            lines.append(b"content-length: " + length)
        elif chunked:
            lines.append(b"transfer-encoding: chunked")
        elif status not in (204, 304):
            request.keep = False
        if not request.keep:
            lines.append(b"connection: close")
        out.append(b"\r\n".join(lines) + b"\r\n\r\n")
        return chunked

    def refuse(self, status: int, why: str, out: list[bytes]) -> None:
        """Put an answer of our own into `out`."""
        kind = "invalid_request_error" if status < 500 else "proxy_error"
        body = orjson.dumps({"error": {"message": why, "type": kind, "code": status}})
        self.reply(status, body, out)

    def reply(self, status: int, body: bytes, out: list[bytes]) -> None:
        """Put a JSON answer of our own into `out`."""
        headers = [(b"content-type", b"application/json")]
        self.head(status, b"", headers, b"%d" % len(body), out)
        out.append(body)

    def answer(self, status: int, value: Any = None, why: str = "") -> None:
        """Answer the request at once, and continue with the next."""
        out: list[bytes] = []
        if why:
            self._server.meters.counts["refused"] += 1
            self.refuse(status, why, out)
        else:
            self.reply(status, orjson.dumps(value), out)
        self.write(b"".join(out))
        self.ended()

    def write(self, raw: bytes) -> None:
        """Write to the caller."""
        if not self.transport.is_closing():
            self.transport.write(raw)

    def ended(self, broken: bool = False) -> None:
        """Continue with the next request; after a broken answer, close."""
        self.exchange = None
        self._since = perf_counter()
        request, self._current = self._current, None
        if broken:
            # A close without the last chunk is how the client learns that more was to come.
            self.transport.close()
        elif request is not None and not request.keep:
            self._closing = True
            self.transport.close()
        elif self._waiting and not self._closing:
            following = self._waiting.popleft()
            self.transport.resume_reading()
            self._begin(following)

    def late(self, now: float) -> bool:
        """Return whether a request takes too long to arrive, or none comes.

        The time counts from its first byte: a client that sends a byte now and then
        would otherwise keep its connection for ever.
        """
        limits = self._server.limits
        if self.exchange is not None or self._current is not None:
            return False
        return now - self._since > (limits.idle_s if self._request is None else limits.read_s)

    def give_up(self) -> None:
        """Close: the request took too long to arrive, or none came."""
        if self._request is None:
            self.transport.close()
        else:
            self._refuse_and_close(408, "the request took too long to arrive")

    def _of_head(self, request: ProxyRequest) -> tuple[int, str] | None:
        names = [key.lower() for key, _ in request.headers]
        if self._parser.should_upgrade():
            return 400, "this speaks HTTP and nothing else"
        for name in _ONCE:
            if names.count(name) > 1:
                return 400, f"more than one {name.decode()}"
        if b"content-length" in names and b"transfer-encoding" in names:
            return 400, "content-length beside transfer-encoding"
        length = request.header(b"content-length")
        if length.isdigit() and int(length) > self._server.limits.body_mb * _MB:
            return self._too_large()
        if request.method not in (b"GET", b"POST", b"DELETE", b"OPTIONS"):
            return 405, f"{request.method.decode('latin-1')} is not passed on"
        return None

    def _too_large(self) -> tuple[int, str]:
        most = self._server.limits.body_mb
        return 413, f"the request is larger than {most} MB (proxy.limits.body_mb)"

    def _refuse_and_close(self, status: int, why: str) -> None:
        """Answer, read on for a moment so that the answer arrives, and close."""
        self._closing = True
        self._server.meters.counts["refused"] += 1
        if self._current is None and not self.transport.is_closing():
            self._current = ProxyRequest(keep=False)
            out: list[bytes] = []
            self.refuse(status, why, out)
            self.transport.write(b"".join(out))
        elif self.exchange is not None:
            self._current.keep = False
            return
        asyncio.get_running_loop().call_later(_LINGER_S, self.transport.close)


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
