"""The first tool that an agent called for a request, as a recorded session has it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.rows import Citation, QuestionRow
from harness_forge.collect.sources import files, trajectories
from harness_forge.collect.sources.records import RecordedAttempt
from harness_forge.core.records import Turn

_FAULTS = ("error", "traceback", "exception", "not found", "denied", "failed")


def rows(context: Context) -> Iterator[QuestionRow]:
    """Yield a row for each session that begins with a request and one call that worked."""
    source = context.source
    if source is None or not source.path:
        return
    root = Path(source.path)
    for path in files.found(root, source.files):
        text, digest = _read(path)
        name = path.relative_to(root).as_posix() if root.is_dir() else path.name
        whole = Citation("session", str(path), digest, 1, max(text.count("\n"), 1), "")
        for found in trajectories.read(path, source):
            if isinstance(found, RecordedAttempt) and len(found.attempt.turns) > 1:
                row = _row(name, whole, found, *found.attempt.turns[:2])
                if row:
                    yield row


def read(citation: Citation) -> str | None:
    """Return the quote where every part of the call is still in the session's file."""
    text, digest = _read(Path(citation.path))
    if digest != citation.revision:
        return None
    call = json.loads(citation.quote)
    words = [call["name"], *(one for one in call["arguments"].values() if isinstance(one, str))]
    escaped = (json.dumps(word, ensure_ascii=plain)[1:-1] for word in words for plain in (0, 1))
    found = [one in text or json.dumps(one)[1:-1] in text for one in escaped]
    return citation.quote if all(map(any, zip(found[::2], found[1::2], strict=True))) else None


def _read(path: Path) -> tuple[str, str]:
    """Return the text of a session's file, and its digest."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return text, hashlib.sha256(text.encode()).hexdigest()


def _row(
    name: str, whole: Citation, found: RecordedAttempt, first: Turn, second: Turn
) -> QuestionRow | None:
    calls = first.response.get("tool_calls") or ()
    if len(calls) != 1 or not _worked(second.messages[len(first.messages) :]):
        return None
    call = _parsed(calls[0]["function"])
    if call is None:
        return None
    return QuestionRow(
        name=f"{name}::{found.item.item_id}",
        group=f"session {name}",
        messages=first.messages,
        answer=first.response,
        citations=[replace(whole, quote=json.dumps(call, ensure_ascii=False))],
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
