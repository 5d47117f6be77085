"""How the file of a format is read: each record by itself, or all of them as one session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.conversation import Conversation
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.core.chat.faults import Malformed, kind

Hint = Callable[[Any], str]
"""Takes a record of another format and returns which source reads it; '' for none known."""
Read = Callable[[Iterator[LocatedValue | LeftOut], Path, Hint], Iterator[LocatedValue | LeftOut]]
"""Takes the values of a file, its path and a hint; yields a scope for each conversation."""


_STRANGE = (TypeError, AttributeError, KeyError, IndexError, ValueError, OverflowError)


class NoConversation(Exception):
    """A record of the format that holds no conversation; `args` are reason and detail.

    It is counted by its reason and is no fault, such as a span that is no model's.
    """


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Args:
        name: of the source.
        title: as its users call it.
        fits: whether a JSON object, a line or the whole file, is of this format. It
            looks at few keys: it is asked for records of any kind.
        read: see `each` and `session`.
        whole: one file is one session: a file that has grown is read again.
        opened: takes a path and the bytes that a record may have, and reads a file that is
            no JSON text. It returns None for a file that is; None where no file is else.
    """

    name: str
    title: str
    fits: Callable[[Mapping[str, Any]], bool]
    read: Read
    whole: bool = False
    opened: Callable[[Path, int], Iterator[LocatedValue | LeftOut] | None] | None = None


def each(convert: Callable[[Mapping[str, Any], Path], Iterable[Conversation | LeftOut]]) -> Read:
    """Return a reader that takes each record by itself.

    Args:
        convert: takes a record and its file's path. It raises Misfit for a record of
            another format, NoConversation for one that is left out. What it yields as
            left out is counted beside the conversations.
    """

    def read(
        values: Iterator[LocatedValue | LeftOut], path: Path, hint: Hint
    ) -> Iterator[LocatedValue | LeftOut]:
        for value in values:
            yield from (
                [value] if isinstance(value, LeftOut) else _converted(convert, value, path, hint)
            )

    return read


def session(
    convert: Callable[[list[Mapping[str, Any]], Path], Iterable[Conversation | LeftOut]],
) -> Read:
    """Return a reader that takes all records of a file together. They are held in memory.

    Args:
        convert: as in `each`, for the list of them.
    """

    def read(
        values: Iterator[LocatedValue | LeftOut], path: Path, hint: Hint
    ) -> Iterator[LocatedValue | LeftOut]:
        held: list[Mapping[str, Any]] = []
        for value in values:
            if isinstance(value, LeftOut):
                yield value
            elif isinstance(value.value, Mapping):
                held.append(value.value)
            else:
                yield _misfit(value.place, f"the line is {kind(value.value)}, not an object")
        if held:
            yield from _converted(convert, LocatedValue(1, held), path, hint, list)

    return read


def attempted(
    make: Callable[[], Iterable[Any]], place: int, hint: Callable[[], str] = lambda: ""
) -> list[Any] | LeftOut:
    """Return all that is made of a record, or the record as left out, and why.

    All that is read of a record is made before any of it is given out.

    Args:
        hint: what is added where the record does not fit, such as which source reads it.
    """
    try:
        return list(make())
    except (Misfit, Malformed) as error:
        return _misfit(place, f"{error.args[0]}{hint()}")
    except NoConversation as error:
        return LeftOut(place, *error.args)
    except _STRANGE as error:
        # Formats are others': any value of a record may be of any kind.
        said = f"a value in it is of another kind than such a record has: {error}"[:200]
        return _misfit(place, said)
    except RecursionError:
        return LeftOut(place, "too_deep", "it is nested too deeply", malformed=True)


def _converted(
    convert, value: LocatedValue, path: Path, hint: Hint, wanted: type = Mapping
) -> list[LocatedValue | LeftOut]:
    record = value.value
    if not isinstance(record, wanted):
        return [_misfit(value.place, f"the record is {kind(record)}, not an object")]
    found = attempted(lambda: convert(record, path), value.place, lambda: _hinted(hint, record))
    if isinstance(found, LeftOut):
        return [found]
    found = [
        replace(one, place=one.place or value.place)
        if isinstance(one, LeftOut)
        else LocatedValue(value.place, one.scope(record))
        for one in found
    ]
    if not any(isinstance(one, LocatedValue) or one.malformed for one in found):
        found.append(LeftOut(value.place, "no_answer", "nobody answers in it"))
    return found


def _hinted(hint: Hint, record: Any) -> str:
    records = record if isinstance(record, list) else [record]
    return next((said for one in records if (said := hint(one))), "")


def _misfit(place: int, said: str) -> LeftOut:
    return LeftOut(place, "misfit", said, malformed=True)
