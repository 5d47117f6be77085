"""Spans of traces, put together: all that is answered in one trace is one attempt.

Each answer keeps exactly what its own span shows that the model was shown. A trace is
given out when the file ends, or when more than `HELD` characters of spans are held: then
the one that was longest without a new span. A span that comes after that makes a further
attempt at the same item, so that nothing is lost and memory has a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats import known
from harness_forge.collect.sources.formats.one_trace import Trace, given
from harness_forge.collect.sources.formats.reading import Read, attempted
from harness_forge.collect.sources.formats.spans import Span, left_out
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.core.chat.faults import kind

HELD = 64 << 20
"""Characters of spans that are held at once."""


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
        open_: dict[str, Trace] = {}
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
                    yield left_out(value.place, span.why)
                key = span.trace or f"{value.place}.{number}"
                trace = open_.pop(key, None) or Trace(key)
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
                yield from given(oldest)
        for trace in open_.values():
            yield from given(trace)

    return read


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
