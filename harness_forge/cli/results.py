"""What a verb reports: a text for people, or with `--json` one JSON value.

This is the one place where standard output is divided. With `--json` it takes the value
and nothing else; what verbs print on their way goes to standard error. With `--quiet` what
they print on their way goes nowhere, and only results and errors are seen.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum
from typing import IO, Any

from harness_forge.core.errors import ConfigError

JSON, QUIET = "--json", "--quiet"
"""Flags of every verb."""


@dataclasses.dataclass
class _OutputTargets:
    """Where results go.

    Args:
        stream: standard output as it was; None is what it is now.
        several: the values of a sweep, printed together at its end; None where
            there is one job and its value is printed at once.
    """

    as_json: bool = False
    stream: IO[str] | None = None
    several: list[Any] | None = None


class NullStream:
    """A stream that takes a text and shows none of it."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Take a text."""
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Take several."""

    def flush(self) -> None:
        """Do nothing."""

    def isatty(self) -> bool:
        """Return that nobody looks."""
        return False


_division = _OutputTargets()


@contextmanager
def gathered() -> Iterator[list[Any]]:
    """Yield the values that another verb reports meanwhile, for this one to report in its own.

    Without `--json` the list stays empty, and its texts are shown.
    """
    global _division
    before, found = _division, []
    if before.as_json:
        _division = dataclasses.replace(before, several=found)
    try:
        yield found
    finally:
        _division = before


@contextmanager
def divided(flags: set[str], jobs: int) -> Iterator[None]:
    """Let results meanwhile be given as the flags say.

    Args:
        flags: `JSON`, `QUIET`.
        jobs: of a sweep; the values of several make one array, also where one fails.
    """
    global _division
    before, streams = _division, (sys.stdout, sys.stderr)
    several = [] if JSON in flags and jobs > 1 else None
    _division = _OutputTargets(JSON in flags, sys.stdout if flags else None, several)
    if QUIET in flags:
        sys.stdout = sys.stderr = NullStream()
    elif JSON in flags:
        sys.stdout = sys.stderr
    try:
        yield
    finally:
        _division, (sys.stdout, sys.stderr) = before, streams
        if several is not None:
            print(written(several))


def report(value: Any, text: str | None = None) -> None:
    """Give the result of a verb, once for each call of it.

    Args:
        value: what `--json` prints; dataclasses become objects.
        text: what people read; None where `show` has given it.
    """
    if not _division.as_json:
        if text is not None:
            show(text)
    elif _division.several is None:
        print(written(value), file=_division.stream, flush=True)
    else:
        _division.several.append(as_plain(value))


def show(text: str) -> None:
    """Print a part of a result for people; with `--json` nothing."""
    if not _division.as_json:
        print(text, file=_division.stream, flush=True)


def for_people(command: str) -> None:
    """Refuse `--json` for an action whose result is a text or a process.

    Raises:
        ConfigError: `--json` was asked for.
    """
    if _division.as_json:
        raise ConfigError("command line", f"{command} reports nothing as JSON", f"leave out {JSON}")


def written(value: Any) -> str:
    """Return a value as JSON in ASCII: no terminal and no encoding changes a byte of it."""
    return json.dumps(as_plain(value), indent=2, allow_nan=False)


def as_plain(value: Any) -> Any:
    """Return a value in the types of JSON; a number that is none (infinite) becomes null."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: as_plain(getattr(value, field.name)) for field in fields}
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): as_plain(one) for key, one in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(as_plain, value), key=str)
    if isinstance(value, list | tuple):
        return [as_plain(one) for one in value]
    if isinstance(value, Decimal):
        return as_plain(float(value))
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
