"""Make the items: each a setting of an invented service, said as guides for administrators do.

The description names the file and the line, the mode, the value or the command; how it says so
differs from item to item, and nothing else tells what the answer is.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from importlib.resources import files

from harness_forge.rollouts.environments.command import printed_items
from harness_forge.rollouts.environments.settings.forms import FORMS, Made

EACH = 40
"""Items of a form."""


def items(seed: int, each: int = EACH) -> Iterator[Made]:
    """Yield the items, family by family; the same for the same seed."""
    check = (files(__package__) / "check.py").read_text()
    for family, make in FORMS.items():
        for number in range(1, each + 1):
            rng = random.Random(f"{seed}/{family}/{number}")
            made = make(rng)
            name = f"{family}_{made.pop('about')}_{number}"
            task = {key: made.pop(key) for key in ("before", "wanted")}
            yield {"id": name, "family": family, "check": check, "task": json.dumps(task)} | made


def main() -> None:
    """Print the items, one a line."""
    asked = printed_items.parser("settings", EACH).parse_args()
    printed_items.show(items(asked.seed, asked.each))


if __name__ == "__main__":
    main()
