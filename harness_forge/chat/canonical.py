"""The canonical form of messages: what a dataset holds, whoever wrote them and in whatever form.

Four roles; content is one text; arguments are JSON text as `json.dumps` writes
it, without escapes that need not be, keys in the order they were written;
thoughts have a field of their own. The same goes for the history. A
conversation in this form comes back as it is. What cannot be brought into it
is refused with the reason for the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from harness_forge import jsontext
from harness_forge.chat import calls, forms, markup, parts
from harness_forge.chat import tools as offers
from harness_forge.chat.arguments import object_text, written
from harness_forge.chat.faults import Malformed, Refused
from harness_forge.chat.links import linked
from harness_forge.chat.padding import unpadded_arguments, unpadded_tools
from harness_forge.chat.roles import role_of
from harness_forge.chat.tools import Tool, name_of, schema_of

Shown = dict[str, Any]
PLAIN = frozenset(("user", "assistant"))


class Reasoning(Enum):
    """What becomes of what a model thought before it answered."""

    leave_out = "leave_out"
    learn = "learn"  # in the answer's `reasoning_content`, which the chat template renders


class ParallelCalls(Enum):
    """What becomes of an answer with several calls."""

    keep = "keep"  # all of them, in order
    reject = "reject"


class LateSystem(Enum):
    """What becomes of a system message behind the first user's."""

    reject = "reject"  # most chat templates know it at the start only
    user = "user"  # it is said by the user
    keep = "keep"


@dataclass
class Notes:
    """What was changed to bring a row into the form; each counts once a row."""

    kinds: frozenset[str] = frozenset()

    def add(self, kind: str) -> None:
        """Note a change."""
        self.kinds |= {kind}


class Offer:
    """The tools that were offered, in canonical form.

    Raises:
        Refused: `unknown_tool_form`.
    """

    def __init__(self, raw: Any) -> None:
        try:
            read = offers.read(raw)
            forms_ = [offers.tool(one) for one in read if one is not None]
        except Malformed:
            raise Refused("unknown_tool_form") from None
        self.tools = unpadded_tools(forms_)
        self.padded = len(forms_) < len(read) or self.tools != forms_
        if not self.padded:
            self.tools = forms_
        self._by_name = {name_of(one): one for one in self.tools}
        self.properties = frozenset(
            key for one in self.tools for key in schema_of(one).get("properties") or ()
        )

    def get(self, name: Any) -> Tool | None:
        """Return the tool of a name."""
        return self._by_name.get(name)


@lru_cache(maxsize=64)
def offer(raw: str | bytes | None) -> Offer:
    """Return the tools of a JSON text: a harness offers the same ones all day.

    Raises:
        Refused: as `Offer`.
    """
    try:
        return Offer(None if raw is None else jsontext.loads(raw))
    except ValueError:
        raise Refused("unknown_tool_form") from None


def history(
    raw: Sequence[Any], offered: Offer, late_system: LateSystem, notes: Notes
) -> list[Shown]:
    """Return the messages that an answer was given to.

    Raises:
        Refused: `no_prompt`: one is no role and text; `unknown_role`;
            `not_text`: a part is no text; `unknown_call_form`,
            `broken_arguments`, `padded_arguments`: of a call in it;
            `orphan_result`, `unanswered_call`; `late_system`.
    """
    shown: list[Shown] = []
    calling = late = False
    known: set[str] = set()
    for message in raw:
        if isinstance(message, dict) and len(message) == 2:  # most: these two, as they should be
            role, content = message.get("role"), message.get("content")
            plain = isinstance(role, str) and (role in PLAIN or (role == "system" and not shown))
            if plain and isinstance(content, str) and (role != "assistant" or _is_plain(content)):
                shown.append({"role": role, "content": content})
                continue
        for made in _messages(message, offered, notes):
            _name_result(made, message, known)
            known |= {call["id"] for call in made.get("tool_calls", ()) if "id" in call}
            late |= made["role"] == "system" and bool(shown)
            calling |= made["role"] == "tool" or "tool_calls" in made
            shown.append(made)
    if calling and linked(shown):
        notes.add("result_ids")
    return _systems(shown, late_system, notes) if late else shown


_TURN = frozenset(("role", "content", "tool_calls", "tool_call_id", "name"))
_ROLES = frozenset((*PLAIN, "system", "tool"))


