"""Compares a second stage's tokens, as its trainer has them, with those that serving renders.

Runs inside Axolotl, in the workset's Python, so it imports nothing of harness_forge.
"""

from __future__ import annotations

import json
from collections import Counter


def check_tokens(dataset, path) -> None:
    """Raise ValueError unless `dataset` holds the rows in the file `path`, in any order.

    Args:
        dataset: rows with the same keys as the lines: `prompt_ids`, and `…_ids` of each answer.
    """
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a stream of lines
        lines = [json.loads(line) for line in file]
    names = list(lines[0])
    wanted = Counter(_key(line, names) for line in lines)
    seen = Counter(_key(row, names) for row in dataset)
    wrong, missing = sum((seen - wanted).values()), sum((wanted - seen).values())
    if wrong or missing:
        raise ValueError(
            f"forge: {wrong} of {sum(seen.values())} rows have other tokens than serving renders, "
            f"{missing} of {sum(wanted.values())} are missing"
        )


def _key(row, names):
    return tuple(tuple(row[name]) for name in names)
