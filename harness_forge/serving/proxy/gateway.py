"""The proxy without its socket: reads requests, chooses the server, stores what passed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from harness_forge.config.proxy import ProxyConfig
from harness_forge.serving.proxy import privacy, web_pages
from harness_forge.serving.proxy.client_connection import ClientConnection
from harness_forge.serving.proxy.exchange import Exchange
from harness_forge.serving.proxy.guard import ArmGuard
from harness_forge.serving.proxy.keys import Patterns, RequestKeys, keys_of_headers, keys_of_path
from harness_forge.serving.proxy.meters import Meters
from harness_forge.serving.proxy.ordered_time import now_ns
from harness_forge.serving.proxy.outcomes import posted
from harness_forge.serving.proxy.request import (
    ParsedRequest,
    ProxyRequest,
    RequestRefused,
    only_method,
    parse,
    path_of,
    read,
)
from harness_forge.serving.proxy.routing import Choice, Router
from harness_forge.serving.proxy.spool import Spool
from harness_forge.serving.proxy.spool_writer import SpoolWriter
from harness_forge.serving.proxy.upstream import ConnectionPool
from harness_forge.serving.proxy.upstream_request import Aliases, NoAliases, Sender, UpstreamRequest

_COUNTED = ("chat", "completion")  # streams that can be asked for token counts


class Gateway:
    """Handles the requests of all client connections.

    Args:
        spool: where captured requests go; None keeps nothing.
        guard: watches the arms.
        aliases: names that stand for models.
        skill: of requests that name none.

    Raises:
        ConfigError: an upstream is elsewhere, a route or a pattern is wrong.
    """

    def __init__(
        self,
        config: ProxyConfig,
        spool: Spool | None,
        guard: ArmGuard,
        aliases: Aliases | None = None,
        skill: str = "",
    ) -> None:
        self.config, self.limits = config, config.limits
        self._callers = privacy.CallerKeys(config.key_env)
        self._sender = Sender(config, aliases or NoAliases(), pass_keys=not self._callers)
        self.router = Router(config, guard.out)
        self.pool, self.meters, self.guard = ConnectionPool(), Meters(), guard
        self._spool_writer, self._skill = SpoolWriter(spool, self.meters), skill
        self._patterns = Patterns(config.patterns)
        self._first = next(iter(config.upstreams))
        self._exact = {path for path in config.paths if not path.endswith("*")}
        self._begins = tuple(path[:-1] for path in config.paths if path.endswith("*"))
        self._clients: set[ClientConnection] = set()
        self._active: set[Exchange] = set()
        self._shadows = 0
        self._nonce, self._count = os.urandom(4).hex(), 0
        self.began = perf_counter()
        self.more: Callable[[], dict[str, Any]] = dict

    def new_id(self) -> str:
        """Return a unique id that sorts by time."""
        self._count += 1
        return f"{now_ns():016x}-{self._nonce}-{self._count:x}"

    def enter(self, client: ClientConnection) -> bool:
        """Register a client; False if there are too many."""
        self._clients.add(client)
        return len(self._clients) <= self.limits.connections

    def leave(self, client: ClientConnection) -> None:
        """Remove a client."""
        self._clients.discard(client)

    def begin(self, client: ClientConnection, request: ProxyRequest) -> None:
        """Answer a request."""
        arrived = perf_counter()
        try:
            parsed = self._understood(client, request, arrived)
            if parsed is not None:
                self._answer(client, parsed)
        except RequestRefused as refusal:
            client.answer(refusal.args[0], why=refusal.args[1])
        except Exception as error:
            self._spool_writer.warn(f"fault in a request: {type(error).__name__}: {error}")
            client.answer(500, why="the proxy could not handle this request")

    def _understood(
        self, client: ClientConnection, request: ProxyRequest, arrived: float
    ) -> ParsedRequest | None:
        path, query = path_of(request.target)
        headers = {
            key.decode("latin-1").lower(): value.decode("latin-1") for key, value in request.headers
        }
        if not privacy.addressed(headers.get("host", ""), self.config):
            raise RequestRefused(421, "this is not addressed to the proxy (proxy.hosts)")
        web_pages.check_origin(headers)
        keys, path = keys_of_path(path)
        web_pages.check_method(request.method, only_method(path))
        if path == "/forge/health":
            client.answer(200, self.health(self._callers.admit(privacy.key_in(headers))))
            return None
        if not self._callers.admit(privacy.key_in(headers)):
            raise RequestRefused(401, "no valid key for the proxy")
        web_pages.check_body(request.method, headers)
        if path == "/outcomes":
            self._outcomes(client, request, keys_of_headers(headers).filled(keys))
            return None
        if path not in self._exact and not path.startswith(self._begins or ("\0",)):
            raise RequestRefused(403, f"{path[:100]} is not passed on (proxy.paths)")
        parsed = read(request, path, query, headers, keys, arrived)
        if parsed.kind and not self.config.bypass:
            parse(parsed)
        return parsed

    def _answer(self, client: ClientConnection, parsed: ParsedRequest) -> None:
        if self._spool_writer.blocked and not self.config.fail_open and parsed.kind:
            raise RequestRefused(503, "requests cannot be captured (proxy.fail_open=false)")
        choice, upstream_request = Choice(self._first), None
        if parsed.kind:
            try:
                choose = self._resolve_alias if self.config.bypass else self._chosen
                choice, upstream_request = choose(parsed)
            except RequestRefused:
                raise
            except Exception as error:
                self._spool_writer.report_fault("routing", error)
                if not self.config.fail_open:
                    why = "the proxy cannot route requests (proxy.fail_open=false)"
                    raise RequestRefused(503, why) from error
        upstream_request = upstream_request or self._sender.as_it_came(parsed, choice)
        exchange = self._start(client, parsed, choice, upstream_request)
        self.meters.counts["requests"] += 1
        if choice.place and choice.probability < 1:
            self._note_draw(exchange)
        if choice.shadow:
            self._shadow(parsed, choice, exchange.id)

    def _note_draw(self, exchange: Exchange) -> None:
        """Write which arm was drawn now: the capture comes when the answer has ended."""
        if self._spool_writer and not self.config.bypass:
            self._spool_writer.note(exchange.draw() | {"skill": self._skill})

    def _start(
        self,
        client: ClientConnection | None,
        parsed: ParsedRequest,
        choice: Choice,
        upstream_request: UpstreamRequest,
        origin: dict[str, str] | None = None,
    ) -> Exchange:
        exchange = Exchange(self, client, parsed, choice, upstream_request, origin)
        self._active.add(exchange)
        if client is not None:
            client.exchange = exchange
        exchange.start()
        return exchange

    def _chosen(self, parsed: ParsedRequest) -> tuple[Choice, UpstreamRequest]:
        if self._patterns and self.router.lacks(parsed.keys):
            self._find_keys(parsed)
        choice = self.router.choose(parsed.model, parsed.keys, parsed.value)
        if self._patterns and choice.place and choice.probability < 1:
            self._find_keys(parsed)  # the draw's record names the item
        parsed.usage = self._should_ask(parsed)
        upstream_request = self._sender.upstream_request(parsed, choice)
        if choice.place and parsed.keys.item:
            key = (parsed.keys.run, parsed.keys.item, max(parsed.keys.attempt, 1))
            self.guard.remember(key, choice.place)
        return choice, upstream_request

    def _find_keys(self, parsed: ParsedRequest) -> None:
        parsed.keys = parsed.keys.filled(self._patterns.find(parsed.value, parsed.keys.skill))

    def _resolve_alias(self, parsed: ParsedRequest) -> tuple[Choice, UpstreamRequest]:
        """Return where a request goes in bypass mode: only aliases are resolved."""
        choice = Choice(self._first)
        with suppress(RequestRefused):
            parse(parsed)
        return choice, self._sender.upstream_request(parsed, choice)

    def _should_ask(self, parsed: ParsedRequest) -> bool:
        if not (self.config.ask_usage and self.config.capture and parsed.stream):
            return False
        said = parsed.value.get("stream_options")
        wanted = isinstance(said, dict) and said.get("include_usage") is not None
        return parsed.kind in _COUNTED and not wanted and isinstance(said, dict | None)

    def _shadow(self, parsed: ParsedRequest, choice: Choice, first: str) -> None:
        if self._shadows >= self.limits.shadows:
            self.meters.counts["shadows_left_out"] += 1
            return
        other = self.router.arm(choice.route, choice.shadow, choice)
        try:
            self._start_other(None, parsed, other, {"shadow_of": first})
            self._shadows += 1
        except Exception as error:
            self._spool_writer.warn(f"fault in a shadow: {type(error).__name__}: {error}")

    def escalate(self, exchange: Exchange) -> None:
        """Send the request to the fallback of an arm that failed."""
        before = exchange.choice
        client = exchange.close_without_answer()
        self.meters.counts["escalated"] += 1
        choice = self.router.arm(before.route, before.fallback, before)
        try:
            self._start_other(client, exchange.parsed, choice, {"escalated_from": exchange.id})
        except Exception as error:
            self._spool_writer.warn(f"fault in an escalation: {type(error).__name__}: {error}")
            client.answer(502, why="no arm of the route can answer")

    def _start_other(
        self,
        client: ClientConnection | None,
        parsed: ParsedRequest,
        choice: Choice,
        origin: dict[str, str],
    ) -> None:
        self._start(client, parsed, choice, self._sender.upstream_request(parsed, choice), origin)

    def finished(
        self, exchange: Exchange, record: dict[str, Any], pieces: Sequence[bytes], gone: bool
    ) -> None:
        """Store the exchange; called before the client sees its end."""
        self._active.discard(exchange)
        self._sender.done(exchange.upstream_request)
        self._shadows -= "shadow_of" in record
        counts, status = self.meters.counts, record["status"]
        self.meters.statuses[status] += 1
        counts["faults"] += bool(record["fault"]) and not gone
        if exchange.choice.place and not gone:
            failed = bool(record["fault"]) or status >= 500
            first = record["first_s"] or record["total_s"]
            self.guard.answered(exchange.choice.place, failed, first, record["total_s"])
        if exchange.parsed.kind and self._spool_writer and not self.config.bypass:
            record["purpose"] = self.config.purpose
            record["skill"] = self._skill
            self._spool_writer.write(record, exchange.parsed.body, b"".join(pieces))

    def _outcomes(self, client: ClientConnection, request: ProxyRequest, keys: RequestKeys) -> None:
        made = posted(b"".join(request.pieces), keys)
        if not self._spool_writer:
            raise RequestRefused(
                409, "nothing is captured, so there is nothing to join outcomes to"
            )
        for one in made:
            one |= {"type": "outcome", "id": self.new_id(), "at": now_ns()}
            one |= {"skill": one["keys"].get("skill") or self._skill}
            if not self._spool_writer.write(one, b"", b""):
                raise RequestRefused(507, "the spool cannot take it; post it again later")
            known = one["keys"]
            self.guard.judged(
                (known.get("run", ""), known["item"], known["attempt"]), one["passed"]
            )
        self.meters.counts["outcomes"] += len(made)
        client.answer(202, {"taken": len(made)})

    def health(self, whole: bool = True) -> dict[str, Any]:
        """Return the state of the proxy, as JSON.

        Args:
            whole: with all figures; else only the state.
        """
        state = "bypassed" if self.config.bypass else "sick" if self._spool_writer.fault else "well"
        if not whole:
            return {"state": state}
        return {
            "state": state,
            "why": self._spool_writer.fault,
            "up_s": round(perf_counter() - self.began, 1),
            "active": len(self._active),
            "connections": len(self._clients),
            "spool_bytes": self._spool_writer.waiting(),
            **self.meters.as_dict(),
            "arms": self.guard.as_dict(),
            **self.more(),
        }

    def sweep(self) -> None:
        """Cancel what exceeds its time limit; called once a second."""
        self._spool_writer.blocked = False
        now = perf_counter()
        for exchange in [one for one in self._active if one.late(now)]:
            exchange.give_up(exchange.late(now))
        for client in [one for one in self._clients if one.late(now)]:
            client.give_up()
        self.pool.sweep(now)

    def close(self) -> None:
        """Cancel every open request; what arrived of it is stored."""
        for exchange in list(self._active):
            exchange.give_up("the proxy was stopped")
        for client in list(self._clients):
            client.transport.abort()
        self.pool.close()

    def release(self) -> None:
        """Release the spool for another proxy."""
        self._spool_writer.close()
