"""The canonical form of messages: what datasets contain, whatever form the messages came in.

Four roles; content is one text; arguments are JSON text as `json.dumps` writes
it, without escapes that need not be, keys in the order they were written;
thoughts have a field of their own. The same goes for the history. A
conversation in this form comes back as it is. What cannot be brought into it
is refused with the reason for the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from harness_forge.core import jsontext
from harness_forge.core.chat import calls, forms, markup, parts
from harness_forge.core.chat.arguments import Arguments, read, settled, written
from harness_forge.core.chat.faults import Malformed, Refused
from harness_forge.core.chat.links import linked
from harness_forge.core.chat.marks import learnable
from harness_forge.core.chat.padding import unpadded_arguments, unpadded_tools
from harness_forge.core.chat.roles import role_of
from harness_forge.core.chat.tools import Tool, canonical_tool, name_of, read_tools, schema_of

Shown = dict[str, Any]
PLAIN = frozenset(("user", "assistant"))


class Reasoning(Enum):
    """What to do with the reasoning before an answer."""

    leave_out = "leave_out"
    learn = "learn"  # in the answer's `reasoning_content`, which the chat template renders


class ParallelCalls(Enum):
    """What to do with an answer that has several calls."""

    keep = "keep"  # all of them, in order
    reject = "reject"


class LateSystem(Enum):
    """What to do with a system message after the first user message."""

    reject = "reject"  # most chat templates know it at the start only
    user = "user"  # it is said by the user
    keep = "keep"


@dataclass
class Notes:
    """Notes taken while a row is brought into canonical form.

    Args:
        kinds: what was changed; each counts once a row.
        meant: of each call of the answer, the value of its arguments.
    """

    kinds: frozenset[str] = frozenset()
    meant: list[Mapping[str, Any]] = field(default_factory=list)

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
            read = read_tools(raw)
            forms_ = [canonical_tool(one) for one in read if one is not None]
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
    """Return the tools of a JSON text; cached, because a harness offers the same tools each time.

    Raises:
        Refused: as `Offer`.
    """
    try:
        return Offer(None if raw is None else jsontext.loads(raw))
    except ValueError:
        raise Refused("unknown_tool_form") from None


def history(
    raw: Sequence[Any],
    offered: Offer,
    late_system: LateSystem,
    notes: Notes,
    exact: Callable[[], Sequence[Any]] | None = None,
) -> list[Shown]:
    """Return the messages before an answer.

    Args:
        exact: gives them with every integer exact, where `raw` may have rounded some.

    Raises:
        Refused: `no_prompt`: one is no role and text; `unknown_role`;
            `not_text`: a part is no text; `unknown_call_form`,
            `broken_arguments`, `padded_arguments`: of a call in it;
            `orphan_result`, `unanswered_call`; `late_system`.
    """
    shown: list[Shown] = []
    calling = late = False
    for place, message in enumerate(raw):
        if isinstance(message, dict) and len(message) == 2:  # most: these two, as they should be
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


_ROLES = frozenset(("system", "user", "assistant", "tool"))
_SAYING = frozenset(("role", "content", "tool_call_id", "name"))


def _usual(message: Any, offered: Offer, notes: Notes) -> Shown | None:
    """Return a message in OpenAI's usual form with plain text; None for any other.

    Most are, and all that is used of them are texts. The long way gives the same.
    """
    if not isinstance(message, dict):
        return None
    role, content = message.get("role"), message.get("content")
    if role == "assistant":
        if not _is_usual(message):
            return None
        shown = {"role": role, "content": content or ""}
        if said := message.get("tool_calls"):
            shown["tool_calls"] = [_call(one, offered, notes, False) for one in said]
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


def _others(raw: Sequence[Any], place: int, offered: Offer, notes: Notes) -> list[Shown]:
    """Return the messages represented by one message in any other form."""
    if place >= len(raw):  # of integers so long that nobody reads them
        raise Refused("no_prompt")
    return [_message(one, offered, notes) for one in _forms(raw[place])]


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
    if role == "assistant" and text and offered.tools and not markup.is_plain(text):
        text, written_ = markup.apart(text)
        said = said or written_
    if text is None and not said and not thought and role != "tool":
        raise Refused("no_prompt")
    # "" for null: a chat template would print None, and Arrow would type the column so.
    shown: Shown = {"role": role, "content": text or ""}
    shown = _with_calls(shown, said, offered, notes)
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


def _call(known: Mapping[str, Any], offered: Offer, notes: Notes, demand: bool) -> Shown:
    """Return one call with canonical arguments.

    Args:
        known: it, in OpenAI's form.
        demand: its tool must be offered, and it gets no id; else its id stays.
    """
    name, arguments = known["function"]["name"], known["function"].get("arguments")
    tool = offered.get(name)
    if demand and tool is None:
        raise Refused("unknown_tool")
    if demand:
        found = _arguments(arguments, tool, offered, notes)
        notes.meant.append(found.value)
        return {"type": "function", "function": {"name": name, "arguments": found.text}}
    function = {"name": name, "arguments": _history_arguments(arguments, tool, offered, notes)}
    number = known.get("id")
    if not number or not isinstance(number, str):
        return {"type": "function", "function": function}
    return {"id": number, "type": "function", "function": function}


def _history_arguments(raw: Any, tool: Tool | None, offered: Offer, notes: Notes) -> str:
    """Return canonical arguments of a call in the history; most are cached from earlier rows."""
    try:
        if isinstance(raw, str) and (text := settled(raw)) is not None:
            return text
    except ValueError:
        pass  # what may stand for no arguments at all is told apart below
    return _arguments(raw, tool, offered, notes).text


def _arguments(raw: Any, tool: Tool | None, offered: Offer, notes: Notes) -> Arguments:
    """Return arguments in canonical form; {} for missing ones where none is required."""
    try:
        found = read(raw if isinstance(raw, str) else written(raw))
    except ValueError:
        empty = raw in (None, []) or (isinstance(raw, str) and raw.strip() in calls.NOTHING)
        if not empty or tool is None or schema_of(tool).get("required"):
            raise Refused("broken_arguments") from None
        return Arguments("{}", {}, True)
    if not found.hollow:
        return found
    unpadded = unpadded_arguments(found.value, tool, offered.properties)
    if unpadded is found.value or unpadded == found.value:
        return found
    notes.add("padding")
    return Arguments(written(unpadded), unpadded, True)


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
        raise Refused("late_system")
    notes.add("late_system_as_user")
    return shown[:at] + [
        {**one, "role": "user"} if one["role"] == "system" else one for one in shown[at:]
    ]


def answer(
    raw: Mapping[str, Any],
    offered: Offer,
    reasoning: Reasoning,
    notes: Notes,
    *,
    several: bool = True,
    exact: Callable[[], Mapping[str, Any]] | None = None,
) -> Shown:
    """Return an answer in canonical form: text, calls of offered tools, and reasoning.

    Calls of an answer have no ids: nobody is asked to say them.

    Args:
        several: it may make more than one call.
        exact: gives it with every integer exact, where `raw` may have rounded some.

    Raises:
        Refused: `not_to_learn`: it is marked so; `not_text`; `several_calls`;
            `unknown_call_form`, `unknown_tool`, `broken_arguments`, `padded_arguments`.
    """
    if _is_usual(raw):
        shown: Shown = {"role": "assistant", "content": raw.get("content") or ""}
        said = raw.get("tool_calls")
        if said and len(said) > 1 and not several:
            raise Refused("several_calls")
        if said:
            shown["tool_calls"] = [_call(one, offered, notes, True) for one in said]
        return shown
    raw = exact() if exact else raw
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
    return _with_calls(shown, said, offered, notes, several=several, demand=True)


_USUAL = frozenset(("role", "content", "tool_calls"))


def _is_usual(raw: Mapping[str, Any]) -> bool:
    """Return whether an answer has only text and calls in OpenAI's form, as most have.

    Nothing that is used of such a one is a number.
    """
    content, said = raw.get("content"), raw.get("tool_calls")
    return (
        raw.keys() <= _USUAL
        and raw.get("role", "assistant") == "assistant"
        and (content is None or (isinstance(content, str) and markup.is_plain(content)))
        and (said is None or calls.are_openai(said))
    )


def _known(call: Any) -> Mapping[str, Any]:
    try:
        return calls.call(call)
    except Malformed:
        raise Refused("unknown_call_form") from None


def _with_calls(
    shown: Shown, said: Any, offered: Offer, notes: Notes, *, several: bool = True, demand=False
) -> Shown:
    if not said:
        return shown
    if not isinstance(said, list):
        raise Refused("unknown_call_form")
    if not several and len(said) - said.count(None) > 1:
        raise Refused("several_calls")
    made = [_call(_known(one), offered, notes, demand) for one in said if one is not None]
    return {**shown, "tool_calls": made} if made else shown
