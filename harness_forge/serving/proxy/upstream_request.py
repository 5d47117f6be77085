"""Builds the request that a server gets: address, key, model name in the body."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from harness_forge.config.proxy import ProxyConfig
from harness_forge.serving.proxy import privacy
from harness_forge.serving.proxy.body import with_model, with_usage
from harness_forge.serving.proxy.request import ParsedRequest, RequestRefused
from harness_forge.serving.proxy.routing import Choice
from harness_forge.serving.proxy.upstream import Address


class Aliases(Protocol):
    """Resolves aliases to a model on a server, see `harness_forge.serving.aliases`."""

    def take(self, name: str) -> Any:
        """Return the target of an alias and hold a lease on it; None for no alias."""

    def give_back(self, target: Any) -> None:
        """Release the lease."""


class NoAliases:
    """No name is an alias."""

    def take(self, name: str) -> None:
        """Return None."""

    def give_back(self, target: Any) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
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
    """Builds upstream requests.

    Args:
        aliases: names that stand for models.
        pass_keys: the clients' own keys may be passed on; none of them is the proxy's.

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

    def as_it_came(self, parsed: ParsedRequest, choice: Choice) -> UpstreamRequest:
        """Return a request with the client's body, unchanged."""
        return self._request_to(parsed, choice, self._addresses[choice.upstream], parsed.body)

    def upstream_request(self, parsed: ParsedRequest, choice: Choice) -> UpstreamRequest:
        """Return a request for the chosen model; an alias decides its server.

        Raises:
            RequestRefused: an alias points to a server that is not allowed.
        """
        model = choice.model or parsed.model
        address, lease = self._addresses[choice.upstream], None
        if model and (lease := self._aliases.take(model)) is not None:
            model, address = lease.model, Address.of(lease.url)
            host = urlsplit(lease.url).hostname or ""
            if not privacy.is_local(host) and host not in self._config.allow_remote:
                self._aliases.give_back(lease)
                raise RequestRefused(
                    502, f"alias {parsed.model} points to a server that is not allowed"
                )
        body = with_model(parsed.body, model) if model != parsed.model else parsed.body
        if parsed.usage:
            body = with_usage(body, parsed.value.get("stream_options"))
        return self._request_to(parsed, choice, address, body, lease)

    def done(self, upstream_request: UpstreamRequest) -> None:
        """Release the request's lease: its answer has come, or will not."""
        if upstream_request.lease is not None:
            self._aliases.give_back(upstream_request.lease)

    def _request_to(
        self,
        parsed: ParsedRequest,
        choice: Choice,
        address: Address,
        body: bytes,
        lease: Any = None,
    ) -> UpstreamRequest:
        lines = [
            b"%b %b HTTP/1.1" % (parsed.method, address.base.encode() + parsed.target),
            b"host: " + address.header,
            b"accept-encoding: identity",
        ]
        lines += [b"%b: %b" % pair for pair in parsed.headers]
        if key := self._keys[choice.upstream]:
            lines.append(b"authorization: " + key)
        elif key := self._passed_key(parsed, address, choice):
            lines.append(parsed.key_header + b": " + key)
        if body or parsed.method == b"POST":
            lines.append(b"content-length: %d" % len(body))
        return UpstreamRequest(address, b"\r\n".join(lines) + b"\r\n\r\n", body, lease)

    def _passed_key(self, parsed: ParsedRequest, address: Address, choice: Choice) -> bytes:
        allowed = self._config.upstreams[choice.upstream].pass_authorization
        if not self._pass_keys or not (allowed or privacy.is_local(address.host)):
            return b""
        return parsed.authorization
