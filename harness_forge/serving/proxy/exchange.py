"""One request to a server, and its answer back to the client."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any, Protocol

from harness_forge.config.proxy import LimitsConfig
from harness_forge.core.chat.sse import UsageFilter
from harness_forge.serving.proxy.client_connection import ClientConnection
from harness_forge.serving.proxy.meters import Meters
from harness_forge.serving.proxy.request import ParsedRequest
from harness_forge.serving.proxy.routing import Choice
from harness_forge.serving.proxy.upstream import Connection, ConnectionPool, Headers, end_to_end
from harness_forge.serving.proxy.upstream_request import UpstreamRequest

_MB = 1 << 20


class ExchangeOwner(Protocol):
    """The object that starts exchanges and receives their results."""

    limits: LimitsConfig
    meters: Meters
    pool: ConnectionPool

    def new_id(self) -> str:
        """Return a unique id."""

    def escalate(self, exchange: Exchange) -> None:
        """Ask another arm instead: this one failed before a byte was shown."""

    def finished(
        self, exchange: Exchange, record: dict[str, Any], pieces: Sequence[bytes], gone: bool
    ) -> None:
        """Store the exchange; called before the client sees its end."""


class Exchange:
    """Sends a request to one server and streams the answer to the client.

    Args:
        client: None for a shadow request, with an answer that is only stored.
        upstream_request: what is sent, and where to.
        origin: `shadow_of` or `escalated_from`, with the id of that exchange.
    """

    def __init__(
        self,
        owner: ExchangeOwner,
        client: ClientConnection | None,
        parsed: ParsedRequest,
        choice: Choice,
        upstream_request: UpstreamRequest,
        origin: dict[str, str] | None = None,
    ) -> None:
        self._owner, self._client, self.parsed, self.choice = owner, client, parsed, choice
        self.upstream_request, self._origin = upstream_request, origin or {}
        self.id = owner.new_id()
        self.sent_model = choice.model or parsed.model
        self.begun = perf_counter()
        self.moved = self.begun
        self._connection: Connection | None = None
        self._retried = self._hidden = self._shown = self._over = False
        self._status, self._headers = 0, {}
        self._pieces: list[bytes] = []
        self._size, self._chunks = 0, 0
        self._out: list[bytes] = []
        self._first: float | None = None
        self._waiting_s = 0.0
        self._filter: UsageFilter | None = None
        self._chunked = False
        self._came = 0.0
        self.fault = ""

    def start(self) -> None:
        """Send the request on an idle or a new connection."""
        connection = self._owner.pool.idle(self.upstream_request.address)
        if connection is not None:
            self._send(connection)
        else:
            self._owner.pool.connect(self.upstream_request.address, self)

    def connected(self, connection: Connection) -> None:
        """Send the request on a connection that was just made."""
        if self._over:
            self._owner.pool.give_back(connection)
        else:
            self._send(connection)

    def unreachable(self, why: str) -> None:
        """Fail: the server cannot be reached."""
        self._fail(f"{self.choice.upstream} cannot be reached: {why}"[:300])
        self.flush()

    def _send(self, connection: Connection) -> None:
        self._connection = connection
        now = perf_counter()
        if self._client is not None and not self._retried:
            self._owner.meters.before.add(now - self.parsed.arrived)
            self._waiting_s = now - self.parsed.arrived
        connection.send(self, self.upstream_request.head, self.upstream_request.body)

    def on_head(self, status: int, reason: bytes, headers: Headers, sized: bool) -> None:
        """Pass the head on, unless another arm will be asked."""
        self._came = perf_counter()
        self._status = status
        self._headers = {key.decode("latin-1").lower(): value for key, value in headers}
        kind = self._headers.get("content-type", b"")
        self._hidden = self._client is None or (status >= 500 and bool(self.choice.fallback))
        if self._hidden:
            return
        if self.parsed.usage and kind.startswith(b"text/event-stream"):
            self._filter = UsageFilter()
            sized = False
        length = self._headers.get("content-length") if sized else None
        self._chunked = self._client.head(status, reason, end_to_end(headers), length, self._out)
        self._shown = True

    def on_piece(self, data: bytes) -> None:
        """Store a piece and pass it on."""
        self._came = self.moved = perf_counter()
        if self._first is None:
            self._first = self._came
        self._chunks += 1
        self._size += len(data)
        if self._size <= self._owner.limits.answer_mb * _MB:
            self._pieces.append(data)
        if not self._hidden:
            self._show(self._filter.feed(data) if self._filter else data)

    def on_end(self) -> None:
        """Store the answer, then let the client see its end."""
        if self._filter:
            self._show(self._filter.rest())
        if self._hidden and self._client is not None:
            self._owner.escalate(self)
            return
        self._finish()
        if self._shown:
            self._out.append(b"0\r\n\r\n" if self._chunked else b"")

    def on_lost(self, why: str) -> None:
        """Retry if the server had only closed an idle connection, else fail."""
        connection = self._connection
        if connection is not None and connection.used > 1 and not (self._status or self._retried):
            self._retried = True
            self._owner.pool.connect(self.upstream_request.address, self)
            return
        self._fail(why)

    def flush(self) -> None:
        """Write what came with one packet in one call."""
        client = self._client
        if client is None:
            return
        if self._out:
            raw, self._out = b"".join(self._out), []
            client.write(raw)
            if self._came:
                meter = self._owner.meters.last if self._over else self._owner.meters.first
                if self._over or self._chunks == 1:
                    meter.add(perf_counter() - self._came)
        if self._over:
            self._client = None
            client.ended(broken=bool(self.fault))

    def caller_gone(self) -> None:
        """Cancel: the client is gone."""
        if not self._over:
            self.fault = self.fault or "the caller hung up"
            self._owner.meters.counts["callers_gone"] += 1
            self._drop()
            self._client = None
            self._finish(gone=True)

    def pause(self, paused: bool) -> None:
        """Pause the server while the client does not read."""
        if self._connection is not None and self._connection.owner is self:
            transport = self._connection.transport
            (transport.pause_reading if paused else transport.resume_reading)()

    def late(self, now: float) -> str:
        """Return which time limit was exceeded; '' for none."""
        limits = self._owner.limits
        if now - self.begun > limits.total_s:
            return f"took more than {limits.total_s:g} s"
        if self._first is None and now - self.begun > limits.first_byte_s:
            return f"began no answer within {limits.first_byte_s:g} s"
        if self._first is not None and now - self.moved > limits.idle_s:
            return f"sent nothing for {limits.idle_s:g} s"
        return ""

    def give_up(self, why: str) -> None:
        """Fail: it took too long."""
        self._drop()
        self._fail(f"{self.choice.upstream} {why}")
        self.flush()

    def close_without_answer(self) -> ClientConnection | None:
        """End this attempt and return the client, which still waits."""
        client, self._client = self._client, None
        self._finish()
        return client

    def _show(self, data: bytes) -> None:
        if data:
            self._out.append(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def _fail(self, why: str) -> None:
        if self._over:
            return
        self.fault = why
        if self._client is not None and not self._shown and self.choice.fallback:
            self._owner.escalate(self)
            return
        if self._filter:
            self._show(self._filter.rest())
        client = self._client
        self._finish()
        if client is not None and not self._shown:
            self._out = []
            self.fault = ""  # the client gets a complete answer, ours
            client.refuse(502, why, self._out)

    def _drop(self) -> None:
        if self._connection is not None and self._connection.owner is self:
            self._connection.drop()

    def _finish(self, gone: bool = False) -> None:
        if self._over:
            return
        self._over = True
        self._owner.finished(self, self._record(), self._pieces, gone)

    def draw(self) -> dict[str, Any]:
        """Return what is known of the exchange when its arm has been drawn."""
        parsed, choice = self.parsed, self.choice
        keys = {name: getattr(parsed.keys, name) for name in parsed.keys.__dataclass_fields__}
        return {
            "type": "draw",
            "id": self.id,
            "at": parsed.at,
            "keys": {name: value for name, value in keys.items() if value},
            "route": choice.route,
            "arm": choice.arm,
            "probability": choice.probability,
            "sticky": choice.sticky,
        }

    def _record(self) -> dict[str, Any]:
        parsed, choice, now = self.parsed, self.choice, perf_counter()
        first = None if self._first is None else self._first - self.begun
        return {
            **self.draw(),
            "type": "exchange",
            "path": parsed.path,
            "kind": parsed.kind,
            "headers": parsed.kept,
            "upstream": choice.upstream,
            "asked": parsed.model,
            "sent": self.sent_model,
            "stream": parsed.stream,
            "usage_asked": parsed.usage,
            "status": self._status,
            "fault": self.fault,
            "content_type": self._headers.get("content-type", b"").decode("latin-1"),
            "content_encoding": self._headers.get("content-encoding", b"").decode("latin-1"),
            "chunks": self._chunks,
            "cut": self._size > self._owner.limits.answer_mb * _MB,
            "before_s": round(self._waiting_s, 6),
            "first_s": None if first is None else round(first, 6),
            "total_s": round(now - self.begun, 6),
            **self._origin,
        }
