"""A request as its server gets it: which address, whose key, which model in the body."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from harness_forge.config.proxy import ProxyConfig
from harness_forge.serving.proxy import body as bodies
from harness_forge.serving.proxy import privacy
from harness_forge.serving.proxy.reading import Ask, Refused
from harness_forge.serving.proxy.routing import Choice
from harness_forge.serving.proxy.upstream import Address


class Aliases(Protocol):
    """Names that stand for a model on a server, see the serving family."""

    def take(self, name: str) -> Any:
        """Return what a name stands for and hold it; None for no alias."""

    def give_back(self, target: Any) -> None:
        """End what `take` began."""


class NoAliases:
    """Every name stands for itself."""

    def take(self, name: str) -> None:
        """Return None."""

    def give_back(self, target: Any) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A request ready to be sent.

    Args:
        head, body: its bytes.
        lease: of the alias that led to the address; None for none.
    """

    address: Address
    head: bytes
    body: bytes
    lease: Any = None


class Sender:
    """Makes parcels.

    Args:
        aliases: names that stand for models.
        pass_keys: callers' own keys may be passed on: none is the proxy's.

    Raises:
        ConfigError: an upstream is elsewhere and was not allowed by name.
    """

    def __init__(self, config: ProxyConfig, aliases: Aliases, pass_keys: bool) -> None:
        for name, one in config.upstreams.items():
            privacy.check_upstream(name, one.url, config.allow_remote)
        self._config, self._aliases, self._pass_keys = config, aliases, pass_keys
        self._addresses = {name: Address.of(one.url) for name, one in config.upstreams.items()}
        self._keys = {
            name: f"Bearer {os.environ.get(one.key_env, '')}".encode() if one.key_env else b""
            for name, one in config.upstreams.items()
        }

    def as_it_came(self, ask: Ask, choice: Choice) -> Parcel:
        """Return a request with the body that the caller sent."""
        return self._parcel(ask, choice, self._addresses[choice.upstream], ask.body)

    def parcel(self, ask: Ask, choice: Choice) -> Parcel:
        """Return a request with the chosen model, to where an alias leads, if it is one.

        Raises:
            Refused: an alias stands for a server that is not allowed.
        """
        model = choice.model or ask.model
        address, lease = self._addresses[choice.upstream], None
        if model and (lease := self._aliases.take(model)) is not None:
            model, address = lease.model, Address.of(lease.url)
            host = urlsplit(lease.url).hostname or ""
            if not privacy.is_local(host) and host not in self._config.allow_remote:
                self._aliases.give_back(lease)
                raise Refused(502, f"alias {ask.model} stands for a server that is not allowed")
        body = bodies.with_model(ask.body, model) if model != ask.model else ask.body
        if ask.usage:
            body = bodies.with_usage(body, ask.value.get("stream_options"))
        return self._parcel(ask, choice, address, body, lease)

    def done(self, parcel: Parcel) -> None:
        """Take note that the answer has come, or will not."""
        if parcel.lease is not None:
            self._aliases.give_back(parcel.lease)

    def _parcel(
        self, ask: Ask, choice: Choice, address: Address, body: bytes, lease: Any = None
    ) -> Parcel:
        lines = [
            b"%b %b HTTP/1.1" % (ask.method, address.base.encode() + ask.target),
            b"host: " + address.header,
            b"accept-encoding: identity",
        ]
        lines += [b"%b: %b" % pair for pair in ask.headers]
        key = self._keys[choice.upstream] or self._passed_key(ask, address, choice)
        if key:
            lines.append(b"authorization: " + key)
        if body or ask.method == b"POST":
            lines.append(b"content-length: %d" % len(body))
        return Parcel(address, b"\r\n".join(lines) + b"\r\n\r\n", body, lease)

    def _passed_key(self, ask: Ask, address: Address, choice: Choice) -> bytes:
        allowed = self._config.upstreams[choice.upstream].pass_authorization
        if not self._pass_keys or not (allowed or privacy.is_local(address.host)):
            return b""
        return ask.authorization
