"""An answer in canonical form: text, calls of offered tools, and reasoning in its own field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness_forge.core.chat import forms, markup, parts
from harness_forge.core.chat.canonical_calls import Shown, canonical_call, is_usual, with_calls
from harness_forge.core.chat.canonical_choices import Notes, Reasoning
from harness_forge.core.chat.faults import Malformed, MessagesRefused
from harness_forge.core.chat.marks import learnable
from harness_forge.core.chat.offer import ToolOffer
from harness_forge.core.chat.roles import role_of


def answer(
    raw: Mapping[str, Any],
    offered: ToolOffer,
    reasoning: Reasoning,
    notes: Notes,
    *,
    several: bool = True,
    exact: Callable[[], Mapping[str, Any]] | None = None,
) -> Shown:
    """Return an answer in canonical form: text, calls of offered tools, and reasoning.

    Calls of an answer have no ids: a model need not write them.

    Args:
        several: it may make more than one call.
        exact: returns it with exact integers; in `raw` some may be rounded.

    Raises:
        MessagesRefused: `not_to_learn`: it is marked as context; `not_text`; `several_calls`;
            `foreign_markup`: see `markup`; `unknown_call_form`, `unknown_tool`,
            `broken_arguments`, `padded_arguments`.
    """
    if is_usual(raw):
        shown: Shown = {"role": "assistant", "content": raw.get("content") or ""}
        said = raw.get("tool_calls")
        if said and len(said) > 1 and not several:
            raise MessagesRefused("several_calls")
        if said:
            shown["tool_calls"] = [canonical_call(one, offered, notes, True) for one in said]
        return shown
    raw = exact() if exact else raw
    if not learnable(raw):
        raise MessagesRefused("not_to_learn")
    try:
        known = forms.message({"role": "assistant", **raw})
    except Malformed:
        known_role = role_of(raw.get("role", "assistant"))
        raise MessagesRefused("no_answer" if known_role else "unknown_role") from None
    found = parts.apart(known)
    if found.others:
        raise MessagesRefused("not_text")
    text, said = found.text or "", known.get("tool_calls")
    if offered.tools:
        text, written_ = markup.apart(text)
        said = said or written_
    markup.demand_only_said(text, () if said else offered.names)
    if found.ended:
        notes.add("end_marks")
    shown = {"role": "assistant", "content": text}
    if found.thoughts and reasoning is Reasoning.learn:
        notes.add("reasoning_learned")
        shown["reasoning_content"] = "\n\n".join(found.thoughts)
    elif found.thoughts or found.hidden:
        notes.add("reasoning_left_out")
    return with_calls(shown, said, offered, notes, several=several, demand=True)
