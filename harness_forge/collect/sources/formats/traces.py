"""Spans of traces, put together: all that is answered in one trace is one attempt.

Each answer keeps exactly what its own span shows that the model was shown. A trace is
given out when the file ends, or when more than `HELD` characters of spans are held: then
the one that was longest without a new span. A span that comes after that makes a further
attempt at the same item, so that nothing is lost and memory has a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats import known
from harness_forge.collect.sources.formats.conversation import Conversation, ModelAnswer, words
from harness_forge.collect.sources.formats.reading import NoConversation, Read, attempted
from harness_forge.collect.sources.mapping import Misfit
from harness_forge.collect.sources.outcomes import moment
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.core.chat.faults import Malformed, kind

HELD = 64 << 20
"""Characters of spans that are held at once."""


@dataclass(frozen=True, slots=True)
class SpanScore:
    """What was said of a span, or of a whole trace.

    Args:
        value: number, truth value or word.
        whole: it is of the trace, and counts before those of its spans.
    """

    name: str
    value: Any
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """One span of a trace, as every tracer's is read.

    Args:
        trace: its id; None for a span by itself.
        id, parent: of the span.
        agent: whose span it is; spans below it are that agent's too.
        answer: of a model; None for a span of anything else.
        why: reason and detail where there is no answer; None for a record that is no
            span, such as a score.
        scores: of this span, or of its trace.
        item: what the trace is at, such as an item of a data set; else the trace itself.
        piece: what this record tells of the span with this id, such as one message.
        complete: makes the answer of all pieces of the span, for one that holds none itself.
        record: the span as a mapping may name it.
        more: as `Conversation.extra`; `session` is the conversation that the trace is part of.
    """

    trace: str | None
    id: str | None = None
    parent: str | None = None
    agent: str | None = None
    answer: ModelAnswer | None = None
    why: tuple[str, str] | None = None
    scores: Sequence[SpanScore] = ()
    item: str | None = None
    piece: Any = None
    complete: Callable[[Sequence[Any]], ModelAnswer] | None = None
    record: Any = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Trace:
    key: str
    place: int = 0
    size: int = 0
    spans: list[tuple[int, Span]] = field(default_factory=list)


def traced(
    name: str,
    fits: Callable[[Mapping[str, Any]], bool],
    spans: Callable[[Mapping[str, Any]], Iterable[Span]],
    held: int = HELD,
) -> Read:
    """Return a reader that puts the spans of each trace together.

    Args:
        name: of the format.
        fits: whether a record is of it; one that is not is refused, with the name of its own.
        spans: takes a record and gives the spans in it. It raises Misfit for a record that
            cannot be read, NoConversation for one that holds no span.
    """

    def read(
        values: Iterator[LocatedValue | LeftOut], path: Path, _: Callable[[Any], str] | None = None
    ) -> Iterator[LocatedValue | LeftOut]:
        open_: dict[str, _Trace] = {}
        size = 0
        for value in values:
            if isinstance(value, LeftOut):
                yield value
                continue
            found = attempted(partial(_of_record, value.value, name, fits, spans), value.place)
            if isinstance(found, LeftOut):
                yield found
                continue
            each = len(value.text or str(value.value)) // max(len(found), 1)
            for number, span in enumerate(found):
                if span.why is not None and span.complete is None:
                    yield _left_out(value.place, span.why)
                key = span.trace or f"{value.place}.{number}"
                trace = open_.pop(key, None) or _Trace(key)
                open_[key] = trace  # the last of them had the latest span
                trace.place = value.place
                # Of a span that holds no answer only its place in the tree is kept.
                weight = each if span.answer or span.complete else 300
                trace.size += weight
                size += weight
                trace.spans.append((value.place, span))
            while size > held and len(open_) > 1:
                oldest = open_.pop(next(iter(open_)))
                size -= oldest.size
                yield from _given(oldest)
        for trace in open_.values():
            yield from _given(trace)

    return read


def answered(make: Callable[..., ModelAnswer], *given: Any) -> dict[str, Any]:
    """Return the answer that `make` gives, or why there is none, as `Span` has them."""
    try:
        return {"answer": make(*given)}
    except NoConversation as error:
        return {"why": error.args}
    except (Misfit, Malformed) as error:
        return {"why": ("misfit", error.args[0])}


def _left_out(place: int, why: tuple[str, str]) -> LeftOut:
    return LeftOut(place, *why, malformed=why[0] == "misfit")


def _of_record(record: Any, name: str, fits, spans) -> Iterable[Span]:
    """Return the spans of a record.

    Raises:
        Misfit: it is of another format.
    """
    if not isinstance(record, Mapping):
        raise Misfit(f"the record is {kind(record)}, not an object")
    if not fits(record):
        raise Misfit(f"it is no record of {name}{known.hint(record, name)}")
    found = list(spans(record))
    for span in found:
        for name in (span.trace, span.id, span.parent):
            if isinstance(name, Mapping | list):
                raise Misfit(f"a span is named by {kind(name)}, not a text")
    return found


def _given(trace: _Trace) -> Iterator[LocatedValue | LeftOut]:
    yield from _completed(trace)
    tree = {span.id: span for _, span in trace.spans if span.id}
    answering = [(place, span) for place, span in trace.spans if span.answer]
    wrapping = _wrapping([span for _, span in answering], tree)
    for place, span in answering:
        if id(span) in wrapping:
            yield LeftOut(place, "wraps_a_call", "a span within it has the same answer")
    answering = [(place, span) for place, span in answering if id(span) not in wrapping]
    answering, again = _once(answering)
    for place, span in again:
        yield LeftOut(place, "repeated_span", f"span {str(span.id)[:60]} is there already")
    if not answering:
        return
    answering = _in_order(answering)
    scores, contradictory = _scores(trace.spans)
    if contradictory:
        said = f"{contradictory[0]!r} has several values in trace {trace.key[:80]}: no verdict"
        yield LeftOut(trace.place, "contradictory_scores", said)
    yield LocatedValue(trace.place, _conversation(trace, answering, tree, scores, contradictory))


def _completed(trace: _Trace) -> Iterator[LeftOut]:
    """Put spans together with the records that tell of them; yield those still without answer."""
    pieces: dict[str | None, list[Any]] = {}
    for _, span in trace.spans:
        if span.piece is not None:
            pieces.setdefault(span.id, []).append(span.piece)
    named = {span.id for _, span in trace.spans if span.piece is None}
    made: list[tuple[int, Span]] = []
    for place, span in trace.spans:
        # Where the span itself is in no record, its first piece is taken for it.
        if span.complete is None or (span.piece is not None and span.id in named):
            made.append((place, span))
            continue
        named.add(span.id)
        span = replace(span, complete=None, **answered(span.complete, pieces.get(span.id, ())))
        if span.answer is None:
            yield _left_out(place, span.why)
        made.append((place, span))
    trace.spans = made


Placed = list[tuple[int, Span]]
"""Spans with the places of their records."""


def _once(answering: Placed) -> tuple[Placed, Placed]:
    """Return spans, and those exported before; two that only have one id are two."""
    seen: dict[str | None, list[ModelAnswer]] = {}
    kept, again = [], []
    for one in answering:
        held = seen.setdefault(one[1].id, [])
        (again if one[1].id and one[1].answer in held else kept).append(one)
        held.append(one[1].answer)
    return kept, again


def _wrapping(answering: Sequence[Span], tree: Mapping[str, Span]) -> set[int]:
    """Return which spans only wrap the call of a span within them, such as a library's own."""
    made = set()
    for span in answering:
        outer = tree.get(span.parent)
        if outer is None or not _same(span, outer):
            continue
        if not any(span is one for one in _above(outer, tree)):  # else they are a circle
            made.add(id(outer))
    return made


