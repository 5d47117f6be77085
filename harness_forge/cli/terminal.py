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

_SPELLED = str.maketrans(
    {
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{EN DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{MULTIPLICATION SIGN}": "x",
        "\u207b": "^-",
        **{
            raised: str(digit)
            for digit, raised in enumerate(
                "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
            )
        },
    }
)
"""Signs of forge's own, where a terminal's encoding lacks them."""


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
            return self._stream.write(self._known(f"{begin or ''}{plain(inside)}{end}"))
        return self._stream.write(self._known(plain(text)))

    def _known(self, text: str) -> str:
        """Return a text in the signs that the stream's encoding has."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            text = text.translate(_SPELLED)
            return text.encode(encoding, "backslashreplace").decode(encoding)
        except LookupError:
            pass
        return text

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
