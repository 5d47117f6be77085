"""What the words for speakers mean: by themselves, and by where they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness_forge.core.chat.roles import CALLING, role_of

_USERS = (
    *("person", "customer", "client", "visitor", "guest", "requester", "operator", "q"),
    *("caller", "player", "student", "patient", "questioner", "asker", "me", "owner"),
)
_MODELS = (
    *("machine", "robot", "llm", "answerer", "responder", "helper", "claude", "chatgpt", "a"),
    *("copilot", "solver", "worker", "planner", "coder", "policy", "gemini", "tutor"),
)
_TOOLS = (
    *("env", "result", "results", "output", "outputs", "observations", "obs", "stdout"),
    *("terminal", "shell", "bash", "console", "sandbox", "executor", "execution", "interpreter"),
    *("simulator", "world", "api", "tools", "functions", "webserver", "runtime"),
)
_SYSTEMS = ("instructions", "instruction", "setup", "preamble")
_GUESSED = (
    dict.fromkeys(_USERS, "user")
    | dict.fromkeys(_MODELS, "assistant")
    | dict.fromkeys(_TOOLS, "tool")
    | dict.fromkeys(_SYSTEMS, "system")
)
_SHARE = 0.8
_CALLS = ("tool_calls", "function_call", "toolCalls")
_MAY_BE_CALLS = re.compile(
    r"(tool|function)s?_?(calls?|uses?)?|calls?|actions?|acts?|do|does|cmds?|commands?"
    r"|invocations?|invokes?|exec|execute"
)
"""Keys under which a speaker may say what is to be done, in whatever form."""


@dataclass
class RoleGuess:
    """What the words for roles that forge does not know may mean.

    Args:
        table: word to role.
        behind_calls: words of it that were taken for tools because they stand behind calls.
        unknown: words of which nothing is known.
        calls: whether any message makes calls.
    """

    table: dict[str, str] = field(default_factory=dict)
    behind_calls: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    calls: bool = False


def meaning(word: str) -> str | None:
    """Return the role that a word means, or a word within it; None where nothing is known."""
    if found := role_of(word):
        return found
    small = word.strip().lower()
    if found := _GUESSED.get(small):
        return found
    # `Bot 7` and `helper-bot` are bots; `model_output` is what a tool put out.
    inner = [role_of(one) or _GUESSED.get(one) for one in re.findall("[a-z]{3,}", small)]
    return "tool" if "tool" in inner else next(filter(None, inner), None)


def guess_roles(conversations: Iterable[Sequence[Mapping[str, Any]]], role: str) -> RoleGuess:
    """Return what the words of some conversations mean.

    Args:
        conversations: the messages of each, in order.
        role: key of the role.
    """
    seen, behind, calling = _standing(conversations, role)
    made = RoleGuess(calls=any(calling.values()))
    for word, count in seen.items():
        if role_of(word) is not None:
            continue
        after_calls = behind[word] >= _SHARE * count and not calling[word]
        if after_calls and word.strip().lower() not in _USERS:
            made.table[word] = "tool"
            made.behind_calls.append(word)
        elif found := "assistant" if calling[word] else meaning(word):
            made.table[word] = found
        else:
            made.unknown.append(word)
    return made


def _standing(
    conversations: Iterable[Sequence[Mapping[str, Any]]], role: str
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return how often each word occurs, how often behind calls, and how often with calls.

    Results of several calls stand behind each other.
    """
    seen: Counter[str] = Counter()
    behind: Counter[str] = Counter()
    calling: Counter[str] = Counter()
    for messages in conversations:
        open_, before = False, None
        for message in messages:
            word = message.get(role)
            if not isinstance(word, str):
                open_ = False
                continue
            seen[word] += 1
            makes = _makes_calls(message, word)
            open_ = open_ and not makes and before in (None, word)
            behind[word] += open_
            calling[word] += makes
            before = word if open_ else None
            open_ = open_ or makes
    return seen, behind, calling


def _makes_calls(message: Mapping[str, Any], word: str) -> bool:
    if word.strip().lower() in CALLING:
        return True
    if role_of(word) not in (None, "assistant"):
        return False
    if any(message.get(key) for key in _CALLS):
        return True
    return any(
        isinstance(value, str | list | Mapping)
        and value
        and _MAY_BE_CALLS.fullmatch(str(key).lower())
        for key, value in message.items()
    )
