"""The decision's conditions, each with what was required and what was measured."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from harness_forge.core.numbers import NONE, counted, p_value
from harness_forge.report.gaps import gaps
from harness_forge.report.html import Html, missing, section, table, tag
from harness_forge.report.material import Material

_WORDS = {
    "unclear": "not clear",
    "not_needed": "not needed",
    "cannot_fail": "could not fail",
}
_IDLE = ("cannot_fail", "not_needed")
_ABOUT = (
    "Every condition of the rule must hold; of a group, all or any inside it. One that is broken "
    "rejects; one that is not clear keeps the champion; a missing one leaves it undecided. One "
    "that no answer of the adapter could have broken is no evidence, and does not count as holding."
)


def render(material: Material) -> Html:
    """Return the table of conditions."""
    promotion = material.promotion
    if promotion is None:
        return section("The decision", undecided(material))
    shown = conditions(promotion["conditions"])
    return section(f"The decision, by rule {promotion['rule']}", *shown, about=_ABOUT)


def undecided(material: Material) -> Html:
    """Return the line that is shown where nothing was decided: what comes first."""
    first, *_ = gaps(material)
    before = "" if first.name == "decision" else f" First comes the {first.name}."
    return missing(f"Nothing was decided yet.{before}", first.command)


def conditions(found: Mapping[str, Any]) -> list[Html]:
    """Return how many conditions hold, and each with what was required and measured."""
    head = ("condition", "verdict", "value", "threshold", "interval", "required", "measured")
    shown = table(head, list(_rows(found, "")), numeric=9, stacks=True)
    return [tag("p", _counted(found), class_="note"), shown]


def _counted(conditions: Mapping[str, Any]) -> str:
    """Return how many conditions there are, and how many of each verdict."""
    verdicts = Counter(found["verdict"] for found in conditions.values())
    held, asked = verdicts.pop("holds", 0), len(conditions)
    asked -= sum(verdicts[name] for name in _IDLE)
    parts = [f"{held} of {asked} hold"]
    parts += [f"{number} {_WORDS.get(name, name)}" for name, number in verdicts.items() if number]
    return f"{counted(len(conditions), 'condition')}: {', '.join(parts)}."


def _rows(conditions: Mapping[str, Any], group: str) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each condition, those of a group under it."""
    for name, found in conditions.items():
        # A decision from before these were kept apart has them in words only.
        shown = found.get("shown") or {}
        yield (
            tag("code", f"{group}{name}"),
            _verdict(found["verdict"]),
            *(_small(shown.get(key, NONE)) for key in ("value", "threshold", "interval")),
            found["required"],
            _small(found["measured"]),
        )
        yield from _rows(found.get("of") or {}, f"{group}{name} / ")


def _small(text: Any) -> str:
    """Return a text with its small numbers written as everywhere on the page."""
    return re.sub(r"\b(\d(\.\d+)?e-\d+|0\.000\d+)", lambda at: p_value(float(at[0])), str(text))


def _verdict(verdict: str) -> Html:
    return tag("span", _WORDS.get(verdict, verdict), class_=f"badge {verdict}")
