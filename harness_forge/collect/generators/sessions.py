"""The first tool that an agent called for a request, as a recorded session has it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.rows import Citation, Row
from harness_forge.collect.sources import files, trajectories
from harness_forge.collect.sources.records import Recorded
from harness_forge.core.records import Turn

_FAULTS = ("error", "traceback", "exception", "not found", "denied", "failed")


def rows(context: Context) -> Iterator[Row]:
    """Yield a row for each session that begins with a request and one call that worked."""
    source = context.source
    if source is None or not source.path:
        return
    root = Path(source.path)
    for path in files.found(root, source.files):
        for found in trajectories.read(path, source):
            if isinstance(found, Recorded) and len(found.attempt.turns) > 1:
                row = _row(path, root, found, *found.attempt.turns[:2])
                if row:
                    yield row


def read(citation: Citation) -> str | None:
    """Return the quote where every part of the call still stands in the session's file."""
    text = Path(citation.path).read_text(encoding="utf-8", errors="replace")
    if hashlib.sha256(text.encode()).hexdigest() != citation.revision:
        return None
    call = json.loads(citation.quote)
    words = [call["name"], *(one for one in call["arguments"].values() if isinstance(one, str))]
    escaped = (json.dumps(word, ensure_ascii=plain)[1:-1] for word in words for plain in (0, 1))
    found = [one in text or json.dumps(one)[1:-1] in text for one in escaped]
    return citation.quote if all(map(any, zip(found[::2], found[1::2], strict=True))) else None


def _row(path: Path, root: Path, found: Recorded, first: Turn, second: Turn) -> Row | None:
    calls = first.response.get("tool_calls") or ()
    if len(calls) != 1 or not _worked(second.messages[len(first.messages) :]):
        return None
    call = _parsed(calls[0]["function"])
    if call is None:
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    digest = hashlib.sha256(text.encode()).hexdigest()
    quote = json.dumps(call, ensure_ascii=False)
    last = max(text.count("\n"), 1)
    name = path.relative_to(root).as_posix() if root.is_dir() else path.name
    return Row(
        name=f"{name}::{found.item.item_id}",
        group=f"session {name}",
        messages=first.messages,
        answer=first.response,
        citations=[Citation("session", str(path), digest, 1, last, quote)],
        tools=first.tools,
    )


def _parsed(function: Mapping[str, Any]) -> dict[str, Any] | None:
    arguments = function.get("arguments")
    try:
        arguments = json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        return None
    fit = isinstance(arguments, dict)
    return {"name": function["name"], "arguments": arguments} if fit else None


def _worked(messages: Sequence[Mapping[str, Any]]) -> bool:
    results = [str(one.get("content")).lower() for one in messages if one.get("role") == "tool"]
    return bool(results) and not any(word in text for text in results for word in _FAULTS)
