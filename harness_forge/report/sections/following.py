"""What a reader can do after the report."""

from __future__ import annotations

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


def render(material: Material) -> Html:
    """Return the next step, by the decision."""
    decision = str((material.promotion or {}).get("decision", ""))
    what, command = _STEPS.get(decision, ("Decide:", "forge promote"))
    return section("Next", tag("p", what, " ", tag("code", command), "."))
