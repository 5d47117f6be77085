"""Lines of a dataset, ours or in a form like it, as attempts with the verdict that they imply.

An answer to learn passed and one to unlearn failed, so a preference pair is
two attempts at one item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.records import Found, LeftOut
from harness_forge.collect.sources.shaping import misfit, records
from harness_forge.collect.sources.templates import Misfit
from harness_forge.collect.sources.trajectories import recorded
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.config.source import SourceConfig
from harness_forge.core.chat.faults import Malformed


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
            yield from [
                recorded(LocatedValue(value.place, one), templates, facts, config, ())
                for one in _judged(value.value)
            ]
        except (Misfit, Malformed) as error:
            yield misfit(value, error, templates, config)


def _judged(line: Any) -> list[dict[str, Any]]:
    """Return a line once for each answer in it, with `messages` and `outcome` as trajectories have.

    Raises:
        Misfit: it is a line of no known format.
    """
    if not isinstance(line, Mapping):
        raise Misfit(f"the line is a {type(line).__name__}, not an object")
    said = (line[key] for key in ("label", "reward") if line.get(key) is not None)
    facts = {"outcome": next(said, 1.0)}
    if "messages" in line:
        return [{**facts, **line}]
    if "conversations" in line:
        return [{**facts, **line, "messages": line["conversations"]}]
    if "chosen" in line and "rejected" in line:
        return [
            {**line, "messages": _chat(line, side), "outcome": passed}
            for side, passed in (("chosen", 1.0), ("rejected", 0.0))
        ]
    if "completion" in line:
        return [{**line, **facts, "messages": _chat(line, "completion")}]
    if "instruction" in line and "output" in line:
        question = "\n\n".join(part for part in (line["instruction"], line.get("input")) if part)
        asked = [{"role": "system", "content": line["system"]}] if line.get("system") else []
        asked += [{"role": "user", "content": question}]
        said = {"role": "assistant", "content": line["output"]}
        return [{**facts, **line, "messages": [*asked, said]}]
    keys = ", ".join(map(str, line))
    raise Misfit(f"the line is of no known format, or has no answer: {keys}"[:160])


def _chat(line: Mapping[str, Any], answer: str) -> list[Any]:
    """Return prompt and answer as one conversation, be they messages or texts."""
    asked, said = _messages(line.get("prompt"), "user"), _messages(line[answer], "assistant")
    return [*asked, *said]


def _messages(value: Any, role: str) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [{"role": role, "content": value}]
