"""The decision's conditions, each with what was required and what was measured."""

from __future__ import annotations

from harness_forge.operations.report.html import Html, missing, section, table, tag
from harness_forge.operations.report.material import Material

_WORDS = {"unclear": "not clear", "not_needed": "not needed"}
_ABOUT = (
    "Every condition must hold. One that is broken rejects; one that is not clear "
    "keeps the champion; a missing one leaves it undecided."
)


def render(material: Material) -> Html:
    """Return the table of conditions."""
    promotion = material.promotion
    if promotion is None:
        return section("The decision", missing("There is no decision.", "forge promote"))
    rows = [
        (tag("code", name), _verdict(found["verdict"]), found["required"], found["measured"])
        for name, found in promotion["conditions"].items()
    ]
    head = ("condition", "verdict", "required", "measured")
    shown = table(head, rows, numeric=9, stacks=True)
    return section(f"The decision, by rule {promotion['rule']}", shown, about=_ABOUT)


def _verdict(verdict: str) -> Html:
    return tag("span", _WORDS.get(verdict, verdict), class_=f"badge {verdict}")
