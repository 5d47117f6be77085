"""Smoke test of a server: base and adapters answer the same request, and differ.

An adapter that a server lists but does not apply answers like the base, without any
error.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from harness_forge.core.errors import ServeError

LEAST = 0.05
"""Smallest difference of a token's log probability that counts if two answers have the
same text: in bfloat16 the same model differs from itself by about 0.01."""

MIXED = 0.5
"""Largest difference of a token's log probability that other requests may cause."""

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
    """Ask base and adapters the same and return their answers.

    Args:
        url: up to and with /v1.

    Returns:
        `answers` by name (calls as the server parsed them, finish reason, tokens,
        seconds, the likeliest first tokens with their log probabilities),
        `differences` from the base by adapter, and `mixed`, by how much the
        base's own log probabilities differ when adapters are asked at the
        same time.

    Raises:
        ServeError: one is not listed or does not answer, an adapter answers
            like the base, or the base like an adapter asked at the same time.
    """
    names = [base, *adapters]
    with httpx.Client(trust_env=False, timeout=timeout_s) as client:
        listed = [model["id"] for model in _request(client, "GET", f"{url}/models")["data"]]
        if lost := [name for name in names if name not in listed]:
            raise ServeError(url, f"does not list {', '.join(lost)}", f"lists {', '.join(listed)}")
        body = _body(messages, tools, max_tokens)
        alone = _ask(client, url, body | {"model": base})
        with ThreadPoolExecutor(len(names)) as pool:
            asked = pool.map(lambda name: _ask(client, url, body | {"model": name}), names)
            answers = dict(zip(names, asked, strict=True))
    return _judged(base, alone, answers)


def apart(
    url: str,
    first: str,
    second: str,
    *,
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]],
    max_tokens: int,
    timeout_s: float = 600.0,
) -> float:
    """Return how far apart two models of a server are: inf if their answers differ, else
    the largest gap of log probabilities of the first token.

    Raises:
        ServeError: one does not answer.
    """
    body = _body(messages, tools, max_tokens)
    with httpx.Client(trust_env=False, timeout=timeout_s) as client:
        one, other = (_ask(client, url, body | {"model": name}) for name in (first, second))
    if _said(one) != _said(other):
        return float("inf")
    return _gap(one["likeliest"][0], other["likeliest"][0])


def gap(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Return how far two lists of the likeliest tokens' log probabilities are apart."""
    return _gap(ours, theirs)


def _body(
    messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]], max_tokens: int
) -> dict[str, Any]:
    return {
        "messages": list(messages),
        "tools": list(tools),
        "temperature": 0.0,
        "max_tokens": max_tokens,
        "logprobs": True,
        "top_logprobs": _TOP,
    }


def _judged(
    base: str, alone: Mapping[str, Any], answers: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    differences = {
        name: {
            "answer": _said(alone) != _said(answer),
            "first_token": _gap(alone["likeliest"][0], answer["likeliest"][0]),
        }
        for name, answer in answers.items()
        if name != base
    }
    for name, found in differences.items():
        if not found["answer"] and found["first_token"] < LEAST:
            what = f"answers as {base} does, as if no adapter were there"
            raise ServeError(f"adapter {name}", what, "`forge prove` says whether it is live")
    mixed = _largest_gap(alone, answers[base])
    if differences and mixed > MIXED:
        what = (
            f"answers otherwise while an adapter answers (log probabilities differ by {mixed:.2g})"
        )
        hint = "vLLM mixes them up: serve the base alone (--base), or another vLLM"
        raise ServeError(f"model {base}", what, hint)
    kept = {
        name: {**{k: v for k, v in a.items() if k != "likeliest"}, "first": a["likeliest"][0]}
        for name, a in answers.items()
    }
    return {"answers": kept, "differences": differences, "mixed": mixed}


def _ask(client: httpx.Client, url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    answer = _request(client, "POST", f"{url}/chat/completions", body)
    try:
        choice = answer["choices"][0]
        message, places = choice["message"], choice["logprobs"]["content"]
        likeliest = [
            {each["token"]: each["logprob"] for each in place["top_logprobs"]} for place in places
        ]
        if not likeliest:
            raise IndexError
        return {
            "content": message.get("content") or "",
            "calls": [call["function"] for call in message.get("tool_calls") or []],
            "finish_reason": choice["finish_reason"],
            "tokens": answer["usage"]["completion_tokens"],
            "seconds": round(time.monotonic() - started, 1),
            "likeliest": likeliest,
        }
    except (KeyError, IndexError, TypeError):
        flat = " ".join(json.dumps(answer).split())[:160]
        raise ServeError(url, f"{body['model']} answered no chat completion: {flat}") from None


def _said(answer: Mapping[str, Any]) -> tuple:
    return answer["content"], answer["calls"]


def _largest_gap(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """Return the largest gap of two answers, up to and with the first token that differs.

    Up to there both continue the same text; after it no longer.
    """
    largest = 0.0
    for ours, theirs in zip(first["likeliest"], second["likeliest"], strict=False):
        largest = max(largest, _gap(ours, theirs))
        if max(ours, key=ours.get) != max(theirs, key=theirs.get):
            break
    return largest


def _gap(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Return the largest gap between two lists of the likeliest tokens' log probabilities."""
    gaps = [abs(ours[token] - theirs[token]) for token in set(ours) & set(theirs)]
    # A token that only one side lists is at least this much less likely on the other.
    for these, those in ((ours, theirs), (theirs, ours)):
        floor = min(those.values())
        gaps += [max(p - floor, 0.0) for token, p in these.items() if token not in those]
    return max(gaps, default=0.0)


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
