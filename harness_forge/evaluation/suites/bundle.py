"""Items with a check each, in a folder: `items.jsonl`, and `bundle.json` for what they share.

A line of items.jsonl:

id        unique in the bundle
category  the item's topic
prompt    the question; or `messages`, a conversation that ends with it
tools     names of the offered tools; optional
check     what makes an answer right: a mapping with a `kind` (docs/suites.md)
budget    tokens that a right answer needs at most; optional
bead      items of one name are completed together

bundle.json: `systems`, the system message by category (`""` for any other),
and `tools`, schemas in OpenAI form.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness_forge.config.suite import OURS, SuiteConfig
from harness_forge.core.errors import EvalError
from harness_forge.core.hints import did_you_mean
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.evaluation.scoring import checks
from harness_forge.evaluation.suites import reading

ITEMS, SHARED = "items.jsonl", "bundle.json"

_NEEDS = {
    "label": ("answer", "options"),
    "number": ("value",),
    "mentions": ("all",),
    "order": ("steps",),
    "json": ("fields",),
    "calls": ("truth",),
    "beads": ("start", "goal"),
}


def folder_of(suite: SuiteConfig) -> Path:
    """Return a bundle's folder: a bundled one by name, or one at a path.

    Raises:
        EvalError: there is none.
    """
    name = suite.path or suite.name
    for place in (OURS / name, Path(name)):
        if (place / ITEMS).is_file():
            return place
    ours = sorted(place.name for place in OURS.iterdir() if place.is_dir())
    what = f"there is no bundle {name!r}"
    hint = f"{did_you_mean(name, ours)}a folder with {ITEMS}, or one of: {', '.join(ours)}"
    raise EvalError(f"suite {suite.name}", what, hint)


def load(suite: SuiteConfig) -> list[Document]:
    """Return a bundle's items, in the file's order.

    Raises:
        EvalError: there is no such bundle, or a line of it cannot be used.
    """
    folder = folder_of(suite)
    shared = _shared(folder / SHARED)
    tools = {tool["function"]["name"]: tool for tool in shared.get("tools", ())}
    systems = shared.get("systems", {})
    return [
        _document(suite, row, place, systems, tools) for place, row in reading.rows(folder / ITEMS)
    ]


def _shared(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvalError(str(file), f"cannot be read ({error})") from None
    if not isinstance(found, dict):
        raise EvalError(str(file), "is no table")
    return found


def _document(suite: SuiteConfig, row: dict[str, Any], place: str, systems, tools) -> Document:
    category = row.get("category", "")
    offered = row.get("tools", [])
    for name in offered:
        if name not in tools:
            raise EvalError(place, f"offers a tool {name!r} that {SHARED} does not describe")
    check = _checked(reading.field(row, "check", dict, place), place)
    if "budget" in row:
        check = check | {"budget": reading.field(row, "budget", int, place)}
    item_id = reading.field(row, "id", str, place)
    return Document(
        skill=suite.name,
        item_id=item_id,
        title=item_id,
        family=row.get("bead") or item_id,
        group_key=row.get("bead") or item_id,
        part=reading.FIXED,
        messages=_messages(row, place, systems.get(category, systems.get("", ""))),
        tools=[tools[name] for name in offered],
        category=category,
        bead=row.get("bead", ""),
        check=check,
    )


def _messages(row: dict[str, Any], place: str, system: str) -> list[dict[str, Any]]:
    before = [{"role": "system", "content": system}] if system else []
    if "messages" in row:
        return [*before, *reading.field(row, "messages", list, place)]
    return [*before, {"role": "user", "content": reading.field(row, "prompt", str, place)}]


def _checked(check: dict[str, Any], place: str) -> dict[str, Any]:
    kind = check.get("kind")
    if kind not in _NEEDS or kind not in checks.KINDS:
        hint = f"{did_you_mean(str(kind), _NEEDS)}checks: {', '.join(_NEEDS)}"
        raise EvalError(place, f"there is no check {kind!r}", hint)
    for key in _NEEDS[kind]:
        if key not in check:
            raise EvalError(place, f"check {kind} has no {key}")
    return check
