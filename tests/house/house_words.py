"""Counts uses of retired words, as names in code and as words in texts."""

from __future__ import annotations

import io
import re
import tokenize
from functools import cache
from pathlib import Path

RETIRED = (
    "worlds", "world", "served", "seated", "seat", "subjects", "repeating", "planning", "Reach",
    "protecting", "labelling", "Crew", "_Hand", "Harvest", "Fate", "Desk", "Door", "House",
    "Parcel", "Keeper", "Holding", "twins", "Marks", "Anchors", "Looks", "told", "stands", "whose",
    "stood", "whoever", "nobody", "anew",
)  # fmt: skip

Counts = tuple[int, int, int, int]


def uses(root: Path, word: str) -> Counts:
    """Return how often a word is used, with the case as given.

    As a name or a part of one in the package; the same in tests; as a word in the package's
    comments, docstrings and other texts; as a word in README and docs.
    """
    name = re.compile(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])|^{re.escape(word)}$")
    whole = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    package, tests = _tokens(root / "harness_forge"), _tokens(root / "tests")
    return (
        sum(bool(name.search(text)) for text in package[0]),
        sum(bool(name.search(text)) for text in tests[0]),
        sum(len(whole.findall(text)) for text in package[1]),
        sum(len(whole.findall(text)) for text in _pages(root)),
    )


@cache
def _tokens(folder: Path) -> tuple[list[str], list[str]]:
    """Return every name in the code of a folder, its files' names too, and every text."""
    names, texts = [], []
    for path in folder.rglob("*.py"):
        if "__pycache__" in path.parts or path.parent.name == "house":
            continue
        names.append(path.stem)
        source = path.read_text(encoding="utf-8")
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                names.append(token.string)
            elif token.type in _TEXTS:
                texts.append(token.string)
    return names, texts


_TEXTS = {
    tokenize.COMMENT,
    tokenize.STRING,
    # From Python 3.12 the words of an f-string are tokens of their own.
    getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING),
}


@cache
def _pages(root: Path) -> list[str]:
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return [path.read_text(encoding="utf-8") for path in pages if path.exists()]
