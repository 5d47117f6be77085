"""Collects what a reviewer sees of a dataset, from its files alone.

Three things: what was replaced, by kind, with examples; what looks like a name
or an address and was left on purpose; and what the rules still find, which
must be nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from harness_forge.core import jsontext
from harness_forge.datasets.formats.endings import read_lines
from harness_forge.datasets.redaction.redactor import Redactor

EXAMPLES = 3
AROUND = 44
"""Characters shown on each side of an example."""
STAYED = 12
"""Values shown of each sort that was left."""

_REPLACED = re.compile(
    r"redacted-(?P<kind>[a-z0-9]+(?:-[a-z0-9]+)*)-[0-9a-f]{8}(?![0-9a-f])"
    r"|(?P<email>user-[0-9a-f]{8}@mail\.example)"
    r"|(?P<user>\buser-[0-9a-f]{8}\b)"
    r"|(?P<host>\b(?:host-[0-9a-f]{8}(?:\.net-[0-9a-f]{8}\.example)?|net-[0-9a-f]{8}\.example))"
    r"|(?P<ipv4>\b198\.1[89]\.\d{1,3}\.\d{1,3}\b)"
    r"|(?P<ipv6>\b2001:db8:[0-9a-f]{0,4}:[0-9a-f:]+)"
    r"|(?P<mac>\b02[:-]00[:-]5e(?:[:-][0-9a-f]{2}){3}\b|\b0200\.5e[0-9a-f]{2}\.[0-9a-f]{4}\b)"
)
_SIGN = re.compile(
    rb"redacted-|user-[0-9a-f]{8}|host-[0-9a-f]{8}|net-[0-9a-f]{8}"
    rb"|198\.1[89]\.|2001:db8:|02[:-]00[:-]5e|0200\.5e"
)
"""In the bytes of a line that has a pseudonym."""
_STAYED = {
    "e-mail address": re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    "address": re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w.-])"),
    "name in a URL": re.compile(r"://([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"),
    "home": re.compile(r"(?:/home|/Users)/[A-Za-z_][\w.-]*"),
}
_NEAR = re.compile(rb"@|://|/home/|/Users/|\d\.\d{1,3}\.\d{1,3}\.\d")


class PseudonymUse(NamedTuple):
    """One occurrence of a pseudonym, with the words around it."""

    file: str
    line: int
    text: str


@dataclass
class ReplacementKind:
    """The replacements of one kind.

    Args:
        times: number of pseudonyms in the files.
        values: the pseudonyms, with the number of each.
        examples: the first few, of values that differ where there are several.
    """

    times: int = 0
    values: Counter[str] = field(default_factory=Counter)
    examples: list[PseudonymUse] = field(default_factory=list)


class UnredactedValue(NamedTuple):
    """A value that should have been replaced: its kind, place and beginning."""

    kind: str
    file: str
    line: int
    masked: str


@dataclass
class Survey:
    """The survey of a dataset's files.

    Args:
        lines: how many were read.
        kinds: what was replaced, by kind.
        stayed: what was left although it has the form, by form.
        left: what the rules still find.
    """

    lines: int = 0
    kinds: dict[str, ReplacementKind] = field(default_factory=lambda: defaultdict(ReplacementKind))
    stayed: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    left: list[UnredactedValue] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how often each kind was replaced, by name."""
        return {kind: self.kinds[kind].times for kind in sorted(self.kinds)}


def files_of(folder: Path) -> list[Path]:
    """Return a dataset's files, by name."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def survey(folder: Path, redactor: Redactor) -> Survey:
    """Return the survey of every file of a dataset.

    Args:
        redactor: with the rules by which it is looked at, switched on.

    Raises:
        ExportError: a file is compressed in a way that cannot be read here.
        OSError: a file cannot be read.
    """
    found = Survey()
    for path in files_of(folder):
        name = path.relative_to(folder).as_posix()
        for number, line in _pieces(path):
            found.lines += 1
            _look(found, name, number, line, redactor)
    return found


def _pieces(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file of lines; any other file as one piece."""
    if path.name.endswith((".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")):
        yield from enumerate(read_lines(path), start=1)
    else:
        yield 1, path.read_bytes()


def _look(found: Survey, file: str, number: int, line: bytes, redactor: Redactor) -> None:
    value = _parsed(line)
    for text in _texts(value) if _SIGN.search(line) else ():
        for match in _REPLACED.finditer(text):
            _count(found, file, number, match)
    for text in _texts(value) if _NEAR.search(line) else ():
        for sort, pattern in _STAYED.items():
            found.stayed[sort].update(
                match[match.lastindex or 0]
                for match in pattern.finditer(text)
                if not _REPLACED.search(match[0])
            )
    found.left += [
        UnredactedValue(kind, file, number, masked)
        for kind, masked in _still_there(value, redactor)
    ]


def _count(found: Survey, file: str, number: int, match: re.Match[str]) -> None:
    name = match.lastgroup or ""
    kind = found.kinds[match["kind"].replace("-", "_") if name == "kind" else name]
    new = match[0] not in kind.values
    kind.times += 1
    kind.values[match[0]] += 1
    if new and len(kind.examples) < EXAMPLES:
        start, end = match.span()
        shown = match.string[max(0, start - AROUND) : end + AROUND]
        kind.examples.append(PseudonymUse(file, number, " ".join(shown.split())))


def _still_there(value: Any, redactor: Redactor) -> list[tuple[str, str]]:
    """Return kind and beginning of every value that the rules find."""
    _, counts = redactor.value(value)
    if not counts:
        return []
    shown = [
        (one.kind, f"{one.value[:2]}… ({len(one.value)} characters)")
        for text in _texts(value)
        for one in redactor.findings(text)
    ]
    # What only a key gave away, such as {"password": …}, is in no text by itself.
    return shown or [(kind, "told by its key") for kind in counts]


def _parsed(line: bytes) -> Any:
    try:
        return jsontext.loads(line)
    except ValueError:
        return line.decode("utf-8", "surrogateescape")


def _texts(value: Any) -> Iterator[str]:
    """Yield every text; for a string that holds JSON, the texts inside it."""
    if isinstance(value, str):
        held = _parsed(value.encode("utf-8", "surrogatepass")) if value[:1] in ("{", "[") else None
        if isinstance(held, dict | list):
            yield from _texts(held)
        else:
            yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
