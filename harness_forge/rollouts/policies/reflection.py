"""A reflector's answer after an attempt: written for a teacher, or read from a model.

The form is gemma-forge's: a REFLECTION block, then one line each of BANNED,
PREFERRED, LESSON, DISTILLED, then one line of TIPS_JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.core.records import Tip, Turn

TIP_TYPES = ("strategy", "recovery", "optimization", "warning")


@dataclass(frozen=True, slots=True)
class Reflection:
    """One reflector turn and its parsed lesson and tips."""

    turn: Turn
    text: str
    lesson: str | None
    tips: Sequence[Tip]


def render(*, pattern: str, cause: str, preferred: str, lesson: str, tips: Sequence[Tip]) -> str:
    """Return a reflector's answer in the harness's form, one field on each line."""
    saved = [
        {
            "text": tip.text,
            "tip_type": tip.tip_type,
            "mechanism": tip.mechanism,
            "trigger_conditions": list(tip.trigger_conditions),
            "application_context": list(tip.application_context),
        }
        for tip in tips
    ]
    return "\n".join(
        [
            "REFLECTION:",
            f"Pattern: {pattern}",
            f"Root cause: {cause}",
            f"Recommendation: {preferred}",
            "BANNED:",
            f"PREFERRED: {preferred}",
            f"LESSON: {lesson}",
            f"DISTILLED: {lesson[:199]}",
            "TIPS_JSON: " + json.dumps({"tips_to_save": saved}, ensure_ascii=False),
        ]
    )


def read(text: str, category: str) -> tuple[str | None, list[Tip]]:
    """Return the distilled lesson and the tips of a reflector's answer.

    Bad tips are dropped one by one and malformed JSON drops them all, as in the
    harness; the turn keeps the whole text.
    """
    lesson, tips = None, []
    for line in text.splitlines():
        head, colon, rest = line.partition(":")
        name = head.strip().upper()
        if not colon:
            continue
        if name == "DISTILLED" or (name == "LESSON" and lesson is None):
            lesson = rest.strip() or lesson
        elif name == "TIPS_JSON":
            tips = _tips(rest, category)
    return lesson, tips


def _tips(text: str, category: str) -> list[Tip]:
    try:
        body = json.loads(text)
    except ValueError:
        return []
    items = body.get("tips_to_save") if isinstance(body, dict) else None
    return [tip for item in items or () if (tip := _tip(item, category)) is not None]


def _tip(item: Any, category: str) -> Tip | None:
    if not isinstance(item, Mapping):
        return None
    text, kind, mechanism = (item.get(key) for key in ("text", "tip_type", "mechanism"))
    if not isinstance(text, str) or not text.strip() or kind not in TIP_TYPES:
        return None
    if not isinstance(mechanism, str) or not mechanism.strip():
        return None
    return Tip(
        text.strip(),
        kind,
        mechanism.strip(),
        _strings(item.get("trigger_conditions")),
        _strings(item.get("application_context")) or (category,),
    )


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(x for x in value if isinstance(x, str)) if isinstance(value, list) else ()
