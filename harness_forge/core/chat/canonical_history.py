"""The messages before an answer, in canonical form.

Four roles; content is one text; calls as in `canonical_calls`. A conversation in this
form stays unchanged. What cannot be converted is refused with the reason for the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness_forge.core.chat import calls, forms, markup, parts
from harness_forge.core.chat.canonical_calls import Shown, canonical_call, is_usual, with_calls
from harness_forge.core.chat.canonical_choices import LateSystem, Notes
from harness_forge.core.chat.faults import Malformed, MessagesRefused
from harness_forge.core.chat.links import linked
from harness_forge.core.chat.offer import ToolOffer
from harness_forge.core.chat.roles import role_of

_ROLES = frozenset(("system", "user", "assistant", "tool"))
_SAID_ELSEWHERE = ("refusal", "audio")
_SAYING = frozenset(("role", "content", "tool_call_id", "name"))


def history(
    raw: Sequence[Any],
    offered: ToolOffer,
    late_system: LateSystem,
    notes: Notes,
    exact: Callable[[], Sequence[Any]] | None = None,
) -> list[Shown]:
    """Return the messages before an answer.

    Args:
        exact: returns them with exact integers; in `raw` some may be rounded.

    Raises:
        MessagesRefused: `no_prompt`: a message has no role and text; `unknown_role`;
            `not_text`: a part is no text; `unknown_call_form`,
            `broken_arguments`, `padded_arguments`: a fault of a call;
            `orphan_result`, `unanswered_call`; `late_system`.
    """
    shown: list[Shown] = []
    calling = late = False
    for place, message in enumerate(raw):
        if isinstance(message, dict) and len(message) == 2:  # the most common case
            role, content = message.get("role"), message.get("content")
            plain = role == "user" or (role == "system" and not shown)
            if isinstance(content, str) and (
                plain or (role == "assistant" and content and markup.is_plain(content))
            ):
                shown.append({"role": role, "content": content})
                continue
        usual = _usual(message, offered, notes)
        if usual is None and exact:
            raw, exact = exact(), None
        for made in (usual,) if usual else _others(raw, place, offered, notes):
            role = made["role"]
            late |= role == "system" and bool(shown)
            calling |= role == "tool" or "tool_calls" in made
            if role == "tool" and "tool_call_id" not in made:
                _name_result(made, message, shown)
            shown.append(made)
    if calling and linked(shown):
        notes.add("result_ids")
    return _systems(shown, late_system, notes) if late else shown


def _usual(message: Any, offered: ToolOffer, notes: Notes) -> Shown | None:
    """Return a message in OpenAI's usual form with plain text; None for any other.

    Most messages have it, and only texts of them are used. The general way gives the same.
    """
    if not isinstance(message, dict):
        return None
    role, content = message.get("role"), message.get("content")
    if isinstance(content, list) and len(content) == 1 and _is_text(content[0]):
        content = content[0]["text"]
        message = {**message, "content": content}
    if role == "assistant":
        if not is_usual(message):
            return None
        shown = {"role": role, "content": content or ""}
        if said := message.get("tool_calls"):
            shown["tool_calls"] = [canonical_call(one, offered, notes, False) for one in said]
        return shown if said or content else None
    if not isinstance(content, str) or not isinstance(role, str) or role not in _ROLES:
        return None
    if not message.keys() <= _SAYING or (role == "tool" and markup.results(content)):
        return None
    shown = {"role": role, "content": content}
    if number := message.get("tool_call_id"):
        if not isinstance(number, str):
            return None
        shown["tool_call_id"] = number
    if (name := message.get("name")) and isinstance(name, str):
        shown["name"] = name
    return shown


def _is_text(part: Any) -> bool:
    """Return whether a part is a plain text, as logs of agents write most answers."""
    return (
        isinstance(part, dict)
        and len(part) == 2
        and part.get("type") == "text"
        and isinstance(part.get("text"), str)
    )


def _others(raw: Sequence[Any], place: int, offered: ToolOffer, notes: Notes) -> list[Shown]:
    """Return the messages represented by one message in any other form."""
    if place >= len(raw):  # with integers too long to parse
        raise MessagesRefused("no_prompt")
    return [_message(one, offered, notes) for one in _forms(raw[place])]


def _forms(message: Any) -> list[Any]:
    word = message.get("role") if isinstance(message, dict) else None
    if isinstance(word, str) and role_of(word) is None:
        raise MessagesRefused("unknown_role")
    try:
        return forms.several(message)
    except Malformed:
        raise MessagesRefused("no_prompt") from None


def _message(message: Mapping[str, Any], offered: ToolOffer, notes: Notes) -> Shown:
    found = parts.apart(message)
    if found.others:
        raise MessagesRefused("not_text" if isinstance(message["content"], list) else "no_prompt")
    if found.thoughts or found.hidden:
        notes.add("reasoning_left_out")
    if found.ended:
        notes.add("end_marks")
    return _shown(message, found.text, offered, notes, bool(found.thoughts or found.hidden))


def _shown(
    message: Mapping[str, Any],
    text: str | None,
    offered: ToolOffer,
    notes: Notes,
    thought: bool = False,
) -> Shown:
    role, said = message["role"], message.get("tool_calls")
    if role == "assistant" and text and offered.tools and not markup.is_plain(text):
        text, written_ = markup.apart(text)
        said = said or written_
    if text is None and not said and not thought and role != "tool":
        if role != "assistant":
            raise MessagesRefused("no_prompt")
        if any(message.get(key) for key in _SAID_ELSEWHERE):
            raise MessagesRefused("not_text")
    # "" for null: a chat template would print None, and Arrow would type the column as null.
    shown: Shown = {"role": role, "content": text or ""}
    shown = with_calls(shown, said, offered, notes)
    for key in ("tool_call_id", "name"):
        if isinstance(message.get(key), str) and message[key]:
            shown[key] = message[key]
    return shown


def _name_result(made: Shown, message: Mapping[str, Any], shown: Sequence[Shown]) -> None:
    """Move a result's own call id to the canonical field."""
    number = calls.id_text(message.get("id"))
    said = (call.get("id") for one in shown for call in one.get("tool_calls", ()))
    if number is not None and number in said:
        made["tool_call_id"] = number


def _systems(shown: list[Shown], late: LateSystem, notes: Notes) -> list[Shown]:
    """Return messages with at most one system message, at the start, unless `late` keeps others."""
    at = next((place for place, one in enumerate(shown) if one["role"] != "system"), len(shown))
    if at > 1 and late is not LateSystem.keep:
        notes.add("systems_joined")
        text = "\n\n".join(one["content"] for one in shown[:at] if one["content"])
        shown = [{**shown[0], "content": text}, *shown[at:]]
        at = 1
    if all(one["role"] != "system" for one in shown[at:]) or late is LateSystem.keep:
        return shown
    if late is LateSystem.reject:
        raise MessagesRefused("late_system")
    notes.add("late_system_as_user")
    return shown[:at] + [
        {**one, "role": "user"} if one["role"] == "system" else one for one in shown[at:]
    ]
