"""An OpenAI-compatible chat endpoint, asked for one completion at a time.

A fault of the endpoint is never recorded as a failure of the model: after a few
tries it stops the run, and running it again resumes it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from harness_forge.config.policy import PolicyConfig
from harness_forge.core.chat.usage import token_kinds
from harness_forge.core.errors import EndpointError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.records import Message

TRIES = 4
"""Tries of one request; the pauses between them are 1, 2 and 4 seconds."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One whole answer of a model."""

    message: Message
    finish_reason: str | None
    model: str
    prompt_tokens: int | None
    completion_tokens: int | None
    elapsed_s: float
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Endpoint:
    """A chat completions client with retries and clear errors.

    Args:
        config: `endpoint` is the base URL up to and including /v1.

    Raises:
        EndpointError: no answer, or not an OpenAI server's.
    """

    def __init__(self, config: PolicyConfig) -> None:
        if not config.endpoint:
            raise EndpointError("policy.endpoint", "no endpoint given", _EXAMPLE)
        self.url = config.endpoint.rstrip("/")
        key = os.environ.get(config.api_key_env)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # trust_env off: a proxy variable must not send prompts to another host.
        self._client = httpx.Client(timeout=config.timeout_s, headers=headers, trust_env=False)
        self._timeout = config.timeout_s
        served = self._served()
        self.model = config.adapter or config.model or served[0]
        if self.model not in served:
            raise EndpointError(
                self.url,
                f"does not serve model '{self.model}'",
                f"{did_you_mean(self.model, served)}it serves: {', '.join(served)}",
            )

    def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        sampling: Mapping[str, Any],
    ) -> Completion:
        """Return the model's answer.

        Args:
            messages: prompt in OpenAI form.
            tools: offered tools; () offers none.
            sampling: temperature, max_tokens, seed.
        """
        body: dict[str, Any] = {"model": self.model, "messages": list(messages), **sampling}
        if tools:
            body["tools"] = list(tools)
        started = time.monotonic()
        answer = self._request("POST", "/chat/completions", body)
        try:
            choice = answer["choices"][0]
            message = dict(choice["message"])
            usage = answer.get("usage") or {}
            return Completion(
                message={**message, "role": "assistant"},
                finish_reason=choice.get("finish_reason"),
                model=str(answer.get("model") or self.model),
                prompt_tokens=usage.get("prompt_tokens"),
                completion_tokens=usage.get("completion_tokens"),
                elapsed_s=time.monotonic() - started,
                **token_kinds(usage),
            )
        except (KeyError, IndexError, TypeError, ValueError):
            raise self._nonsense("a chat completion", answer) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _served(self) -> list[str]:
        answer = self._request("GET", "/models", None)
        try:
            names = [str(model["id"]) for model in answer["data"]]
        except (KeyError, TypeError):
            raise self._nonsense("a list of models", answer) from None
        if not names:
            raise EndpointError(self.url, "serves no model", "load one, then run again")
        return names

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        fault = ""
        for tried in range(TRIES):
            if tried:
                time.sleep(2 ** (tried - 1))
            try:
                reply = self._client.request(method, self.url + path, json=body)
            except httpx.TimeoutException:
                fault = f"no answer within {self._timeout:g} s"
                continue
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                fault = f"cannot be reached ({error or type(error).__name__})"
                continue
            if reply.status_code >= 500 or reply.status_code == 429:
                fault = f"answered {reply.status_code}: {_excerpt(reply.text)}"
                continue
            return self._read(reply)
        raise EndpointError(self.url, f"{fault}, {TRIES} tries", _RESUME)

    def _read(self, reply: httpx.Response) -> Any:
        if reply.status_code >= 400:
            raise EndpointError(
                self.url, f"answered {reply.status_code}: {_excerpt(reply.text)}", _REFUSED
            )
        try:
            return reply.json()
        except ValueError:
            raise self._nonsense("JSON", reply.text) from None

    def _nonsense(self, wanted: str, got: object) -> EndpointError:
        return EndpointError(
            self.url,
            f"answered no {wanted.removeprefix('a ')}: {_excerpt(got)}",
            "is this an OpenAI-compatible server, and does the URL end in /v1?",
        )


def _excerpt(text: object) -> str:
    flat = " ".join(str(text).split())
    return flat[:160] + ("…" if len(flat) > 160 else "")


_EXAMPLE = "for example policy.endpoint=http://127.0.0.1:8000/v1"
_RESUME = "nothing was lost: start the server and run the same command again"
_REFUSED = "check the key, the model's name, its context length, and that tools are enabled"
