"""A gold set's file: rows that people wrote, and whether each was reviewed as it stands.

    system: …          # of every row that has none of its own
    tools: […]         # offered in every row; a row's `tools: [NAME]` offers some
    rows:
      - id: close-1
        kind: bead_lifecycle
        prompt: …
        calls: [{bead_close: {id: hub-7}}]   # and, or instead, `answer: TEXT`
    reviews: …         # written by `forge gold approve`; the last key

A row may have `messages`, a whole conversation, instead of prompt, answer and calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from harness_forge.core.chat import forms
from harness_forge.core.chat.faults import Malformed
from harness_forge.core.chat.tools import read_tools
from harness_forge.core.errors import SourceError
from harness_forge.core.hints import did_you_mean_any

APPROVED, REJECTED = "approved", "rejected"
NOT_REVIEWED, CHANGED = "not_reviewed", "changed_since_review"
FILE_KEYS = ("system", "tools", "rows", "reviews")
ROW_KEYS = ("id", "kind", "system", "tools", "prompt", "answer", "calls", "messages", "note")
_NAME = "names a tool, such as [bead_close]"


class GoldFault(Exception):
    """A row that is no example; the message says why."""


@dataclass(frozen=True, slots=True)
class GoldRow:
    """One row.

    Args:
        place: in the file's list, from 1.
        messages: the whole conversation, its last message the answer.
        tools: that are offered.
        digest: of all that is learned of it; a review is of one digest.
        state: approved, rejected, not_reviewed or changed_since_review.
        by, date: who reviewed it, and the day; '' where nobody did.
    """

    id: str
    place: int
    kind: str
    messages: list[Mapping[str, Any]]
    tools: list[Mapping[str, Any]]
    digest: str
    state: str
    by: str = ""
    date: str = ""


def rows(path: Path) -> Iterator[GoldRow | tuple[int, str]]:
    """Yield each row, or its place and why it is none.

    Raises:
        SourceError: the file is no gold set.
    """
    held = load(path)
    reviews, seen = held.get("reviews") or {}, set()
    for place, row in enumerate(held["rows"], 1):
        try:
            made = _row(row, place, held, reviews)
            if made.id in seen:
                raise GoldFault(f"two rows are called {made.id}")
            seen.add(made.id)
            yield made
        except (GoldFault, Malformed) as fault:
            yield place, str(fault.args[0])


def load(path: Path) -> dict[str, Any]:
    """Return what a file holds, its own keys checked.

    Raises:
        SourceError: it cannot be read, or is no gold set.
    """
    try:
        held = _NoDoubles(path.read_text(encoding="utf-8")).get_single_data()
    except OSError as error:
        raise SourceError(str(path), f"cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise SourceError(str(path), f"is not valid YAML: {said}") from None
    if not isinstance(held, dict) or not isinstance(held.get("rows"), list):
        raise SourceError(str(path), "is no gold set: it has no list of rows", "rows: [{id: …}]")
    for key in held:
        if key not in FILE_KEYS:
            hint = did_you_mean_any(str(key), FILE_KEYS, f"keys: {', '.join(FILE_KEYS)}")
            raise SourceError(str(path), f"unknown key '{key}'", hint)
    if not isinstance(held.get("reviews") or {}, dict):
        hint = "forge gold approve FILE ROW --by=NAME"
        raise SourceError(f"{path}: reviews", "is no table of rows", hint)
    return held


class _NoDoubles(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping: one of its values would be lost."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                at = node.value[place][0].start_mark.line + 1
                raise yaml.YAMLError(f"line {at}: '{key}' occurs twice")
        return super().construct_mapping(node, deep)


def _row(row: Any, place: int, held: Mapping[str, Any], reviews: Mapping[Any, Any]) -> GoldRow:
    if not isinstance(row, dict) or row.get("id") in (None, ""):
        raise GoldFault("the row has no id")
    name = str(row["id"])
    for key in row:
        if key not in ROW_KEYS:
            hint = did_you_mean_any(str(key), ROW_KEYS, f"keys: {', '.join(ROW_KEYS)}")
            raise GoldFault(f"{name}: unknown key '{key}': {hint}")
    tools = _offered(name, row, read_tools(held.get("tools") or []))
    messages = _messages(name, row, row.get("system", held.get("system")))
    _check_calls(name, messages, tools)
    learned = json.dumps([messages, tools], ensure_ascii=False, sort_keys=True, default=str)
    digest = sha256(learned.encode()).hexdigest()[:16]
    review = reviews.get(row["id"], reviews.get(name))
    kind = str(row.get("kind") or "other")
    return GoldRow(name, place, kind, messages, tools, digest, *_state(name, review, digest))


def _state(name: str, review: Any, digest: str) -> tuple[str, str, str]:
    """Return a row's state, who said so, and when."""
    if review is None:
        return NOT_REVIEWED, "", ""
    if not isinstance(review, dict) or review.get("state") not in (APPROVED, REJECTED):
        raise GoldFault(f"{name}: its review has no state: {APPROVED} or {REJECTED}")
    by, date = str(review.get("by") or ""), str(review.get("date") or "")
    if not by or not date:
        raise GoldFault(f"{name}: its review does not say who and when: by and date")
    changed = str(review.get("digest")) != digest
    return CHANGED if changed else review["state"], by, date


