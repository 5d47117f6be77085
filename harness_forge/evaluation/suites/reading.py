"""Shared by the loaders: the path of a copy, its lines, and the choice of items."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness_forge.config.suite import SuiteConfig
from harness_forge.core.errors import ConfigError, EvalError
from harness_forge.core.hints import did_you_mean
from harness_forge.evaluation.lmeval.folder import Document

FIXED = "fixed"
"""Part of an item that belongs to no split."""

_OF_ALL = ("overall", "each")


def copy_of(suite: SuiteConfig, layout: str) -> Path:
    """Return the path of a local copy.

    Args:
        layout: the expected content, in a few words.

    Raises:
        EvalError: the suite names none, or there is nothing.
    """
    hint = f"suite.path={{folder}}: {layout}"
    if not suite.path:
        raise EvalError(f"suite {suite.name}", "needs a local copy; none comes with forge", hint)
    path = Path(suite.path)
    if not path.exists():
        raise EvalError(f"suite {suite.name}", f"there is nothing at {path}", hint)
    return path


def rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each line of a JSON lines file as a mapping, with its file and line; .gz is unpacked.

    Raises:
        EvalError: the file cannot be read, or a line is not a mapping.
    """
    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield f"{file}:{number}", _table(line, f"{file}:{number}")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise EvalError(str(file), f"cannot be read ({error})") from None


def _table(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise EvalError(place, f"is no JSON ({error})", "one table a line") from None
    if not isinstance(row, dict):
        raise EvalError(place, "is no table", "one table a line")
    return row


def field(row: dict[str, Any], name: str, kind: type, place: str) -> Any:
    """Return a field that every row must have.

    Raises:
        EvalError: it is missing, or of another type.
    """
    if not isinstance(value := row.get(name), kind):
        raise EvalError(place, f"has no {name} ({kind.__name__})")
    return value


def chosen(suite: SuiteConfig, documents: Sequence[Document]) -> list[Document]:
    """Return the items to ask: of the suite's categories, at most `limit` of each.

    Raises:
        EvalError: there is no item, or two have the same id.
        ConfigError: a category that the suite names has no item.
    """
    where = f"suite {suite.name}"
    if not documents:
        raise EvalError(where, "there is no item to ask", f"looked in {suite.path or 'its files'}")
    names = Counter(document.item_id for document in documents)
    if (twice := names.most_common(1)[0])[1] > 1:
        raise EvalError(where, f"two items are called {twice[0]}", "give each its own id")
    known = list(dict.fromkeys(document.category for document in documents))
    _check_categories(suite, known)
    wanted = suite.categories or known
    seen: Counter[str] = Counter()
    found = []
    for document in documents:
        seen[document.category] += document.category in wanted
        if document.category in wanted and (
            not suite.limit or seen[document.category] <= suite.limit
        ):
            found.append(document)
    return found


def _check_categories(suite: SuiteConfig, known: Sequence[str]) -> None:
    wanted = suite.categories or known
    named = {
        "categories": (suite.categories, known),
        "weights": (suite.weights, wanted),
        "thresholds": (suite.thresholds, [*wanted, *_OF_ALL]),
    }
    for key, (names, possible) in named.items():
        for name in names:
            if name not in possible:
                listed = f"categories: {', '.join(known) or 'none'}"
                hint = did_you_mean(name, possible) + listed
                what = f"no item is of category {name!r}"
                raise ConfigError(f"suite {suite.name}: {key}", what, hint)
    if suite.weights and (without := [name for name in wanted if name not in suite.weights]):
        hint = "give every category one, or none"
        raise ConfigError(f"suite {suite.name}: weights", f"{without[0]} has none", hint)
    if any(not weight > 0 for weight in suite.weights.values()):
        raise ConfigError(f"suite {suite.name}: weights", "must be above 0")
