"""Adds a review to a gold set: who looked at which row, when, and with what result.

Reviews are the last key of the file and the only part that forge writes; what people wrote above
them stays byte for byte, comments included.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from harness_forge.collect.gold.sets import GoldRow, load, rows
from harness_forge.core.errors import SourceError
from harness_forge.core.files import write_text
from harness_forge.core.hints import did_you_mean_any

_REVIEWS = re.compile(r"^reviews:.*$", re.MULTILINE)
_KEY = re.compile(r"^[A-Za-z_\"'].*$", re.MULTILINE)


def add(path: Path, names: Sequence[str], state: str, by: str, day: date) -> list[GoldRow]:
    """Write a review of rows as they stand now, in place of earlier ones; return the rows.

    Args:
        state: approved or rejected.
        by: who looked at them.

    Raises:
        SourceError: there is no such row, a row is faulty, or something follows the reviews.
    """
    known = {one.id: one for one in rows(path) if isinstance(one, GoldRow)}
    for name in names:
        if name not in known:
            hint = did_you_mean_any(name, known, f"rows: {', '.join(known)}")
            raise SourceError(f"{path}: {name}", "is no row, or a faulty one", hint)
    reviews: dict[Any, Any] = dict(load(path).get("reviews") or {})
    for name in names:
        facts = {"state": state, "by": by, "date": day, "digest": known[name].digest}
        # A name that YAML reads as a number keeps the key that it has.
        key = next((one for one in reviews if str(one) == name), name)
        reviews[key] = facts
    text = path.read_text(encoding="utf-8")
    write_text(path, _above(path, text) + "reviews:\n" + _lines(reviews))
    return [known[name] for name in names]


def _above(path: Path, text: str) -> str:
    """Return what stands above the reviews, its last line ended.

    Raises:
        SourceError: a key follows them.
    """
    found = _REVIEWS.search(text)
    if found is None:
        return text if text.endswith("\n") else text + "\n"
    if after := _KEY.search(text, found.end()):
        what = f"the key in '{after[0][:40]}' stands behind the reviews"
        raise SourceError(str(path), what, "move reviews to the end of the file")
    return text[: found.start()]


def _lines(reviews: dict[Any, Any]) -> str:
    return "".join(
        "  "
        + yaml.safe_dump(
            {name: one}, default_flow_style=None, allow_unicode=True, width=200, sort_keys=False
        )
        for name, one in reviews.items()
    )
