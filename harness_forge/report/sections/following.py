"""What a reader can do after the report."""

from __future__ import annotations

from harness_forge.report.gaps import gaps
from harness_forge.report.html import Html, section, tag
from harness_forge.report.material import Material

_STEPS = {
    "promoted": ("Serve the adapter:", "forge serve --detach"),
    "awaiting approval": ("Say yes or no:", "forge approve --reason='why'"),
    "rejected": (
        "Choose other settings on the validation rows, with an adapter that did not learn them:",
        "forge train train.refit=false train.name=tuning train.dataset=data/dataset",
    ),
    "inconclusive": ("See how large a gain so many items can show:", "forge power"),
    "incomplete": ("Make what the conditions above lack:", "dvc repro"),
}
_DECIDE = ("Decide:", "forge promote")


def render(material: Material) -> Html:
    """Return the next step: by the decision, before it the first that is missing."""
    decision = str((material.promotion or {}).get("decision", ""))
    what, command = _STEPS.get(decision) or _first(material)
    return section("Next", tag("p", what, " ", tag("code", command), "."))


def _first(material: Material) -> tuple[str, str]:
    missing = gaps(material)
    if not missing or missing[0].name == "decision":
        return _DECIDE
    return f"Make the {missing[0].name}, the first part that is not there yet:", missing[0].command
