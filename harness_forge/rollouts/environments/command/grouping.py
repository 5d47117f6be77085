"""Which items of the `command` environment belong together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from harness_forge.core.answer_forms import answer_form, clusters
from harness_forge.core.disjoint_sets import leaders
from harness_forge.rollouts.environments.command.items import Item
from harness_forge.rollouts.environments.command.templates import word

_TELLING = 40  # characters
_MOST_FORMS = 2000
"""Forms are compared in pairs; where there are more of them, items count by family."""


def groups(items: Mapping[str, Item]) -> dict[str, str]:
    """Return the smallest id among items with the same question or files, or the same answer."""
    return leaders(
        {
            name: (digest([item.system, item.prompt]), digest(_telling(item) or name))
            for name, item in items.items()
        }
    )


def item_clusters(items: Mapping[str, Item]) -> dict[str, str]:
    """Return the clusters that items name, else those of known answers with one form."""
    said = {name: item.cluster for name, item in items.items() if item.cluster}
    if said:
        return said
    forms = {
        name: answer_form(f"{name} {item.title}", answer)
        for name, item in items.items()
        if (answer := _telling(item))
    }
    return clusters(forms) if len(set(forms.values())) <= _MOST_FORMS else {}


def digest(value: Any) -> str:
    """Return a short hash of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _telling(item: Item) -> str:
    """Return the known answer, '' if it is too short to tell items apart, such as a number."""
    answer = "\n".join(map(word, item.gold.values()))
    return answer if len(answer) >= _TELLING else ""
