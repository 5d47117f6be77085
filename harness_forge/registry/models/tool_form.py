"""How a model writes tool calls, seen by rendering one with its chat template.

The template is what training learns from and what serving shows, so a call that it wrote
must be read by the strict parser of replay and evaluation as the same call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from harness_forge.config.model import ModelConfig, ToolForm
from harness_forge.core.chat.call_forms import END_OF_TURN, FORMS, HERMES, found
from harness_forge.core.chat.template import ChatTemplate, Unrenderable, read_template
from harness_forge.core.errors import TrainError

_ARGUMENTS = {"path": "/etc/a \"b\" <c>\nd = 'é'", "count": 3, "dry": True}
_TYPES = {"path": "string", "count": "integer", "dry": "boolean"}
_TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look a file up.",
        "parameters": {
            "type": "object",
            "properties": {
                name: {"type": kind, "description": "As it is."} for name, kind in _TYPES.items()
            },
            "required": list(_TYPES),
        },
    },
}
_CALL = {"id": "abcdefghi", "type": "function"}
_ASKED = [{"role": "system", "content": "You help."}, {"role": "user", "content": "Go on."}]


def form_of(folder: Path, config: ModelConfig | None = None) -> str:
    """Return how the model in a folder writes calls, a name of `FORMS`.

    `hermes` where neither settings nor template say it.

    Args:
        config: its `tools` decides unless it is `auto`.

    Raises:
        TrainError: its template writes calls in another form than its settings name.
    """
    named = config.tools if config else ToolForm.auto
    template = read_template(folder)
    written = _written(template) if template else None
    if named is ToolForm.auto:
        return written or HERMES
    if written not in (None, named.value):
        what = f"is {named.value}, and the chat template in {folder} writes calls as {written}"
        hint = "model.tools=auto, or a template that fits: model.template=templates/NAME.jinja"
        raise TrainError("model.tools", what, hint)
    return named.value


def form_of_text(template: str) -> str:
    """Return how a chat template writes calls; `hermes` where it writes none that is known."""
    return _written(ChatTemplate(template)) or HERMES


def known_form(folder: Path) -> str | None:
    """Return the form in which a folder's template writes calls; None if no parser reads it."""
    template = read_template(folder)
    return _written(template) if template else None


def _written(template: ChatTemplate) -> str | None:
    return _form(template.text, json.dumps(dict(template.tokens), sort_keys=True))


@cache
def _form(text: str, tokens: str) -> str | None:
    answer = _answer(ChatTemplate(text, json.loads(tokens)))
    if answer is None:
        return None
    for name in FORMS:
        calls = found(answer, name, [_TOOL])
        same = [call.body for call in calls] == [("look_up", _ARGUMENTS)]
        if same and not answer[calls[0].end :].strip():
            return name
    return None


def _answer(template: ChatTemplate) -> str | None:
    """Return the text of an answer with one call, up to its end; None if it cannot be rendered."""
    function: Mapping[str, Any] = {"name": "look_up", "arguments": _ARGUMENTS}
    message = {"role": "assistant", "content": "", "tool_calls": [_CALL | {"function": function}]}
    try:
        asked = template.render(_ASKED, [_TOOL], asks=True)
        whole = template.render([*_ASKED, message], [_TOOL])
    except Unrenderable:
        return None
    if "count" not in asked:
        return None  # it shows no tools
    if not whole.startswith(asked):
        # Some write less before an answer that is there than before one to come.
        asked = template.render(_ASKED, [_TOOL])
        if not whole.startswith(asked):
            return None
    answer = whole[len(asked) :].rstrip()
    ends = sorted({*END_OF_TURN, template.tokens.get("eos_token", "")} - {""})
    for mark in ends:
        answer = answer.removesuffix(mark)
    return answer
