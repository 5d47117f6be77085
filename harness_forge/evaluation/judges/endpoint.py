"""The judge's server: OpenAI-compatible, on this machine, with many requests at a time."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import httpx

from harness_forge.config.judge import JudgeConfig
from harness_forge.core.errors import ConfigError, EndpointError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.hosts import is_loopback

TRIES = 4
"""Tries of one request; the pauses between them double from `PAUSE_S`."""

PAUSE_S = 1.0

_FINAL = (401, 403, 404, 405)
"""Statuses that every further request would get too."""


@dataclass(frozen=True, slots=True)
class JudgeModel:
    """The identity of a judge.

    Args:
        name: the server's name of it.
        digest: of the server's facts about it, of its weights if the server gives
            that (Ollama does); the same name with other weights is another judge.
    """

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class JudgeReply:
    """One answer of the judge.

    Args:
        text: complete; '' if the server refused this very request.
        fault: `cut_off`, `refused` or `no_answer`; '' for none.
    """

    text: str
    fault: str = ""


class JudgeUnreachable(Exception):
    """The server gave no answer after several tries; that is not the fault of the judged answer."""


class Judge:
    """A client of the judge's server.

    Use it as an async context manager. It ignores proxy settings of the
    environment: judged answers must not leave the machine through them.

    Raises:
        ConfigError: no endpoint is given, or it is not on this machine.
        EndpointError: no server answers there, or it lacks the model.
    """

    def __init__(self, config: JudgeConfig) -> None:
        self.url = check_host(config)
        self._config = config
        key = os.environ.get(config.api_key_env)
        self._client = httpx.AsyncClient(
            timeout=config.timeout_s,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            trust_env=False,
            limits=httpx.Limits(max_connections=config.concurrency),
        )
        self.model = JudgeModel("", "")

    async def __aenter__(self) -> Judge:
        try:
            self.model = await self._served()
        except BaseException:
            await self._client.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    @property
    def sampling(self) -> dict[str, Any]:
        """The sampling settings of verdicts: greedy."""
        return {"temperature": 0, "max_tokens": self._config.max_tokens}

    async def ask(self, messages: Sequence[Mapping[str, Any]]) -> JudgeReply:
        """Return the judge's answer.

        Raises:
            JudgeUnreachable: the server is down, too slow or failing.
            EndpointError: it does not accept requests of this kind.
        """
        body = {"model": self.model.name, "messages": list(messages), **self.sampling}
        reply = await self._request("POST", "/chat/completions", body)
        if reply.status_code >= 400:
            return JudgeReply("", "refused")
        try:
            choice = reply.json()["choices"][0]
            text = choice["message"].get("content") or ""
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            return JudgeReply("", "no_answer")
        return JudgeReply(str(text), "cut_off" if choice.get("finish_reason") == "length" else "")

    async def _request(self, method: str, path: str, body: Any) -> httpx.Response:
        fault = ""
        for tried in range(TRIES):
            if tried:
                await asyncio.sleep(PAUSE_S * 2 ** (tried - 1))
            try:
                reply = await self._client.request(method, self.url + path, json=body)
            except httpx.TimeoutException:
                fault = f"no answer within {self._config.timeout_s:g} s"
                continue
            except httpx.HTTPError as error:
                fault = f"cannot be reached ({error or type(error).__name__})"
                continue
            if reply.status_code >= 500 or reply.status_code == 429:
                fault = f"answered {reply.status_code}"
                continue
            if reply.status_code in _FINAL:
                what = f"answered {reply.status_code}: {' '.join(reply.text.split())[:160]}"
                raise EndpointError(self.url, what, "check the URL, the key and the model's name")
            return reply
        raise JudgeUnreachable(f"{fault}, {TRIES} tries")

    async def _served(self) -> JudgeModel:
        hint = "is this an OpenAI-compatible server, and does the URL end in /v1?"
        try:
            reply = await self._request("GET", "/models", None)
            served = {str(one["id"]): one for one in reply.json()["data"]}
        except JudgeUnreachable as lost:
            raise EndpointError(self.url, str(lost), "start the judge's server first") from None
        except (ValueError, KeyError, TypeError):
            raise EndpointError(self.url, "answered no list of models", hint) from None
        name = self._config.model or next(iter(served), "")
        if name not in served:
            hint = f"{did_you_mean(name, served)}it serves: {', '.join(served) or 'none'}"
            raise EndpointError(self.url, f"does not serve model '{name}'", hint)
        return JudgeModel(name, await self._weights(name) or _digest(served[name]))

    async def _weights(self, name: str) -> str:
        """Return the digest of the model's weights, if the server is Ollama."""
        try:
            reply = await self._client.get(f"{self.url.removesuffix('/v1')}/api/tags")
            tags = {one["name"]: one["digest"] for one in reply.json()["models"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return ""
        return str(tags.get(name) or tags.get(f"{name}:latest") or "")[:16]


def check_host(config: JudgeConfig) -> str:
    """Return the endpoint without a trailing slash.

    Raises:
        ConfigError: there is none, it is no URL, or its host is neither this
            machine nor allowed by name.
    """
    if not config.endpoint:
        hint = "judge.endpoint=http://127.0.0.1:11434/v1"
        raise ConfigError("judge.endpoint", "no judge is given", hint)
    try:
        url = httpx.URL(config.endpoint)
    except httpx.InvalidURL as error:
        raise ConfigError("judge.endpoint", f"is no URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError("judge.endpoint", f"is no URL of a server: {config.endpoint}")
    if not (is_loopback(url.host) or url.host in config.allow):
        raise ConfigError(
            "judge.endpoint",
            f"{url.host} is not this machine: prompts and answers would leave it",
            f"judge.allow=[{url.host}] if they may",
        )
    return config.endpoint.rstrip("/")


def _digest(fields: Mapping[str, Any]) -> str:
    # These change whenever the server starts.
    lasting = {k: v for k, v in fields.items() if k not in ("created", "permission")}
    return sha256(json.dumps(lasting, sort_keys=True, default=str).encode()).hexdigest()[:16]