def _messages(message: Any, offered: Offer, notes: Notes) -> list[Shown]:
    """Return the messages that one stands for; most are in OpenAI's form as they are."""
    if (
        isinstance(message, dict)
        and message.keys() <= _TURN
        and isinstance(role := message.get("role"), str)
        and role in _ROLES
        and isinstance(message.get("content"), str | None)
        and isinstance(message.get("tool_calls"), list | None)
        and isinstance(message.get("tool_call_id"), str | None)
        and _is_plain(message.get("content") or "")
    ):
        return [_shown(message, message.get("content"), offered, notes)]
    return [_message(one, offered, notes) for one in _forms(message)]


def _forms(message: Any) -> list[Any]:
    word = message.get("role") if isinstance(message, dict) else None
    if isinstance(word, str) and role_of(word) is None:
        raise Refused("unknown_role")
    try:
        return forms.several(message)
    except Malformed:
        raise Refused("no_prompt") from None


def _message(message: Mapping[str, Any], offered: Offer, notes: Notes) -> Shown:
    found = parts.apart(message)
    if found.others:
        raise Refused("not_text" if isinstance(message["content"], list) else "no_prompt")
    if found.thoughts or found.hidden:
        notes.add("reasoning_left_out")
    return _shown(message, found.text, offered, notes, bool(found.thoughts or found.hidden))


def _shown(
    message: Mapping[str, Any],
    text: str | None,
    offered: Offer,
    notes: Notes,
    thought: bool = False,
) -> Shown:
    role, said = message["role"], message.get("tool_calls")
    if role == "assistant" and text and offered.tools:
        text, written_ = markup.apart(text)
        said = said or written_
    if text is None and not said and not thought and role != "tool":
        raise Refused("no_prompt")
    # "" for null: a chat template would print None, and Arrow would type the column so.
    shown: Shown = {"role": role, "content": text or ""}
    if said:
        shown["tool_calls"] = [_call(one, offered, notes) for one in _list(said)]
    for key in ("tool_call_id", "name"):
        if isinstance(message.get(key), str) and message[key]:
            shown[key] = message[key]
    return shown


def _name_result(made: Shown, message: Mapping[str, Any], known: Collection[str]) -> None:
    """Give a result the id of its call where it has it as its own."""
    number = calls.id_text(message.get("id"))
    if made["role"] == "tool" and "tool_call_id" not in made and number in known:
        made["tool_call_id"] = number


def _list(said: Any) -> Sequence[Any]:
    if not isinstance(said, list):
        raise Refused("unknown_call_form")
    return [one for one in said if one is not None]


def _call(raw: Any, offered: Offer, notes: Notes, *, demand: bool = False) -> Shown:
    """Return one call with canonical arguments.

    Args:
        demand: its tool must be offered, and it gets no id; else its id stays.
    """
    try:
        known = calls.call(raw)
    except Malformed:
        raise Refused("unknown_call_form") from None
    name, arguments = known["function"]["name"], known["function"].get("arguments")
    tool = offered.get(name)
    if demand and tool is None:
        raise Refused("unknown_tool")
    made = {"name": name, "arguments": _arguments(arguments, tool, offered, notes)}
    number = known.get("id")
    shown: Shown = {"type": "function", "function": made}
    return {"id": number, **shown} if not demand and isinstance(number, str) and number else shown


_NOTHING = ("", "null", "[]")
"""Arguments that are none; PHP writes an object without keys as a list."""


def _arguments(raw: Any, tool: Tool | None, offered: Offer, notes: Notes) -> str:
    """Return arguments in canonical form; nothing at all, where a tool needs none, is an object."""
    if raw in (None, []) or (isinstance(raw, str) and raw.strip() in _NOTHING):
        if tool is None or schema_of(tool).get("required"):
            raise Refused("broken_arguments")
        return "{}"
    try:
        text = object_text(raw if isinstance(raw, str) else written(raw))
    except ValueError:
        raise Refused("broken_arguments") from None
    if not any(one in text for one in ("null", '""', "[]", "{}")):
        return text
    meant = json.loads(text)
    told = unpadded_arguments(meant, tool, offered.properties)
    if told is meant or told == meant:
        return text
    notes.add("padding")
    return written(told)


