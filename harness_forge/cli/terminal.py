"""What forge prints: foreign text cannot command the terminal, wherever it came from.

This is the one place where that is seen to, for results and faults alike.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from harness_forge.core.escapes import plain

_OWN = re.compile(r"(\A\r(?:\x1b\[K)?)?(.*?)(\r?\Z)", re.DOTALL)
"""What forge writes itself to a terminal: a line begun anew, by a progress line at its ends."""


class Escaped:
    """A stream that writes out what is not seen; all else is the stream's own."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._live = stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        if self._live and "\r" in text:
            begin, inside, end = _OWN.fullmatch(text).groups()
            return self._stream.write(f"{begin or ''}{plain(inside)}{end}")
        return self._stream.write(plain(text))

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several."""
        for line in lines:
            self.write(line)


@contextmanager
def escaped() -> Iterator[None]:
    """Let all that is printed meanwhile be plain."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (Escaped(stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
