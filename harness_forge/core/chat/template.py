"""Renders a base model's chat template as transformers does, without transformers.

`apply_chat_template` of transformers 5 is the model: the same Jinja settings, the same
names. A test in the train workset holds the two side by side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from harness_forge.core.chat.argument_objects import with_objects

TEMPLATE = "chat_template.jinja"
_SETTINGS = "tokenizer_config.json"
_TODAY = re.compile(r"""\bstrftime_now\(\s*(["'])(?P<form>[^"'\\]*)\1\s*\)""")


class Unrenderable(Exception):
    """The template refuses or cannot render a conversation."""


@dataclass(frozen=True)
class ChatTemplate:
    """A chat template.

    Args:
        text: in Jinja.
        tokens: the tokenizer's special tokens by name, such as bos_token.
    """

    text: str
    tokens: Mapping[str, str] = field(default_factory=dict)

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Any] = (),
        *,
        asks: bool = False,
    ) -> str:
        """Return a conversation as one text.

        Args:
            asks: end where an answer begins, as a server does.

        Raises:
            Unrenderable: with the template's own words.
        """
        import jinja2

        try:
            return _compiled(self.text).render(
                messages=[with_objects(one) for one in messages],
                tools=list(tools) or None,
                documents=None,
                add_generation_prompt=asks,
                **self.tokens,
            )
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise Unrenderable(str(error)) from None


@cache
def read_template(folder: Path) -> ChatTemplate | None:
    """Return the chat template of a model's folder; None where there is none."""
    text = text_of(folder)
    return None if text is None else ChatTemplate(text, special_tokens(folder))


def special_tokens(folder: Path) -> dict[str, str]:
    """Return the special tokens of a folder's tokenizer by name, such as eos_token."""
    return _tokens(_settings(folder))


def text_of(folder: Path) -> str | None:
    """Return the text of a model's chat template, from its own file or the tokenizer's."""
    file = folder / TEMPLATE
    if file.is_file():
        return file.read_text(encoding="utf-8")
    text = _settings(folder).get("chat_template")
    return text if isinstance(text, str) else None


def _settings(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _tokens(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the special tokens; each is written as a text, or as an object with its content."""
    found = {}
    for name, value in settings.items():
        text = value.get("content") if isinstance(value, dict) else value
        if name.endswith("_token") and isinstance(text, str):
            found[name] = text
    return found


def of_day(text: str, day: datetime) -> str:
    """Return a chat template that writes this day where it writes today's."""
    return _TODAY.sub(lambda call: json.dumps(day.strftime(call["form"])), text)


@cache
def _compiled(text: str):
    import jinja2
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """The tag by which TRL marks answers; it writes nothing."""

        tags = {"generation"}  # noqa: RUF012 - as Jinja has it

        def parse(self, parser):
            """Return the contents of the block."""
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return jinja2.nodes.Scope(body).set_lineno(line)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return environment.from_string(text)


def _tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False) -> str:
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _raise(message):
    import jinja2

    raise jinja2.TemplateError(message)