def _systems(shown: list[Shown], late: LateSystem, notes: Notes) -> list[Shown]:
    """Return messages with one system's at most, at the start, unless more are to stay."""
    at = next((place for place, one in enumerate(shown) if one["role"] != "system"), len(shown))
    if at > 1 and late is not LateSystem.keep:
        notes.add("systems_joined")
        text = "\n\n".join(one["content"] for one in shown[:at] if one["content"])
        shown = [{**shown[0], "content": text}, *shown[at:]]
        at = 1
    if all(one["role"] != "system" for one in shown[at:]) or late is LateSystem.keep:
        return shown
    if late is LateSystem.reject:
        raise Refused("late_system")
    notes.add("late_system_as_user")
    return shown[:at] + [
        {**one, "role": "user"} if one["role"] == "system" else one for one in shown[at:]
    ]


def _is_plain(content: str) -> bool:
    """Return whether an answer holds no marks that may be thoughts or calls."""
    return not any(mark in content for mark in "<[") and "functools" not in content


def answer(
    raw: Mapping[str, Any],
    offered: Offer,
    reasoning: Reasoning,
    notes: Notes,
    *,
    several: bool = True,
) -> Shown:
    """Return an answer: its text, its calls, each of an offered tool, and what was thought.

    Calls of an answer have no ids: nobody is asked to say them.

    Args:
        several: it may make more than one call.

    Raises:
        Refused: `not_to_learn`: it is marked so; `not_text`; `several_calls`;
            `unknown_call_form`, `unknown_tool`, `broken_arguments`, `padded_arguments`.
    """
    if _is_usual(raw):
        shown: Shown = {"role": "assistant", "content": raw.get("content") or ""}
        return _with_calls(shown, raw.get("tool_calls"), offered, notes, several)
    if not learnable(raw):
        raise Refused("not_to_learn")
    try:
        known = forms.message({"role": "assistant", **raw})
    except Malformed:
        known_role = role_of(raw.get("role", "assistant"))
        raise Refused("no_answer" if known_role else "unknown_role") from None
    found = parts.apart(known)
    if found.others:
        raise Refused("not_text")
    text, said = found.text or "", known.get("tool_calls")
    if offered.tools:
        text, written_ = markup.apart(text)
        said = said or written_
    shown = {"role": "assistant", "content": text}
    if found.thoughts and reasoning is Reasoning.learn:
        notes.add("reasoning_learned")
        shown["reasoning_content"] = "\n\n".join(found.thoughts)
    elif found.thoughts or found.hidden:
        notes.add("reasoning_left_out")
    return _with_calls(shown, said, offered, notes, several)


_USUAL = frozenset(("role", "content", "tool_calls"))


def _is_usual(raw: Mapping[str, Any]) -> bool:
    """Return whether an answer has a text, calls in a list and nothing else, as most have."""
    return (
        raw.keys() <= _USUAL
        and raw.get("role", "assistant") == "assistant"
        and isinstance(raw.get("content"), str | None)
        and _is_plain(raw.get("content") or "")
        and isinstance(raw.get("tool_calls"), list | None)
    )


def _with_calls(shown: Shown, said: Any, offered: Offer, notes: Notes, several: bool) -> Shown:
    if not said:
        return shown
    if len(_list(said)) > 1 and not several:
        raise Refused("several_calls")
    made = [_call(one, offered, notes, demand=True) for one in said]
    return {**shown, "tool_calls": made}


_MARKS = (
    *("train", "training", "trainable", "loss", "learn", "train_on_turn"),
    *("weight", "loss_weight", "loss_mask"),
)
"""Keys that trainers mark messages by; false or 0 means that nothing is learned of one."""
_MASKS = ("mask", "masked", "ignore", "ignore_loss")
"""And such as mean the same when they are true."""


def learnable(message: Mapping[str, Any]) -> bool:
    """Return whether a message is to be learned, by the marks that it carries."""
    if any(_meant(message.get(key)) is False for key in _MARKS):
        return False
    return not any(_meant(message.get(key)) for key in _MASKS)


def _meant(mark: Any) -> bool | None:
    """Return whether a mark says yes or no, as truth value, number or word; None for neither."""
    if isinstance(mark, str):
        said = mark.strip().lower()
        if said in ("false", "no", "off"):
            return False
        try:
            mark = float(said)
        except ValueError:
            return True if said in ("true", "yes", "on") else None
    return mark > 0 if isinstance(mark, int | float) else None
