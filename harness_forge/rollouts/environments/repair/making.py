"""Make the items: each a function with one planted fault, and calls with their results."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from typing import Any

from harness_forge.rollouts.environments.command import printed_items
from harness_forge.rollouts.environments.repair.families import FAMILIES, FaultFamily

EACH = 15
"""Items of a family."""


def items(seed: int, each: int = EACH) -> Iterator[dict[str, Any]]:
    """Yield the items, family by family; the same for the same seed."""
    check = (files(__package__) / "check.py").read_text()
    for family in FAMILIES:
        variants = [(number, fault) for number in family.numbers for fault in family.faults]
        random.Random(f"{seed}/{family.name}").shuffle(variants)
        found = (row for one in variants if (row := _item(family, *one)))
        for row in islice(found, each):
            yield row | {"check": check}


def _item(family: FaultFamily, number: int, fault: tuple[str, str, str]) -> dict[str, Any] | None:
    """Return a row, None where the fault changes no result."""
    label, right, wrong = fault
    name = f"{family.name}_{number}"
    head = f"def {name}({family.argument}):\n"
    says = _with(family.says, number)
    assert right in family.body, (family.name, label)
    good = head + f'    """{says}"""\n' + _with(family.body, number)
    broken = family.body.replace(right, wrong, 1)
    bad = head + f'    """{says}"""\n' + _with(broken, number)
    wanted, got = _results(good, name, family), _results(bad, name, family)
    if wanted == got:
        return None
    cases = [[list(call), result] for call, result in zip(family.cases, wanted, strict=True)]
    return {
        "id": f"{family.name}_{number}_{label}",
        "family": family.name,
        "title": says,
        "name": name,
        "code": bad,
        "solution": good,
        "cases": json.dumps({"name": name, "cases": cases}),
    }


def _with(text: str, number: int) -> str:
    return text.replace("K", str(number))


def _results(source: str, name: str, family: FaultFamily) -> list[Any]:
    scope: dict[str, Any] = {}
    exec(source, scope)  # noqa: S102 - our own text, no answer of a model
    found = []
    for call in family.cases:
        try:
            result = scope[name](*copy.deepcopy(call))
        except Exception as error:
            result = type(error).__name__
        found.append(json.loads(json.dumps(result)))
    return found


def main() -> None:
    """Print the items, one a line."""
    asked = printed_items.parser("repair", EACH).parse_args()
    printed_items.show(items(asked.seed, asked.each))


if __name__ == "__main__":
    main()
