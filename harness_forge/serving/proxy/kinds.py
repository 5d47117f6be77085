"""The kind of task of a request: by the tools that it offers, and by what the user said last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from harness_forge.config.proxy import RouteConfig
from harness_forge.serving.proxy.keys import compiled, texts_of


class TaskKind:
    """Which requests a route is for.

    Args:
        name: of the route.

    Raises:
        ConfigError: `says` is no regular expression.
    """

    def __init__(self, name: str, route: RouteConfig) -> None:
        self._tools = route.tools
        self._says = compiled(f"proxy.routes.{name}.says", route.says) if route.says else None

    def fits(self, request: Any) -> bool:
        """Return whether a request is of this kind: both conditions, where both are set.

        Args:
            request: its body; None where it could not be read, which fits no condition.
        """
        if self._tools and not any(
            fnmatchcase(tool, pattern) for tool in tools_of(request) for pattern in self._tools
        ):
            return False
        return self._says is None or any(map(self._says.search, said_last(request)))


def tools_of(request: Any) -> Iterator[str]:
    """Yield the names of the tools that a request offers, in the form of any of the three APIs."""
    tools = request.get("tools") if isinstance(request, Mapping) else None
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, Mapping):
            inner = tool.get("function")
            name = (inner if isinstance(inner, Mapping) else tool).get("name")
            if isinstance(name, str):
                yield name


def said_last(request: Any) -> list[str]:
    """Return the texts of the user's last message, without the results of tools in it."""
    if not isinstance(request, Mapping):
        return []
    for place in ("messages", "input"):
        said = request.get(place)
        if isinstance(said, str):
            return [said]
        for one in reversed(said) if isinstance(said, list) else ():
            is_user = isinstance(one, Mapping) and one.get("role") == "user"
            if is_user and (texts := list(texts_of(one))):
                return texts
    prompt = request.get("prompt")
    return [prompt] if isinstance(prompt, str) else []
