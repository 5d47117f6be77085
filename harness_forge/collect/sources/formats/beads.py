"""Interactions of beads, the tracker of issues (`.beads/interactions.jsonl`): one file a tracker.

An entry of kind `llm_call` is one question and one answer. Its outcome is the label that a
later entry gives it; of several labels the last one counts.
Kept: prompt, response, model, time, label, the bead (`{issue.…}`, of issues.jsonl beside it or
in the folder backup), its type as the family, `{actor}`, `{reason}`.
Not kept: calls of tools, which are logged without their arguments; changes of fields; what the
model was shown besides the prompt, such as a system message, which no entry holds. That a bead
was closed is no outcome: who closed it may have been the agent itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.conversation import Conversation
from harness_forge.collect.sources.formats.reading import Format, session
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit

_CALL, _LABEL = "llm_call", "label"
_OTHERS = {"tool_call": "tool_call_without_arguments", "field_change": "field_change"}
"""Kinds of entries that hold no answer, and why they are left out."""
_ISSUES = ("issues.jsonl", "backup/issues.jsonl")


def _fits(record: Mapping[str, Any]) -> bool:
    kind, own = record.get("kind"), {_CALL, _LABEL, *_OTHERS}
    return isinstance(kind, str) and kind in own and "created_at" in record and "id" in record


def _conversations(lines: list[Mapping[str, Any]], path: Path) -> Iterable[Conversation | LeftOut]:
    if not any(map(_fits, lines)):
        raise Misfit("no entry with kind, id and created_at in it, so it is no interactions.jsonl")
    labels = {line.get("parent_id"): line for line in lines if line.get("kind") == _LABEL}
    issues, calls = dict(_issues(path)), set()
    for place, line in enumerate(lines, 1):
        kind = line.get("kind")
        if kind == _CALL:
            calls.add(line.get("id"))
            yield _left_out(line, place) or _conversation(line, labels, issues)
        elif kind != _LABEL:
            yield LeftOut(place, _OTHERS.get(kind) or f"unknown_record {kind}"[:80])
    for place, line in enumerate(lines, 1):
        if line.get("kind") == _LABEL and line.get("parent_id") not in calls:
            yield LeftOut(place, "label_of_no_answer")


def _left_out(line: Mapping[str, Any], place: int) -> LeftOut | None:
    if line.get("error"):
        return LeftOut(place, "error_response", str(line["error"])[:120])
    said = (line.get("prompt"), line.get("response"))
    if not all(isinstance(text, str) and text for text in said):
        return LeftOut(place, "no_content", "it has no prompt or no response")
    return None


def _conversation(
    line: Mapping[str, Any], labels: Mapping[Any, Any], issues: Mapping[str, Any]
) -> Conversation:
    label = labels.get(line.get("id"), {})
    issue = issues.get(str(line.get("issue_id")), {})
    return Conversation(
        item=line.get("issue_id") or line.get("id"),
        title=issue.get("title"),
        family=issue.get("issue_type"),
        model=line.get("model") or None,
        messages=[
            {"role": "user", "content": line["prompt"]},
            {"role": "assistant", "content": line["response"]},
        ],
        outcome=label.get("label"),
        started_at=line.get("created_at"),
        extra={"issue": issue, "actor": line.get("actor"), "reason": label.get("reason")},
    )


def _issues(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the beads of the tracker by id; lines that cannot be read describe none."""
    found = next((file for name in _ISSUES if (file := path.parent / name).is_file()), None)
    if found is None:
        return
    with found.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with suppress(ValueError, RecursionError):
                issue = json.loads(line)
                if isinstance(issue, Mapping) and isinstance(issue.get("id"), str):
                    yield issue["id"], issue


FORMAT = Format(
    "beads", "interactions of a beads tracker", _fits, session(_conversations), whole=True
)
