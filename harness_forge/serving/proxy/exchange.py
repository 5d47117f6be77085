"""One request on its way to a server, and the answer on its way back."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any, Protocol

from harness_forge.config.proxy import LimitsConfig
from harness_forge.core.chat.sse import UsageFilter
from harness_forge.serving.proxy.door import Door
from harness_forge.serving.proxy.meters import Meters
from harness_forge.serving.proxy.reading import Ask
from harness_forge.serving.proxy.routing import Choice
from harness_forge.serving.proxy.sending import Parcel
from harness_forge.serving.proxy.upstream import Connection, Headers, Pool, end_to_end

_MB = 1 << 20


class DatasetWriter(Protocol):
    """Who gave the exchange its task, and hears what became of it."""

    limits: LimitsConfig
    meters: Meters
    pool: Pool

    def new_id(self) -> str:
        """Return a name that no other exchange has."""

    def escalate(self, exchange: Exchange) -> None:
        """Ask another arm instead: this one failed before a byte was shown."""

    def finished(
        self, exchange: Exchange, record: dict[str, Any], pieces: Sequence[bytes], gone: bool
    ) -> None:
        """Keep what passed; called before the caller sees the end."""


class Exchange:
    """Asks one server and hands the answer on as it comes.

    Args:
        door: the caller; None where nobody sees the answer.
        parcel: what is sent, and where to.
        because: id of the exchange that this one shadows or follows, by which of the two.
    """

    def __init__(
        self,
        desk: DatasetWriter,
        door: Door | None,
        ask: Ask,
        choice: Choice,
        parcel: Parcel,
        because: dict[str, str] | None = None,
    ) -> None:
        self._desk, self._door, self.ask, self.choice = desk, door, ask, choice
        self.parcel, self._because = parcel, because or {}
        self.id = desk.new_id()
        self.sent_model = choice.model or ask.model
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
        """Ask."""
        connection = self._desk.pool.idle(self.parcel.address)
        if connection is not None:
            self._send(connection)
        else:
            self._desk.pool.connect(self.parcel.address, self)

    def connected(self, connection: Connection) -> None:
        """Ask on a connection that was just made."""
        if self._over:
            self._desk.pool.give_back(connection)
        else:
            self._send(connection)

    def unreachable(self, why: str) -> None:
        """End: the server is not there."""
        self._fail(f"{self.choice.upstream} cannot be reached: {why}"[:300])
        self.flush()

    def _send(self, connection: Connection) -> None:
        self._connection = connection
        now = perf_counter()
        if self._door is not None and not self._retried:
            self._desk.meters.before.add(now - self.ask.arrived)
            self._waiting_s = now - self.ask.arrived
        connection.send(self, self.parcel.head, self.parcel.body)

    def on_head(self, status: int, reason: bytes, headers: Headers, sized: bool) -> None:
        """Pass the head on, unless another arm is asked instead."""
        self._came = perf_counter()
        self._status = status
        self._headers = {key.decode("latin-1").lower(): value for key, value in headers}
        kind = self._headers.get("content-type", b"")
        self._hidden = self._door is None or (status >= 500 and bool(self.choice.fallback))
        if self._hidden:
            return
        if self.ask.usage and kind.startswith(b"text/event-stream"):
            self._filter = UsageFilter()
            sized = False
        length = self._headers.get("content-length") if sized else None
        self._chunked = self._door.head(status, reason, end_to_end(headers), length, self._out)
        self._shown = True

    def on_piece(self, data: bytes) -> None:
        """Keep a piece and pass it on."""
        self._came = self.moved = perf_counter()
        if self._first is None:
            self._first = self._came
        self._chunks += 1
        self._size += len(data)
        if self._size <= self._desk.limits.answer_mb * _MB:
            self._pieces.append(data)
        if not self._hidden:
            self._show(self._filter.feed(data) if self._filter else data)

    def on_end(self) -> None:
        """Keep the whole, then let the caller see its end."""
        if self._filter:
            self._show(self._filter.rest())
        if self._hidden and self._door is not None:
            self._desk.escalate(self)
            return
        self._finish()
        if self._shown:
            self._out.append(b"0\r\n\r\n" if self._chunked else b"")

    def on_lost(self, why: str) -> None:
        """Ask again if the server had only closed an idle connection, else end."""
        connection = self._connection
        if connection is not None and connection.used > 1 and not (self._status or self._retried):
            self._retried = True
            self._desk.pool.connect(self.parcel.address, self)
            return
        self._fail(why)

    def flush(self) -> None:
        """Write what one packet brought, in one go."""
        door = self._door
        if door is None:
            return
        if self._out:
            raw, self._out = b"".join(self._out), []
            door.write(raw)
            if self._came:
                meter = self._desk.meters.last if self._over else self._desk.meters.first
                if self._over or self._chunks == 1:
                    meter.add(perf_counter() - self._came)
        if self._over:
            self._door = None
            door.ended(broken=bool(self.fault))

    def caller_gone(self) -> None:
        """End: nobody waits any more."""
        if not self._over:
            self.fault = self.fault or "the caller hung up"
            self._desk.meters.counts["callers_gone"] += 1
            self._drop()
            self._door = None
            self._finish(gone=True)

    def pause(self, paused: bool) -> None:
        """Let the server wait while the caller does not read."""
        if self._connection is not None and self._connection.owner is self:
            transport = self._connection.transport
            (transport.pause_reading if paused else transport.resume_reading)()

    def late(self, now: float) -> str:
        """Return why this has taken too long; '' where it has not."""
        limits = self._desk.limits
        if now - self.begun > limits.total_s:
            return f"took more than {limits.total_s:g} s"
        if self._first is None and now - self.begun > limits.first_byte_s:
            return f"began no answer within {limits.first_byte_s:g} s"
        if self._first is not None and now - self.moved > limits.idle_s:
            return f"sent nothing for {limits.idle_s:g} s"
        return ""

    def give_up(self, why: str) -> None:
        """End: it took too long."""
        self._drop()
        self._fail(f"{self.choice.upstream} {why}")
        self.flush()

    def close_without_answer(self) -> Door | None:
        """End this try and return the caller, who still waits."""
        door, self._door = self._door, None
        self._finish()
        return door

    def _show(self, data: bytes) -> None:
        if data:
            self._out.append(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def _fail(self, why: str) -> None:
        if self._over:
            return
        self.fault = why
        if self._door is not None and not self._shown and self.choice.fallback:
            self._desk.escalate(self)
            return
        if self._filter:
            self._show(self._filter.rest())
        door = self._door
        self._finish()
        if door is not None and not self._shown:
            self._out = []
            self.fault = ""  # the caller gets a whole answer, ours
            door.refuse(502, why, self._out)

    def _drop(self) -> None:
        if self._connection is not None and self._connection.owner is self:
            self._connection.drop()

    def _finish(self, gone: bool = False) -> None:
        if self._over:
            return
        self._over = True
        self._desk.finished(self, self._record(), self._pieces, gone)

    def _record(self) -> dict[str, Any]:
        ask, choice, now = self.ask, self.choice, perf_counter()
        keys = {name: getattr(ask.keys, name) for name in ask.keys.__dataclass_fields__}
        first = None if self._first is None else self._first - self.begun
        return {
            "type": "exchange",
            "id": self.id,
            "at": ask.at,
            "path": ask.path,
            "kind": ask.kind,
            "keys": {name: value for name, value in keys.items() if value},
            "headers": ask.kept,
            "route": choice.route,
            "arm": choice.arm,
            "probability": choice.probability,
            "sticky": choice.sticky,
            "upstream": choice.upstream,
            "asked": ask.model,
            "sent": self.sent_model,
            "stream": ask.stream,
            "usage_asked": ask.usage,
            "status": self._status,
            "fault": self.fault,
            "content_type": self._headers.get("content-type", b"").decode("latin-1"),
            "content_encoding": self._headers.get("content-encoding", b"").decode("latin-1"),
            "chunks": self._chunks,
            "cut": self._size > self._desk.limits.answer_mb * _MB,
            "before_s": round(self._waiting_s, 6),
            "first_s": None if first is None else round(first, 6),
            "total_s": round(now - self.begun, 6),
            **self._because,
        }
