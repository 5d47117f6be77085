"""What all connections share: it reads requests, chooses who answers, and keeps what passed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from harness_forge.config.proxy import ProxyConfig
from harness_forge.serving.proxy import keys as key_words
from harness_forge.serving.proxy import pages, privacy
from harness_forge.serving.proxy.door import Door
from harness_forge.serving.proxy.exchange import Exchange
from harness_forge.serving.proxy.guard import Guard
from harness_forge.serving.proxy.keeping import Keeper
from harness_forge.serving.proxy.keys import Keys, Patterns
from harness_forge.serving.proxy.meters import Meters
from harness_forge.serving.proxy.outcomes import posted
from harness_forge.serving.proxy.reading import (
    Ask,
    Refused,
    Request,
    only_method,
    parse,
    path_of,
    read,
)
from harness_forge.serving.proxy.routing import Choice, Router
from harness_forge.serving.proxy.sending import Aliases, NoAliases, Parcel, Sender
from harness_forge.serving.proxy.spool import Spool
from harness_forge.serving.proxy.upstream import Pool

_COUNTED = ("chat", "completion")  # streams that can be asked for token counts


class Gateway:
    """The proxy without its socket.

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
        guard: Guard,
        aliases: Aliases | None = None,
        skill: str = "",
    ) -> None:
        self.config, self.limits = config, config.limits
        self._callers = privacy.CallerKeys(config.key_env)
        self._sender = Sender(config, aliases or NoAliases(), pass_keys=not self._callers)
        self.router = Router(config, guard.out)
        self.pool, self.meters, self.guard = Pool(), Meters(), guard
        self._keeper, self._skill = Keeper(spool, self.meters), skill
        self._patterns = Patterns(config.patterns)
        self._first = next(iter(config.upstreams))
        self._exact = {path for path in config.paths if not path.endswith("*")}
        self._begins = tuple(path[:-1] for path in config.paths if path.endswith("*"))
        self._doors: set[Door] = set()
        self._active: set[Exchange] = set()
        self._shadows = 0
        self._nonce, self._count = os.urandom(4).hex(), 0
        self.began = time.time()
        self.more: Callable[[], dict[str, Any]] = dict

    def new_id(self) -> str:
        """Return a name for a request that sorts by time and that no other has."""
        self._count += 1
        return f"{time.time_ns():016x}-{self._nonce}-{self._count:x}"

    def enter(self, door: Door) -> bool:
        """Take note of a caller; False if there are too many."""
        self._doors.add(door)
        return len(self._doors) <= self.limits.connections

    def leave(self, door: Door) -> None:
        """Take note that a caller is gone."""
        self._doors.discard(door)

    def begin(self, door: Door, request: Request) -> None:
        """Answer a request."""
        arrived = perf_counter()
        try:
            ask = self._understood(door, request, arrived)
            if ask is not None:
                self._ask(door, ask)
        except Refused as refusal:
            door.answer(refusal.args[0], why=refusal.args[1])
        except Exception as error:
            self._keeper.complain(f"fault in a request: {type(error).__name__}: {error}")
            door.answer(500, why="the proxy could not handle this request")

    def _understood(self, door: Door, request: Request, arrived: float) -> Ask | None:
        path, query = path_of(request.target)
        headers = {
            key.decode("latin-1").lower(): value.decode("latin-1") for key, value in request.headers
        }
        if not privacy.addressed(headers.get("host", ""), self.config):
            raise Refused(421, "this is not addressed to the proxy (proxy.hosts)")
        pages.check_origin(headers)
        keys, path = key_words.of_path(path)
        pages.check_method(request.method, only_method(path))
        if path == "/forge/health":
            door.answer(200, self.health(self._callers.admit(headers.get("authorization", ""))))
            return None
        if not self._callers.admit(headers.get("authorization", "")):
            raise Refused(401, "no valid key for the proxy")
        pages.check_body(request.method, headers)
        if path == "/outcomes":
            self._outcomes(door, request, key_words.of_headers(headers).filled(keys))
            return None
        if path not in self._exact and not path.startswith(self._begins or ("\0",)):
            raise Refused(403, f"{path[:100]} is not passed on (proxy.paths)")
        ask = read(request, path, query, headers, keys, arrived)
        if ask.kind and not self.config.bypass:
            parse(ask)
        return ask

    def _ask(self, door: Door, ask: Ask) -> None:
        if self._keeper.blocked and not self.config.fail_open and ask.kind:
            raise Refused(503, "requests cannot be captured (proxy.fail_open=false)")
        choice, parcel = Choice(self._first), None
        if ask.kind:
            try:
                choose = self._followed if self.config.bypass else self._chosen
                choice, parcel = choose(ask)
            except Refused:
                raise
            except Exception as error:
                self._keeper.trouble("routing", error)
                if not self.config.fail_open:
                    why = "the proxy cannot route requests (proxy.fail_open=false)"
                    raise Refused(503, why) from error
        parcel = parcel or self._sender.as_it_came(ask, choice)
        exchange = self._start(door, ask, choice, parcel)
        self.meters.counts["requests"] += 1
        if choice.shadow:
            self._shadow(ask, choice, exchange.id)

    def _start(
        self,
        door: Door | None,
        ask: Ask,
        choice: Choice,
        parcel: Parcel,
        because: dict[str, str] | None = None,
    ) -> Exchange:
        exchange = Exchange(self, door, ask, choice, parcel, because)
        self._active.add(exchange)
        if door is not None:
            door.exchange = exchange
        exchange.start()
        return exchange

    def _chosen(self, ask: Ask) -> tuple[Choice, Parcel]:
        if self._patterns and self.router.lacks(ask.keys):
            ask.keys = ask.keys.filled(self._patterns.find(ask.value, ask.keys.skill))
        choice = self.router.choose(ask.model, ask.keys)
        ask.usage = self._should_ask(ask)
        parcel = self._sender.parcel(ask, choice)
        if choice.place and ask.keys.item:
            key = (ask.keys.run, ask.keys.item, max(ask.keys.attempt, 1))
            self.guard.remember(key, choice.place)
        return choice, parcel

    def _followed(self, ask: Ask) -> tuple[Choice, Parcel]:
        """Return where a bypassed request goes: an alias is followed, all else is as it came."""
        choice = Choice(self._first)
        with suppress(Refused):
            parse(ask)
        return choice, self._sender.parcel(ask, choice)

    def _should_ask(self, ask: Ask) -> bool:
        if not (self.config.ask_usage and self.config.capture and ask.stream):
            return False
        said = ask.value.get("stream_options")
        wanted = isinstance(said, dict) and said.get("include_usage") is not None
        return ask.kind in _COUNTED and not wanted and isinstance(said, dict | None)

    def _shadow(self, ask: Ask, choice: Choice, first: str) -> None:
        if self._shadows >= self.limits.shadows:
            self.meters.counts["shadows_left_out"] += 1
            return
        other = self.router.arm(choice.route, choice.shadow, choice)
        try:
            self._again(None, ask, other, {"shadow_of": first})
            self._shadows += 1
        except Exception as error:
            self._keeper.complain(f"fault in a shadow: {type(error).__name__}: {error}")

    def escalate(self, exchange: Exchange) -> None:
        """Ask the arm that stands in for one that failed."""
        before = exchange.choice
        door = exchange.close_without_answer()
        self.meters.counts["escalated"] += 1
        choice = self.router.arm(before.route, before.fallback, before)
        try:
            self._again(door, exchange.ask, choice, {"escalated_from": exchange.id})
        except Exception as error:
            self._keeper.complain(f"fault in an escalation: {type(error).__name__}: {error}")
            door.answer(502, why="no arm of the route can answer")

    def _again(self, door: Door | None, ask: Ask, choice: Choice, because: dict[str, str]) -> None:
        self._start(door, ask, choice, self._sender.parcel(ask, choice), because)

    def finished(
        self, exchange: Exchange, record: dict[str, Any], pieces: Sequence[bytes], gone: bool
    ) -> None:
        """Keep what passed; called before the caller sees the end."""
        self._active.discard(exchange)
        self._sender.done(exchange.parcel)
        self._shadows -= "shadow_of" in record
        counts, status = self.meters.counts, record["status"]
        self.meters.statuses[status] += 1
        counts["faults"] += bool(record["fault"]) and not gone
        if exchange.choice.place and not gone:
            failed = bool(record["fault"]) or status >= 500
            first = record["first_s"] or record["total_s"]
            self.guard.answered(exchange.choice.place, failed, first, record["total_s"])
        if exchange.ask.kind and self._keeper and not self.config.bypass:
            record["purpose"] = self.config.purpose
            record["skill"] = self._skill
            self._keeper.keep(record, exchange.ask.body, b"".join(pieces))

    def _outcomes(self, door: Door, request: Request, keys: Keys) -> None:
        made = posted(b"".join(request.pieces), keys)
        if not self._keeper:
            raise Refused(409, "nothing is captured, so there is nothing to join outcomes to")
        for one in made:
            one |= {"type": "outcome", "id": self.new_id(), "at": time.time_ns()}
            one |= {"skill": one["keys"].get("skill") or self._skill}
            if not self._keeper.keep(one, b"", b""):
                raise Refused(507, "the spool cannot take it; post it again later")
            known = one["keys"]
            self.guard.judged(
                (known.get("run", ""), known["item"], known["attempt"]), one["passed"]
            )
        self.meters.counts["outcomes"] += len(made)
        door.answer(202, {"taken": len(made)})

    def health(self, whole: bool = True) -> dict[str, Any]:
        """Return how the proxy does, as JSON.

        Args:
            whole: with numbers; only whether it is well otherwise.
        """
        state = "bypassed" if self.config.bypass else "sick" if self._keeper.sick else "well"
        if not whole:
            return {"state": state}
        return {
            "state": state,
            "why": self._keeper.sick,
            "up_s": round(time.time() - self.began, 1),
            "active": len(self._active),
            "connections": len(self._doors),
            "spool_bytes": self._keeper.waiting(),
            **self.meters.told(),
            "arms": self.guard.told(),
            **self.more(),
        }

    def sweep(self) -> None:
        """End what has taken too long; called once a second."""
        self._keeper.blocked = False
        now = perf_counter()
        for exchange in [one for one in self._active if one.late(now)]:
            exchange.give_up(exchange.late(now))
        for door in [one for one in self._doors if one.late(now)]:
            door.give_up()
        self.pool.sweep(now)

    def close(self) -> None:
        """End every request under way, kept as far as it came."""
        for exchange in list(self._active):
            exchange.give_up("the proxy was stopped")
        for door in list(self._doors):
            door.transport.abort()
        self.pool.close()

    def release(self) -> None:
        """Let another proxy have the spool."""
        self._keeper.close()
