"""Requests and answers of the three known APIs, whole or streamed, as those of chat completions.

Known are chat completions, Anthropic's Messages and OpenAI's Responses. A
stream is assembled into the answer that its API gives unstreamed, and every
answer is then brought into one form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness_forge.core import jsontext
from harness_forge.core.chat import anthropic, response_stream, responses, streams
from harness_forge.core.chat.usage import token_kinds

_STARTS = ("data:", "event:", ":")
"""How a stream of server-sent events begins."""


class BrokenStream(Exception):
    """A stream with events that are no JSON; `args[0]` says how many."""


def pieces_of(raw: Any) -> list[Mapping[str, Any]] | None:
    """Return the pieces of a stream: of a text of events, or of a list of them; None for no stream.

    Raises:
        BrokenStream: some are no JSON.
    """
    if isinstance(raw, list) and raw and all(isinstance(one, str) for one in raw):
        raw = "\n\n".join(raw)
    if isinstance(raw, str):
        if not raw.lstrip().startswith(_STARTS):
            return None
        pieces, broken, _ = streams.pieces_of(raw.lstrip().encode("utf-8", "surrogatepass"))
        if broken:
            raise BrokenStream(f"a stream with {broken} broken events")
        return pieces
    if not isinstance(raw, list) or not raw or not all(isinstance(one, Mapping) for one in raw):
        return None
    return [piece for one in raw if (piece := _unwrapped(one)) is not None]


def _unwrapped(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the piece that an event of a client's log holds as its data; other pieces unchanged.

    Raises:
        BrokenStream: the data is no JSON.
    """
    data = event.get("data")
    if "data" not in event or "choices" in event or "type" in event:
        return event
    if isinstance(data, str):
        if data.strip() in ("", "[DONE]"):
            return None
        try:
            data = jsontext.loads(data)
        except ValueError:
            raise BrokenStream("a stream with 1 broken event") from None
    return data if isinstance(data, Mapping) else None


def is_stream(raw: Any) -> bool:
    """Return whether a value that may be text or parts is a stream of a known API."""
    if isinstance(raw, str) and raw.lstrip().startswith(_STARTS):
        raw, _, _ = streams.pieces_of(raw.lstrip().encode("utf-8", "surrogatepass"))
    try:
        pieces = None if isinstance(raw, str) else pieces_of(raw)
    except BrokenStream:
        return False
    return any(_api(one) or isinstance(one.get("choices"), list) for one in pieces or ())


def _api(piece: Mapping[str, Any]) -> Any:
    kind = piece.get("type")
    if not isinstance(kind, str):
        return None
    if kind in anthropic.STARTS:
        return anthropic
    return response_stream if kind.startswith(response_stream.PREFIX) else None


def assembled(pieces: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return a streamed answer as its API gives it unstreamed; an error event as an error.

    An answer that broke off gets its API's value for an answer cut at the token
    limit; no stop reason is invented.
    """
    if (failed := _failure(pieces)) is not None:
        return {"error": failed}
    api = next((found for one in pieces if (found := _api(one))), None)
    if api is not None:
        return api.joined(pieces)
    made = streams.joined(pieces)
    for choice in made["choices"]:
        choice["finish_reason"] = choice.get("finish_reason") or "length"
    return made


def _failure(pieces: Sequence[Mapping[str, Any]]) -> Any:
    for one in pieces:
        if one.get("error"):
            return one["error"]
        if one.get("type") == "error":
            return {key: value for key, value in one.items() if key != "type"}
    return None


def completion(response: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer as a chat completion; one of no known API unchanged.

    Raises:
        IncompleteCapture: it is of Responses, and not one message of a model.
    """
    if "choices" in response:
        return response
    if anthropic.is_answer(response):
        return anthropic.completion(response)
    if isinstance(response.get("output"), list):
        message, finish = responses.answered(response)
        usage = response.get("usage")
        usage = usage if isinstance(usage, Mapping) else {}
        counts = {
            "prompt_tokens": usage.get("input_tokens"),
            "completion_tokens": usage.get("output_tokens"),
            **{name: made for name, made in token_kinds(usage).items() if made is not None},
        }
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {**response, "usage": counts, "choices": [choice]}
    return response


def asked(request: Mapping[str, Any], response: Mapping[str, Any]) -> list[Any] | None:
    """Return the messages of a request; None where it has none, as one for embeddings.

    Raises:
        IncompleteCapture: it is of Responses, and part of the prompt is on the server.
    """
    if isinstance(request.get("messages"), list):
        return anthropic.asked(request)
    return responses.asked(request) if isinstance(response.get("output"), list) else None
