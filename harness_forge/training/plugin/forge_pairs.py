"""Compares the trainer's tokens of preference pairs with those that serving renders.

Runs inside Axolotl, in the workset's Python, so it imports nothing of harness_forge.
"""

from __future__ import annotations

import json
from collections import Counter

NAMES = ("prompt_ids", "chosen_ids", "rejected_ids")


def check_tokens(dataset, path) -> None:
    """Raise ValueError unless `dataset` holds the pairs in the file `path`, in any order."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a stream of lines
        wanted = Counter(_key(json.loads(line)) for line in file)
    seen = Counter(_key(row) for row in dataset)
    wrong, missing = sum((seen - wanted).values()), sum((wanted - seen).values())
    if wrong or missing:
        raise ValueError(
            f"forge: {wrong} of {sum(seen.values())} pairs have other tokens than serving renders, "
            f"{missing} of {sum(wanted.values())} are missing"
        )


def _key(row):
    return tuple(tuple(row[name]) for name in NAMES)
