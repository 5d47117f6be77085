"""Requests and responses of a chat endpoint: one attempt a choice, with its one turn.

Of Anthropic's Messages and OpenAI's Responses too. A streamed response is put
together from its pieces. What is no chat, or went wrong, is left out with a
reason and stops nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness_forge.collect.sources import outcomes, tools
from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.records import Found, LeftOut, RecordedAttempt
from harness_forge.collect.sources.shaping import misfit, records
from harness_forge.collect.sources.templates import Misfit
from harness_forge.collect.sources.texts import TOO_DEEP, loads
from harness_forge.collect.sources.trajectories import attempt_of, item_of, scope_of
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.config.source import SourceConfig
from harness_forge.core.chat import exchanges, forms, responses
from harness_forge.core.chat.exchanges import BrokenStream
from harness_forge.core.chat.faults import Malformed
from harness_forge.core.chat.responses import IncompleteCapture
from harness_forge.core.chat.tools import offered_tools
from harness_forge.core.chat.usage import token_kinds
from harness_forge.core.jsontext import count_in
from harness_forge.core.records import Message, Turn

_NOT_SAMPLING = {
    *("messages", "system", "input", "instructions", "tools", "functions"),
    *("model", "stream", "stream_options", "user"),
}


class _NoChat(Exception):
    """A record that is no answered chat; `args` are reason and detail."""


def read(path: Path, config: SourceConfig, plain: Callable[[str], str] = str) -> Iterator[Found]:
    """Yield what a file holds, in its order.

    Args:
        plain: takes out of a text what a name made of it must not rest on, such
            as a password: a digest can be tried against guesses.

    Raises:
        ConfigError: the mapping cannot be used.
    """
    templates = Templates(config.mapping, ["request", "response"])
    text = templates.scope_of(path)
    offered = tools.from_file(Path(config.tools_file)) if config.tools_file else ()
    for value in records(path, config):
        if isinstance(value, LeftOut):
            yield value
            continue
        try:
            yield from _recorded(value, templates, text, config, offered, plain)
        except (Misfit, Malformed) as error:
            yield misfit(value, error, templates, config)
        except RecursionError:  # in a body that is a text
            yield LeftOut(value.place, "too_deep", TOO_DEEP, malformed=True)
        except _NoChat as error:
            yield LeftOut(value.place, *error.args)


def _recorded(
    value: LocatedValue,
    templates: Templates,
    text: Mapping[str, Any],
    config: SourceConfig,
    offered,
    plain,
) -> Iterator[RecordedAttempt]:
    scope = scope_of(value, text)
    request = _object(templates.value("request", scope), "request")
    response = _response(templates.value("response", scope))
    try:
        asked, answer = exchanges.asked(request, response), exchanges.completion(response)
        chat = isinstance(request.get("messages"), list)
        own = offered_tools(request) if chat else responses.offered(request)
    except IncompleteCapture as untold:
        raise _NoChat("not_chat", untold.args[0]) from None
    if asked is None:
        raise _NoChat("not_chat", "the request has no messages")
    shown = forms.conversation(asked)
    scope |= {"request": request, "response": response}
    model = templates.word("model", scope) or response.get("model") or request.get("model")
    item = item_of(templates, scope, _opening(shown, plain))
    # All that is read of a line is made before any of it is given out.
    found = [
        _turn(choice, shown, request, answer, model, templates, scope, own or offered)
        for choice in _choices(answer)
    ]
    for number, turn in enumerate(found):
        attempt = attempt_of(templates, scope, config, item, [turn], model)
        if number:
            attempt = replace(attempt, attempt_num=0, variant=f"choice {number}")
        yield RecordedAttempt(
            value.place,
            templates.word("run", scope) or "",
            f"model:{model}" if model else "recorded",
            item,
            attempt,
        )


def _turn(choice, shown, request, response, model, templates, scope, offered) -> Turn:
    answer = forms.message({"role": "assistant", **choice["message"]})
    usage = response.get("usage")
    usage = usage if isinstance(usage, Mapping) and len(_choices(response)) == 1 else {}
    cut = forms.cut(answer, templates.config.cut_lengths)
    when = templates.value("started_at", scope) or response.get("created")
    return Turn(
        agent=templates.word("agent", scope) or "agent",
        messages=shown,
        tools=offered,
        response=answer,
        model=model or "recorded",
        sampling={key: one for key, one in request.items() if key not in _NOT_SAMPLING},
        finish_reason="length" if cut else _text(choice.get("finish_reason")),
        prompt_tokens=count_in(usage.get("prompt_tokens")),
        completion_tokens=count_in(usage.get("completion_tokens")),
        **token_kinds(usage),
        started_at=outcomes.moment(when),
    )


def _object(raw: Any, what: str) -> Mapping[str, Any]:
    if isinstance(raw, str):
        try:
            raw = loads(raw)
        except ValueError:
            raise Misfit(f"the {what} is a text that is no JSON") from None
    if not isinstance(raw, Mapping):
        raise Misfit(f"no {what} here: {type(raw).__name__}")
    return raw


def _response(raw: Any) -> Mapping[str, Any]:
    if raw is None:
        raise _NoChat("no_response", "")
    try:
        pieces = exchanges.pieces_of(raw)
    except BrokenStream as error:
        raise Misfit(f"the response is {error.args[0]}") from None
    response = _object(raw, "response") if pieces is None else exchanges.assembled(pieces)
    if response.get("error"):
        raise _NoChat("error_response", json.dumps(response["error"])[:120])
    return response


def _choices(response: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    choices = response.get("choices")
    fine = isinstance(choices, list) and choices
    if not fine or not all(
        isinstance(one, Mapping) and isinstance(one.get("message"), Mapping) for one in choices
    ):
        raise _NoChat("not_chat", "the response has no choices with a message")
    return choices


def _opening(shown: Sequence[Message], plain: Callable[[str], str]) -> str:
    """Return a name for what a conversation is about: a digest of its first user's words."""
    first = next((one.get("content") for one in shown if one["role"] == "user"), None)
    words = plain(json.dumps(first, sort_keys=True))
    return f"chat-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def _text(raw: Any) -> str | None:
    return raw if isinstance(raw, str) else None
