"""Make the items: a state, a request in words, and the state that it asks for."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from harness_forge.rollouts.environments.command import printed_items
from harness_forge.rollouts.environments.tool_calls.asking import ASKING
from harness_forge.rollouts.environments.tool_calls.families import FAMILIES, RequestFamily
from harness_forge.rollouts.environments.tool_calls.states import State, drawn
from harness_forge.rollouts.environments.tool_calls.world import OPERATIONS, carry_out

EACH = 12
"""Items of a family."""
_ALONE = 2 / 3
"""Share of these that a family has if no other asks for its operation: it may be held out whole."""
_OFFERED = 6


def items(seed: int, each: int = EACH) -> Iterator[dict[str, Any]]:
    """Yield the items, family by family; the same for the same seed."""
    sources = printed_items.sources(__package__, "check", "world")
    asking = Counter(family.operation for family in FAMILIES)
    for family in FAMILIES:
        wanted = each if asking[family.operation] > 1 else max(round(each * _ALONE), 1)
        for number in range(1, wanted + 1):
            yield _item(seed, family, number) | sources


def _item(seed: int, family: RequestFamily, number: int) -> dict[str, Any]:
    rng = random.Random(f"{seed}/{family.name}/{number}")
    state = drawn(rng)
    words, arguments = ASKING[family.name](rng, state)
    # Each wording in turn, so that every family has all of them.
    request = family.wordings[number % len(family.wordings)].format(**words)
    offered = _offered(rng, family)
    wanted = carry_out(state, family.operation, arguments)
    assert wanted != state, (family.name, number)
    return {
        "id": f"{family.name}-{seed}-{number}",
        "family": family.name,
        "request": request,
        "shown": shown(state, family.shows),
        "offered": "\n".join(map(signature, offered)),
        "right": {"operation": family.operation, "arguments": arguments},
        "near": _near(rng, state, arguments),
        "task": json.dumps({"operations": offered, "state": state, "wanted": wanted}),
    }


def _offered(rng: random.Random, family: RequestFamily) -> list[str]:
    """Return the operation asked for and five others, in the order of the table."""
    others = [name for name in OPERATIONS if name != family.operation]
    chosen = {family.operation, *rng.sample(others, _OFFERED - 1)}
    return [name for name in OPERATIONS if name in chosen]


def _near(rng: random.Random, state: State, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with the entry that they name exchanged for another of its kind."""
    near = copy.deepcopy(dict(arguments))
    for key, section in _SECTIONS.items():
        if key in near:
            near[key] = rng.choice([name for name in sorted(state[section]) if name != near[key]])
            return near
    raise AssertionError(arguments)


_SECTIONS = {
    "ticket": "tickets",
    "alert": "alerts",
    "window": "windows",
    "day": "on_call",
    "service": "services",
}


def shown(state: State, sections: tuple[str, ...]) -> str:
    """Return sections of a state as text, an entry a line."""
    return "\n".join(f"{name}:\n{_lines(state[name])}" for name in sections)


def _lines(section: Any) -> str:
    if isinstance(section, list):
        return f"  {' '.join(section)}"
    return "\n".join(f"  {name}: {_facts(facts)}" for name, facts in section.items())


def _facts(facts: Any) -> str:
    if not isinstance(facts, dict):
        return str(facts)
    return ", ".join(f"{name}={_word(value)}" for name, value in facts.items())


def _word(value: Any) -> str:
    if isinstance(value, str) and " " not in value:
        return value
    return "yes" if value is True else "no" if value is False else json.dumps(value)


def signature(name: str) -> str:
    """Return an operation as the prompt shows it: its arguments, and what it does."""
    one = OPERATIONS[name]
    parts = one["parameters"]["properties"].items()
    return (
        f"{name}({', '.join(f'{key}: {_kind(part)}' for key, part in parts)}): {one['description']}"
    )


def _kind(part: Mapping[str, Any]) -> str:
    if "enum" in part:
        return "|".join(part["enum"])
    if part["type"] == "integer":
        steps = f" in steps of {part['multipleOf']}" if part["multipleOf"] > 1 else ""
        return f"integer {part['minimum']} to {part['maximum']}{steps}"
    return "array of strings" if part["type"] == "array" else "string"


def main() -> None:
    """Print the items, one a line."""
    asked = printed_items.parser("tool_calls", EACH).parse_args()
    printed_items.show(items(asked.seed, asked.each))


if __name__ == "__main__":
    main()
