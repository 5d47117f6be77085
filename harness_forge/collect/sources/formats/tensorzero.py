"""TensorZero's inferences: rows of ChatInference, as its database and its API have them.

Kept: system, messages, calls, results, thoughts, tools, the inferences of an episode
together, feedback and metrics as scores. Not kept: variants' settings, processing times.
A system or a message that fills a template (an object of arguments) is not what the model
was shown, so such an inference is left out as `template`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness_forge.collect.sources.formats.attributes import parsed
from harness_forge.collect.sources.formats.conversation import ModelAnswer
from harness_forge.collect.sources.formats.exchange import called, messages_of
from harness_forge.collect.sources.formats.reading import Format, NoConversation
from harness_forge.collect.sources.formats.spans import Span, SpanScore, answered
from harness_forge.collect.sources.formats.traces import traced
from harness_forge.collect.sources.templates import Misfit
from harness_forge.core.jsontext import count_in

_FEEDBACK = ("feedback", "metrics", "feedback_scores")
_TOOLS = ("additional_tools", "tools_available", "dynamic_additional_tools", "static_tools")


def _fits(record: Mapping[str, Any]) -> bool:
    named = "function_name" in record or "variant_name" in record
    return named and "input" in record and ("inference_id" in record or "id" in record)


def _spans(record: Mapping[str, Any]) -> Iterable[Span]:
    number = record.get("inference_id") or record.get("id")
    episode = record.get("episode_id")
    tags = parsed(record.get("tags"), "tags")
    yield Span(
        trace=str(episode or number),
        id=str(number),
        **answered(_answer, record),
        scores=[*_scores(record)],
        record=record,
        more={"tags": tags} if isinstance(tags, Mapping) else {},
    )


def _answer(record: Mapping[str, Any]) -> ModelAnswer:
    """Return the answer of an inference.

    Raises:
        NoConversation: it has none, or it was asked with a template.
        Misfit: a text of it is no JSON, or a block is in no known form.
    """
    given = parsed(record.get("input"), "input")
    if not isinstance(given, Mapping) or not isinstance(given.get("messages"), list):
        raise Misfit("the input has no messages, as inferences of TensorZero have")
    system = given.get("system")
    if isinstance(system, Mapping):
        raise NoConversation("template", "the system fills a template that is not in the record")
    shown = [{"role": "system", "content": system}] if isinstance(system, str) else []
    shown += [made for one in given["messages"] for made in _messages(one)]
    output = parsed(record.get("output"), "output")
    if isinstance(output, Mapping):  # of a JSON function
        if not isinstance(output.get("raw"), str):
            raise NoConversation("no_content", "the output has no text")
        output = [{"type": "text", "text": output["raw"]}]
    if isinstance(output, list):
        output = _said("assistant", output)[-1]
    return called(
        shown,
        output,
        tools=_tools(record),
        model=record.get("model_name"),
        started_at=record.get("timestamp"),
        prompt_tokens=count_in(record.get("input_tokens")),
        completion_tokens=count_in(record.get("output_tokens")),
        finish_reason=record.get("finish_reason"),
    )


def _messages(one: Any) -> list[Any]:
    content = one.get("content") if isinstance(one, Mapping) else None
    if not isinstance(content, list):
        if isinstance(content, Mapping):
            raise NoConversation("template", "a message fills a template that is not in the record")
        return [one]
    return _said(one.get("role"), content)


def _said(role: Any, blocks: list[Any]) -> list[dict[str, Any]]:
    """Return the messages of blocks: results of tools first, each by itself."""
    content, calls, results = [], [], []
    for block in blocks:
        kind = block.get("type") if isinstance(block, Mapping) else None
        if kind == "text" and not isinstance(block.get("text", block.get("value")), str):
            raise NoConversation("template", "a message fills a template that is not in the record")
        if kind in ("text", "raw_text"):
            content.append({"type": "text", "text": block.get("text", block.get("value"))})
        elif kind == "template":
            raise NoConversation("template", "a message fills a template that is not in the record")
        elif kind == "tool_call":
            name = block.get("raw_name") or block.get("name")
            arguments = block.get("raw_arguments") or block.get("arguments")
            calls.append({"id": block.get("id"), "name": name, "arguments": arguments})
        elif kind == "tool_result":
            said = {"role": "tool", "tool_call_id": block.get("id"), "name": block.get("name")}
            results.append({**said, "content": block.get("result")})
        elif kind == "thought":
            content.append({"type": "thinking", "thinking": block.get("text") or ""})
        else:
            content.append(block)
    return messages_of(role, content, calls, results)


def _tools(record: Mapping[str, Any]) -> list[Any]:
    found = parsed(record.get("tool_params"), "tool_params")
    places = [found if isinstance(found, Mapping) else {}, record]
    made = []
    for place in places:
        for name in _TOOLS:
            listed = parsed(place.get(name), name)
            made += listed if isinstance(listed, list) else []
    # Tools of other services are no functions.
    fields = ("name", "description", "parameters")
    return [
        {key: one[key] for key in fields if key in one}
        for one in made
        if isinstance(one, Mapping) and isinstance(one.get("name"), str)
    ]


def _scores(record: Mapping[str, Any]) -> Iterator[SpanScore]:
    for name in _FEEDBACK:
        found = parsed(record.get(name), name)
        if isinstance(found, Mapping):
            yield from (
                SpanScore(key, value)
                for key, value in found.items()
                if isinstance(value, bool | int | float)
            )
        for one in found if isinstance(found, list) else ():
            if isinstance(one, Mapping) and "value" in one:
                whole = one.get("type") == "episode"
                yield SpanScore(str(one.get("metric_name") or "score"), one["value"], whole)


FORMAT = Format(
    "tensorzero", "a TensorZero inference", _fits, traced("tensorzero", _fits, _spans), whole=True
)