def _offered(name: str, row: Mapping[str, Any], known: list) -> list[Mapping[str, Any]]:
    if "tools" not in row:
        return list(known)
    by_name = {one["function"]["name"]: one for one in known}
    wanted = row["tools"]
    if not isinstance(wanted, list):
        raise GoldFault(f"{name}: tools {_NAME}")
    for one in wanted:
        if one not in by_name:
            hint = did_you_mean_any(str(one), by_name, f"there is: {', '.join(by_name)}")
            raise GoldFault(f"{name}: the file offers no tool '{one}': {hint}")
    return [by_name[one] for one in wanted]


def _messages(name: str, row: Mapping[str, Any], system: Any) -> list[Mapping[str, Any]]:
    if "messages" in row:
        if beside := [key for key in ("prompt", "answer", "calls") if key in row]:
            raise GoldFault(f"{name}: has messages, and {', '.join(beside)} beside them")
        said = row["messages"]
    else:
        if not row.get("prompt"):
            raise GoldFault(f"{name}: has no prompt")
        answer = {"role": "assistant", "content": row.get("answer")}
        if calls := row.get("calls"):
            answer["tool_calls"] = [_call(name, one, at) for at, one in enumerate(calls, 1)]
        elif not row.get("answer"):
            raise GoldFault(f"{name}: has neither an answer nor calls")
        said = [{"role": "user", "content": row["prompt"]}, answer]
    found = forms.conversation(said)
    if system and found[0]["role"] != "system":
        found = [{"role": "system", "content": str(system)}, *found]
    if found[-1]["role"] != "assistant":
        raise GoldFault(f"{name}: its last message is no answer")
    return list(found)


def _call(name: str, one: Any, number: int) -> dict[str, Any]:
    if not isinstance(one, dict) or len(one) != 1:
        raise GoldFault(f"{name}: call {number} is not of the form TOOL: {{ARGUMENT: VALUE}}")
    [(tool, arguments)] = one.items()
    if not isinstance(arguments or {}, dict):
        raise GoldFault(f"{name}: the arguments of {tool} are no table")
    function = {"name": str(tool), "arguments": arguments or {}}
    return {"id": f"call_{number}", "type": "function", "function": function}


def _check_calls(name: str, messages: list, tools: list) -> None:
    known = [one["function"]["name"] for one in tools]
    for message in messages:
        for call in message.get("tool_calls") or ():
            tool = call["function"]["name"]
            if tool not in known:
                hint = did_you_mean_any(tool, known, f"there is: {', '.join(known) or 'none'}")
                raise GoldFault(f"{name}: calls '{tool}', which is not offered: {hint}")
