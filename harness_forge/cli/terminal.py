"""What forge prints: foreign text cannot command the terminal, wherever it came from.

This is the one place where that is seen to, for results and faults alike, and the one that
decides on colours: none where the stream is no terminal or TERM is dumb; NO_COLOR switches them
off, FORCE_COLOR on, and NO_COLOR wins.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from harness_forge.core.escapes import plain

_OWN = re.compile(r"(\A\r(?:\x1b\[K)?)?(.*?)(\r?\Z)", re.DOTALL)
"""What forge writes itself to a terminal: a line begun again, by a progress line at its ends."""

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


STYLES = {"fault": "1;31", "hint": "36", "good": "32", "bad": "31", "open": "33", "head": "1"}
STYLES["aside"] = "2"
"""What is painted, and the terminal's code for it."""

_TOKEN = os.urandom(4).hex()
"""Nobody else's text is taken for painted: the marks differ from process to process."""
_PAINTED = re.compile(f"\x02{_TOKEN}(\\w+)\x02(.*?)\x03{_TOKEN}", re.DOTALL)
_seen_to = False


def painted(text: str, style: str) -> str:
    """Return a text that is shown in a style of `STYLES` where the stream takes colours.

    Pad it before: its length grows.
    """
    return f"\x02{_TOKEN}{style}\x02{text}\x03{_TOKEN}" if _seen_to else text


def takes_colours(stream: IO[str]) -> bool:
    """Return whether colours are written to a stream."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


class EscapingStream:
    """A stream that writes out what is not seen; all else is the stream's own."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._colours = takes_colours(stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        if self._live and "\r" in text:
            begin, inside, end = _OWN.fullmatch(text).groups()
            return self._stream.write(self._known(f"{begin or ''}{plain(inside)}{end}"))
        return self._stream.write(self._known(self._painted(text)))

    def _painted(self, text: str) -> str:
        """Return a text made plain, and what forge painted in it in colours, if it takes any."""
        if _TOKEN not in text:
            return plain(text)
        before, *rest = _PAINTED.split(text)
        parts = [plain(before)]
        for style, inside, after in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
            code = STYLES[style] if self._colours else ""
            shown = plain(inside)
            parts += [f"\x1b[{code}m{shown}\x1b[0m" if code else shown, plain(after)]
        return "".join(parts)

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
    global _seen_to
    before, seen_to = (sys.stdout, sys.stderr), _seen_to
    sys.stdout, sys.stderr = (EscapingStream(stream) for stream in before)
    _seen_to = True
    try:
        yield
    finally:
        (sys.stdout, sys.stderr), _seen_to = before, seen_to
