"""Parses and writes JSON with exact integers of any length.

orjson is fast, but silently turns integers of more than 64 bits into floats, and cannot
write them. Texts and values with such integers are read and written by Python's own
parser and writer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

import orjson

_LONG = 19
"""Digits of the shortest integer that 64 bits do not hold."""
_STEPS = (6, 3, 1)
_TOGETHER = 1 << 16
"""Bytes of lines looked through for long integers at once."""
_LISTS, _MAPPINGS = (list, tuple), (dict, Mapping)
"""Concrete types come first: a check of an abstract class takes ten times as long."""
_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def may_hold_long_integer(text: str | bytes) -> bool:
    """Return whether a JSON text has 19 consecutive digits anywhere, also inside strings.

    A sixth of the characters is looked at first, of any 19 in a row at least
    three; a regular expression over all of them would take longer than the reading.
    """
    for step in _STEPS:
        seen = text[::step]
        raw = seen.encode("utf-8", "surrogatepass") if isinstance(seen, str) else seen
        if b"0" * (_LONG // step) not in raw.translate(_ZEROS):
            return False
    return True


def loads(text: str | bytes) -> Any:
    """Parse a JSON text as strictly as orjson, with integers of any length.

    Raises:
        ValueError: it is no JSON; NaN and numbers beyond a float's range are none.
    """
    return exactly(orjson.loads(text), text)


def exactly(value: Any, text: str | bytes) -> Any:
    """Return a value parsed by orjson, with integers of any length restored.

    Raises:
        ValueError: as `loads`.
    """
    if not may_hold_long_integer(text):
        return value
    try:
        return json.loads(text, parse_constant=_refused, parse_float=_finite)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def loads_lines(lines: Iterable[bytes]) -> Iterator[Any]:
    """Yield lines parsed as by `loads`; None for a line that is no JSON.

    Lines are looked through together: short ones take half the time.
    """
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= _TOGETHER:
            yield from _loaded(held)
            held, size = [], 0
    yield from _loaded(held)


def _loaded(lines: list[bytes]) -> Iterator[Any]:
    parse = loads if may_hold_long_integer(b"\n".join(lines)) else orjson.loads
    for line in lines:
        try:
            value = parse(line)
        except ValueError:
            value = None
        yield value


def dumps(value: Any, option: int = 0) -> bytes:
    """Return a value as JSON text without whitespace.

    Args:
        option: as `orjson.dumps` takes them; OPT_SORT_KEYS and OPT_APPEND_NEWLINE
            hold for long integers too.

    Raises:
        TypeError: something in it is no JSON.
    """
    try:
        return orjson.dumps(value, option=option)
    except TypeError as error:
        if "64-bit" not in str(error):
            raise
    text = json.dumps(
        value,
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=bool(option & orjson.OPT_SORT_KEYS),
    )
    return text.encode() + b"\n" * bool(option & orjson.OPT_APPEND_NEWLINE)


def _refused(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is beyond a float's range")
    return number


def object_in(value: Any) -> Mapping[str, Any]:
    """Return a value that is an object, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def count_in(value: Any) -> int | None:
    """Return a value that is a count, such as of tokens, as the store holds it; None for another.

    Digits in a text and whole floats are counts too: tracers write both.
    """
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 11:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    fine = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if fine else None


def first_count(found: Mapping[str, Any], *names: str) -> int | None:
    """Return the first of some fields that is a count; None where none is."""
    return next((made for name in names if (made := count_in(found.get(name))) is not None), None)


def strings(value: Any) -> list[str]:
    """Return every string in a value, in order; without recursion, because input sets the depth."""
    found, rest = [], [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, _MAPPINGS):
            rest.extend(reversed(item.values()))
        elif isinstance(item, _LISTS):
            rest.extend(reversed(item))
    return found
