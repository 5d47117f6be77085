"""The tools offered with a prompt, in canonical form."""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache
from typing import Any

from harness_forge.core import jsontext
from harness_forge.core.chat.faults import Malformed, MessagesRefused
from harness_forge.core.chat.padding import unpadded_tools
from harness_forge.core.chat.tools import Tool, canonical_tool, name_of, read_tools, schema_of


class ToolOffer:
    """Offered tools, in canonical form.

    Raises:
        MessagesRefused: `unknown_tool_form`.
    """

    def __init__(self, raw: Any) -> None:
        try:
            read = read_tools(raw)
            forms_ = [canonical_tool(one) for one in read if one is not None]
        except Malformed:
            raise MessagesRefused("unknown_tool_form") from None
        self.tools = unpadded_tools(forms_)
        self.padded = len(forms_) < len(read) or self.tools != forms_
        if not self.padded:
            self.tools = forms_
        self._by_name = {name_of(one): one for one in self.tools}
        self.properties = frozenset(
            key for one in self.tools for key in schema_of(one).get("properties") or ()
        )

    @property
    def names(self) -> Container[str]:
        """The names of the tools."""
        return self._by_name.keys()

    def get(self, name: Any) -> Tool | None:
        """Return the tool of a name."""
        return self._by_name.get(name)


@lru_cache(maxsize=64)
def offer(raw: str | bytes | None) -> ToolOffer:
    """Return the tools of a JSON text; cached, because a harness offers the same tools each time.

    Raises:
        MessagesRefused: as `ToolOffer`.
    """
    try:
        return ToolOffer(None if raw is None else jsontext.loads(raw))
    except ValueError:
        raise MessagesRefused("unknown_tool_form") from None
