"""A file of recorded answers: lm-eval reads it instead of asking a model.

Copied into the task's folder, so that forge and lm-eval make the same keys; it
imports nothing of forge.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

FILE = "recorded.jsonl"
"""Its name in the task's folder."""


def key(document: Mapping[str, Any], greedy: bool, max_tokens: int) -> str:
    """Return what identifies an answer: the item, its whole prompt, and how it was asked.

    Args:
        document: as documents.jsonl holds it.
        greedy: no token is drawn.
        max_tokens: the most that the answer may have.
    """
    names = ("skill", "item_id", "messages", "tools")
    facts = [*(document[name] for name in names), greedy, max_tokens]
    return sha256(json.dumps(facts).encode("ascii")).hexdigest()


def write(file: Path, answers: Iterable[tuple[str, str, str]]) -> None:
    """Write (key, text, finish reason) of each answer."""
    names = ("key", "text", "finish_reason")
    # In ASCII no character of an answer ends a line.
    lines = (json.dumps(dict(zip(names, one, strict=True))) + "\n" for one in answers)
    file.write_text("".join(lines), encoding="ascii")


def read(file: Path) -> dict[str, tuple[str, str]]:
    """Return (text, finish reason) of each answer by its key."""
    rows = map(json.loads, file.read_text(encoding="ascii").splitlines())
    return {row["key"]: (row["text"], row["finish_reason"]) for row in rows}