def _above(span: Span | None, tree: Mapping[str, Span]) -> list[Span]:
    """Return a span and those above it, the nearest first; a circle ends."""
    made: list[Span] = []
    while span is not None and not any(span is one for one in made):
        made.append(span)
        span = tree.get(span.parent)
    return made


def _same(inner: Span, outer: Span) -> bool:
    """Return whether the outer span only wraps the call of the inner one."""
    if outer.answer is None or inner.answer is None:
        return False
    return _words(outer.answer.said) == _words(inner.answer.said)


def _words(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return words(said), 0
    calls = said.get("tool_calls")
    return words(said.get("content")), len(calls) if isinstance(calls, list) else 0


def _in_order(answering: Placed) -> Placed:
    """Return spans by their times; where one has no time they stay in the file's order."""
    times = [moment(span.answer.started_at) for _, span in answering]
    if not all(times):
        return answering
    order = sorted(range(len(times)), key=lambda at: times[at])
    return [answering[at] for at in order]


def _scores(spans: Sequence[tuple[int, Span]]) -> tuple[dict[str, Any], list[str]]:
    """Return the trace's scores by name, the ones that count first; names that contradict."""
    all_ = [score for _, span in spans for score in span.scores if score.value is not None]
    made: dict[str, Any] = {}
    contradictory = []
    for whole in (True, False):
        here: dict[str, list[Any]] = {}
        for score in all_:
            if score.whole is whole and score.name not in made:
                here.setdefault(score.name, []).append(score.value)
        for name, found in here.items():
            agree = all(one == found[0] for one in found)
            made[name] = found[0] if agree else None
            contradictory += [] if agree else [name]
    return made, contradictory


def _conversation(trace: _Trace, answering, tree, scores, contradictory) -> dict[str, Any]:
    spans = [span for _, span in trace.spans]
    first = answering[0][1]
    answers = []
    for _, span in answering:
        said = span.answer
        agent = said.agent or _agent(span, tree)
        answers.append(said if agent is None else _by(said, agent))
    item = next((span.item for span in spans if span.item), None)
    made = Conversation(
        item=item or trace.key,
        answers=answers,
        agent=answers[-1].agent,
        model=answers[-1].model,
        outcome=next((value for value in scores.values()), None),
        started_at=answers[0].started_at,
        extra={
            "scores": scores,
            "trace": trace.key,
            **{key: value for span in reversed(spans) for key, value in span.more.items()},
        },
    )
    return made.scope(first.record)


def _by(answer: ModelAnswer, agent: str) -> ModelAnswer:
    return replace(answer, agent=agent)


def _agent(span: Span, tree: Mapping[str, Span]) -> str | None:
    """Return whose span it is: its own agent, or that of the nearest span above it."""
    return next((one.agent for one in _above(span, tree) if one.agent), None)
