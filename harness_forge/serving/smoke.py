"""Smoke test of a server: base and adapters answer the same request, and differ.

An adapter that a server lists but does not apply answers as the base does, and
no error says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from harness_forge.errors import ServeError

LEAST = 0.05
"""Least difference of a first token's log probability that counts where two answers
read alike: on a GPU in bfloat16 the same model differs from itself by about 0.01."""

_TOP = 5


def smoke(
    url: str,
    base: str,
    adapters: Sequence[str],
    *,
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]],
    max_tokens: int,
    timeout_s: float = 600.0,
) -> dict[str, Any]:
    """Ask base and adapters the same and return what they answered.

    Args:
        url: up to and with /v1.

    Returns:
        `answers` by name (call read or not, finish reason, tokens, seconds) and
        `differences` from the base by adapter.

    Raises:
        ServeError: one is not listed or does not answer, or an adapter answers
            as the base does.
    """
    names = [base, *adapters]
    with httpx.Client(trust_env=False, timeout=timeout_s) as client:
        listed = [model["id"] for model in _request(client, "GET", f"{url}/models")["data"]]
        if lost := [name for name in names if name not in listed]:
            raise ServeError(url, f"does not list {', '.join(lost)}", f"lists {', '.join(listed)}")
        body = {
            "messages": list(messages),
            "tools": list(tools),
            "temperature": 0.0,
            "max_tokens": max_tokens,
            "logprobs": True,
            "top_logprobs": _TOP,
        }
        with ThreadPoolExecutor(len(names)) as pool:
            asked = pool.map(lambda name: _ask(client, url, body | {"model": name}), names)
            answers = dict(zip(names, asked, strict=True))
    differences = {name: _difference(answers[base], answers[name]) for name in adapters}
    for name, found in differences.items():
        if not found["answer"] and found["first_token"] < LEAST:
            what = f"answers as {base} does, as if no adapter were there"
            raise ServeError(f"adapter {name}", what, "`forge prove` says whether it is live")
    return {"answers": answers, "differences": differences}


def _ask(client: httpx.Client, url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    answer = _request(client, "POST", f"{url}/chat/completions", body)
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        first = choice["logprobs"]["content"][0]["top_logprobs"]
        calls = [call["function"] for call in message.get("tool_calls") or []]
        return {
            "content": message.get("content") or "",
            "calls": calls,
            "finish_reason": choice["finish_reason"],
            "tokens": answer["usage"]["completion_tokens"],
            "seconds": round(time.monotonic() - started, 1),
            "first_token": {each["token"]: each["logprob"] for each in first},
        }
    except (KeyError, IndexError, TypeError):
        flat = " ".join(json.dumps(answer).split())[:160]
        raise ServeError(url, f"{body['model']} answered no chat completion: {flat}") from None


def _difference(base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return whether answers differ, and the largest gap of a first token's log probability."""
    ours, theirs = other["first_token"], base["first_token"]
    gaps = [abs(ours[token] - theirs[token]) for token in set(ours) & set(theirs)]
    # A token that is likely for one and not among the other's likeliest is a gap as well.
    for these, those in ((ours, theirs), (theirs, ours)):
        floor = min(those.values())
        gaps += [max(p - floor, 0.0) for token, p in these.items() if token not in those]
    same = (base["content"], base["calls"]) == (other["content"], other["calls"])
    return {"answer": not same, "first_token": max(gaps, default=0.0)}


def _request(
    client: httpx.Client, method: str, url: str, body: Mapping[str, Any] | None = None
) -> Any:
    try:
        reply = client.request(method, url, json=body)
    except httpx.HTTPError as error:
        raise ServeError(url, f"does not answer ({error or type(error).__name__})") from None
    if reply.status_code != 200:
        flat = " ".join(reply.text.split())[:160]
        raise ServeError(url, f"answered {reply.status_code}: {flat}")
    return reply.json()
