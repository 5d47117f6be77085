"""The keys of a request: run, item, attempt, role and skill, from what the caller sent.

Headers are the most exact (`x-forge-run`, `-item`, `-attempt`, `-role`, `-skill`,
`-purpose`). A path prefix needs no change in an agent's code (`/r/<run>/<role>/v1/…`),
and patterns none in its settings either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import re2

from harness_forge.config.proxy import PatternConfig
from harness_forge.core.errors import ConfigError

_PREFIX = re.compile(r"/r/([^/]+)/([^/]+)(/.*)")
_LONGEST = 200
_HEADER = "x-forge-"


@dataclass(frozen=True, slots=True)
class RequestKeys:
    """The keys of a request; '' and 0 if unknown."""

    run: str = ""
    item: str = ""
    attempt: int = 0
    role: str = ""
    skill: str = ""
    purpose: str = ""

    def filled(self, other: RequestKeys) -> RequestKeys:
        """Return these keys, with missing ones taken from `other`."""
        return RequestKeys(
            *(getattr(self, name) or getattr(other, name) for name in self.__dataclass_fields__)
        )


NONE = RequestKeys()


def keys_of_path(path: str) -> tuple[RequestKeys, str]:
    """Return the keys in a path prefix, and the path without it."""
    found = _PREFIX.fullmatch(path) if path.startswith("/r/") else None
    if not found:
        return NONE, path
    run, role = (_word(unquote(found[place])) for place in (1, 2))
    return RequestKeys(run=run, role=role), found[3]


def keys_of_headers(headers: Mapping[str, str]) -> RequestKeys:
    """Return the keys in headers with names in lower case."""
    said = {
        key[len(_HEADER) :]: _word(value)
        for key, value in headers.items()
        if key.startswith(_HEADER)
    }
    known = {key: said[key] for key in ("run", "item", "role", "skill", "purpose") if key in said}
    return RequestKeys(**known, attempt=_number(said.get("attempt", "")))


SESSIONS = {
    "x-claude-code-session-id": "claude-code",
    "x-opencode-session": "opencode",
    "session_id": "codex",
    "session-id": "codex",
    "conversation_id": "codex",
}
"""Headers in which harnesses name their session, and whose they are."""


def keys_of_harness(headers: Mapping[str, str]) -> RequestKeys:
    """Return the keys of a harness that names its session: the session is run and item.

    Known are Claude Code, OpenCode and Codex. A subagent of Claude Code is a role of its own.

    Args:
        headers: by name in lower case.
    """
    for name, harness in SESSIONS.items():
        session = _word(headers.get(name, ""))
        if not session or (harness == "codex" and not _is_codex(headers)):
            continue
        role = "subagent" if headers.get("x-claude-code-agent-id") else ""
        return RequestKeys(run=_word(f"{harness}-{session}"), item=session, role=role)
    return NONE


def _is_codex(headers: Mapping[str, str]) -> bool:
    """Return whether Codex asks: its names of headers are anybody's."""
    said = f"{headers.get('originator', '')} {headers.get('user-agent', '')}"
    return "codex" in said.lower()


class Patterns:
    """Finds keys in prompts, in linear time.

    Args:
        patterns: by skill.

    Raises:
        ConfigError: a pattern is no regular expression.
    """

    def __init__(self, patterns: Mapping[str, PatternConfig]) -> None:
        self._known = {
            skill: {
                name: compiled(f"proxy.patterns.{skill}.{name}", getattr(one, name))
                for name in ("run", "item", "attempt", "role")
                if getattr(one, name)
            }
            for skill, one in patterns.items()
        }
        self._strip = {skill: one.strip for skill, one in patterns.items()}

    def __bool__(self) -> bool:
        return bool(self._known)

    def find(self, request: Any, skill: str = "") -> RequestKeys:
        """Return the keys of a request's prompt.

        Args:
            skill: its patterns are used; '' takes the first skill with a match for
                the item, else the matches of the first skill.
        """
        texts = list(_texts(request))
        first = NONE
        for name, patterns in self._known.items():
            if skill and name != skill:
                continue
            found = self._found(name, patterns, texts)
            if found.item or skill:
                return replace(found, skill=name)
            first = first if first != NONE else found
        return first

    def _found(self, skill: str, patterns: Mapping[str, Any], texts: list[str]) -> RequestKeys:
        words = {}
        for name, pattern in patterns.items():
            for text in texts:
                found = pattern.search(text)
                if found:
                    words[name] = found[1] if found.re.groups else found[0]
                    break
        item = _word(words.get("item", "")).removeprefix(self._strip[skill])
        return RequestKeys(
            run=_word(words.get("run", "")),
            item=item,
            attempt=_number(words.get("attempt", "")),
            role=_word(words.get("role", "")).lower(),
        )


def _texts(request: Any) -> Iterator[str]:
    """Yield a request's texts, the last message first; roles are in the first."""
    if not isinstance(request, Mapping):
        return
    for place in ("messages", "input"):
        texts = request.get(place)
        for one in reversed(texts) if isinstance(texts, list) else ():
            yield from texts_of(one)
        if isinstance(texts, str):
            yield texts
    for place in ("prompt", "instructions", "system"):
        said = request.get(place)
        if isinstance(said, list) and place == "system":  # Anthropic's, in parts
            yield from texts_of({"content": said})
        elif isinstance(said, str):
            yield said


def texts_of(one: Any) -> Iterator[str]:
    """Yield the texts of a message, be its content one text or parts."""
    content = one.get("content") if isinstance(one, Mapping) else None
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if isinstance(part, Mapping) and isinstance(part.get("text"), str):
            yield part["text"]


def compiled(where: str, pattern: str) -> Any:
    """Return an RE2 pattern.

    Raises:
        ConfigError: it is none; `where` is its key.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ConfigError(where, f"is no RE2 pattern: {error}", "RE2 has no look-around") from None


def _word(text: str) -> str:
    return text.strip()[:_LONGEST]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
