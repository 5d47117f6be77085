"""Lines of a dataset, ours or in a form like it, as attempts with the verdict that they imply.

An answer to learn passed and one to unlearn failed, so a preference pair is
two attempts at one item.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.sources import outcomes
from harness_forge.collect.sources.formats.conversation import FIRST_ANSWER
from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.records import Found, LeftOut
from harness_forge.collect.sources.shaping import misfit, records
from harness_forge.collect.sources.templates import Misfit
from harness_forge.collect.sources.trajectories import recorded
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.config.source import SourceConfig
from harness_forge.core.chat import forms
from harness_forge.core.chat.faults import Malformed
from harness_forge.core.chat.roles import role_of


def read(path: Path, config: SourceConfig) -> Iterator[Found]:
    """Yield what a file holds, in its order.

    Raises:
        ConfigError: the mapping cannot be used.
    """
    templates = Templates(config.mapping, ["item"])
    facts = templates.scope_of(path)
    for value in records(path, config):
        if isinstance(value, LeftOut):
            yield value
            continue
        try:
            # All that is read of a line is made before any of it is given out.
            found = [
                recorded(LocatedValue(value.place, one), templates, facts, config, ())
                for one in _judged(value.value)
            ]
            yield from (
                one if one.attempt.turns else LeftOut(value.place, "no_answer", NOBODY_ANSWERS)
                for one in found
            )
        except (Misfit, Malformed) as error:
            yield misfit(value, error, templates, config)


def _judged(line: Any) -> list[dict[str, Any]]:
    """Return a line once for each answer in it, with `messages` and `outcome` as trajectories have.

    Raises:
        Misfit: it is a line of no known format.
    """
    if not isinstance(line, Mapping):
        raise Misfit(f"the line is a {type(line).__name__}, not an object")
    if "chosen" in line and "rejected" in line:
        return _pair(line)
    facts = {"outcome": _verdict(line)}
    key = "messages" if "messages" in line else "conversations"
    if "completion" in line and not _is_answered(line.get(key)):
        return [{**facts, **line, **_chat(line, "completion")}]
    if key in line:
        return [{**facts, **line, "messages": _opened(line, line[key])}]
    if "instruction" in line and "output" in line:
        return [{**facts, **line, **_chat(line, "output")}]
    keys = ", ".join(map(str, line))
    raise Misfit(f"the line is of no known format, or has no answer: {keys}"[:160])


def _verdict(line: Mapping[str, Any]) -> Any:
    """Return what a line says of its answer; None if that is nothing, 1 if it does not say."""
    said = [line[key] for key in _LABELS if key in line]
    said += [line[key] for key in _JUDGED if key in line and _is_verdict(key, line[key])]
    told = [one for one in said if one is not None]
    return told[0] if told else None if said else 1.0


def _is_verdict(key: str, value: Any) -> bool:
    if key == "score":  # of another kind it may be of quality, or of a scale
        return value in (0, 1)
    if isinstance(value, str):
        # The right answer of a question may be called so, and be "no".
        return value.lower() in ("true", "false") if key == "correct" else outcomes.is_word(value)
    return value is None or isinstance(value, int | float)


_LABELS = ("label", "kto_tag", "reward")
_JUDGED = (*outcomes.VERDICTS, "verdict", "status", "score")
_ASKED = ("prompt", "conversations", "messages", "question")
NOBODY_ANSWERS = "nobody answers in it"


def _is_answered(messages: Any) -> bool:
    last = messages[-1] if isinstance(messages, list) and messages else None
    return isinstance(last, Mapping) and _role(last) == "assistant"


def _pair(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return both sides of a pair; what they have in common is their prompt."""
    sides = [_chat(line, side) for side in ("chosen", "rejected")]
    one, other = (side["messages"] for side in sides)
    shared = 0
    if isinstance(one, list) and isinstance(other, list) and one != other:
        both = zip(one, other, strict=False)
        shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], both))
    before = _count(one[:shared]) if shared else 0
    return [
        {**line, **side, FIRST_ANSWER: max(side[FIRST_ANSWER], before), "outcome": passed}
        for side, passed in zip(sides, (1.0, 0.0), strict=True)
    ]


def _chat(line: Mapping[str, Any], answer: str) -> dict[str, Any]:
    """Return prompt and answer as one conversation, be they messages or texts.

    Only what lies behind the prompt is the answer, whoever spoke before.
    """
    said = _messages(line[answer], "assistant")
    asked = _instructed(line) if answer == "output" else _asked(line)
    if _is_whole(said, asked):
        return {"messages": _opened(line, said), FIRST_ANSWER: 0}
    whole = _opened(line, [*asked, *said])
    return {"messages": whole, FIRST_ANSWER: _count(whole[: len(whole) - len(said)])}


def _count(messages: list[Any]) -> int:
    """Return how many messages these are once they are in OpenAI's form."""
    return len(forms.conversation(messages))


def _asked(line: Mapping[str, Any]) -> list[Any]:
    """Return the messages before an answer."""
    key = next((key for key in _ASKED if line.get(key) is not None), None)
    if key is None and "instruction" in line:
        return _instructed(line)
    return _messages(line.get(key), "user")


def _instructed(line: Mapping[str, Any]) -> list[Any]:
    """Return the messages before an answer in Alpaca's form.

    Raises:
        Misfit: its history is none of pairs.
    """
    question = "\n\n".join(part for part in (line["instruction"], line.get("input")) if part)
    return [*_earlier(line.get("history")), {"role": "user", "content": question}]


def _earlier(history: Any) -> list[Any]:
    """Return the turns of Alpaca's `history`: pairs of a question and its answer."""
    made: list[Any] = []
    for pair in history or ():
        if not isinstance(pair, list) or len(pair) != 2:
            raise Misfit("its history is no list of pairs of question and answer")
        made += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    return made


def _is_whole(said: list[Any], asked: list[Any]) -> bool:
    """Return whether an answer is a conversation that holds what was asked, as UltraFeedback's."""
    words = [(_role(one), _said(one)) for one in said[:-1]]
    opened = [(_role(one), _said(one)) for one in asked]
    return bool(opened and words) and (opened[-1] in words or opened[0] == words[0])


def _role(message: Any) -> Any:
    if not isinstance(message, Mapping):
        return None
    word = message.get("role", message.get("from"))
    return role_of(word) if isinstance(word, str) else None


def _said(message: Any) -> Any:
    if not isinstance(message, Mapping):
        return message
    return message.get("content", message.get("value"))


def _opened(line: Mapping[str, Any], messages: Any) -> Any:
    """Return messages behind the line's own `system`, which is no message of them in some forms."""
    system = line.get("system")
    if not system or not isinstance(messages, list):
        return messages
    if messages and _said(messages[0]) == system:
        return messages
    return [{"role": "system", "content": system}, *messages]


def _messages(value: Any, role: str) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, Mapping) and ("role" in value or "from" in value):
        return [value]
    return value if isinstance(value, list) else [{"role": role, "content": value}]
