"""Asks vLLM for the tokens of given prompts, and for the likeliest next tokens.

`/tokenize`, prompts as token ids, and tokens by id in answers are vLLM's own, beside the
OpenAI API; they allow comparing a server with another program on the very same tokens.
Its `prompt_logprobs` is not used: with a LoRA adapter it kills vLLM 0.32's engine, which
may be serving others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from harness_forge.core.errors import ServeError

TOP = 20
"""Likeliest tokens asked for: vLLM's default maximum."""

Ids = Sequence[int]


class Scorer:
    """One server.

    Args:
        url: up to and with /v1.
        tools: offered with every prompt.
        places: number of last positions of a prompt to ask about.
    """

    def __init__(
        self, url: str, tools: Sequence[Mapping[str, Any]], places: int, timeout_s: float = 600.0
    ) -> None:
        self._url, self._tools, self._places = url.rstrip("/"), list(tools), places
        self._client = httpx.Client(trust_env=False, timeout=timeout_s)

    def __enter__(self) -> Scorer:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def names(self) -> list[str]:
        """Return the models that the server lists.

        Raises:
            ServeError: it does not answer.
        """
        return [model["id"] for model in self._asked("GET", f"{self._url}/models")["data"]]

    def tokens(self, model: str, messages: Sequence[Mapping[str, Any]]) -> list[int]:
        """Return the ids of a chat prompt by the server's template and tokenizer.

        Raises:
            ServeError: it does not answer, or has no `/tokenize`.
        """
        body = {
            "model": model,
            "messages": list(messages),
            "tools": self._tools or None,
            "add_generation_prompt": True,
        }
        answer = self._asked("POST", f"{self._url.removesuffix('/v1')}/tokenize", body)
        return self._found(answer, "tokens")

    def score(self, model: str, ids: Ids) -> list[dict[str, float]]:
        """Return, at each of a prompt's last positions, the likeliest next tokens by id, in nats.

        Raises:
            ServeError: it does not answer, or gives no log probabilities.
        """
        ends = range(len(ids) - self._places + 1, len(ids) + 1)
        return [self._next(model, ids[:end]) for end in ends]

    def _next(self, model: str, ids: Ids) -> dict[str, float]:
        body = {
            "model": model,
            "prompt": list(ids),
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": TOP,
            "return_tokens_as_token_ids": True,
        }
        answer = self._asked("POST", f"{self._url}/completions", body)
        sentence = self._found(self._found(answer, "choices")[0], "logprobs")
        found = self._found(sentence, "top_logprobs")[0]
        return {token.removeprefix("token_id:"): float(p) for token, p in found.items()}

    def together(self, asked: Sequence[tuple[str, Ids]]) -> list[list[dict[str, float]]]:
        """Return the scores of several prompts, asked at the same time."""
        with ThreadPoolExecutor(max(len(asked), 1)) as pool:
            return list(pool.map(lambda one: self.score(*one), asked))

    def _found(self, answer: Any, key: str) -> Any:
        try:
            found = answer[key]
        except (KeyError, TypeError):
            found = None
        if found is None:
            raise ServeError(self._url, f"gave no {key}", "this needs vLLM: `forge serve`")
        return found

    def _asked(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            reply = self._client.request(method, url, json=body)
        except httpx.HTTPError as error:
            raise ServeError(url, f"does not answer ({error or type(error).__name__})") from None
        if reply.status_code == 404 and url.endswith("/tokenize"):
            raise ServeError(url, "is not there", "this needs vLLM: `forge serve`")
        if reply.status_code != 200:
            flat = " ".join(reply.text.split())[:160]
            raise ServeError(url, f"answered {reply.status_code}: {flat}")
        return reply.json()
